import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { random } from '../../src/core/random.ts'
import { type Runs, runsOf, selectRuns, withLoss } from '../../src/core/run.ts'
import { centredLogs } from '../../src/fit/centred-logs.ts'
import { bestOfEnds, descend, huberGrid, huberProblem, huberStarts, refitHuber } from '../../src/fit/huber.ts'
import { fitHuber } from '../../src/fit/huber-pool.ts'
import { fitSurface, gradientAt, shiftLaw, surfaceProfile } from '../../src/fit/surface.ts'
import { powerAt } from '../../src/law/power.ts'
import { publishedSurfaces } from '../../src/law/published.ts'
import { type SurfaceLaw, surfaceLoss } from '../../src/law/surface.ts'
import { bfgs } from '../../src/numeric/bfgs.ts'
import { handoutLaw, handoutRuns } from '../../src/world/handout.ts'
import { chinchillaRuns, close, doubled, knownLawRuns, needs, reference, shuffled } from '../support.ts'

const chinchilla = { skip: needs('chinchilla_svg_extracted.csv') }
const coefficients = ['E', 'A', 'B', 'alpha', 'beta'] as const

function closeLaw(actual: SurfaceLaw, expected: SurfaceLaw, relative: number): void {
  for (const name of coefficients) close(actual[name], expected[name], relative, name)
}

/** Runs of a law on a grid of sizes and token counts. */
function gridRuns(law: SurfaceLaw, noise = 0): Runs {
  const { normal } = random(11)
  const sizes = [1e7, 3e7, 1e8, 3e8, 1e9]
  const tokens = [1e9, 4e9, 2e10, 1e11]
  return runsOf(
    sizes.flatMap((parameters) =>
      tokens.map((D) => ({
        parameters,
        tokens: D,
        flops: 6 * parameters * D,
        loss: surfaceLoss(law, parameters, D) + noise * normal(),
      })),
    ),
  )
}

const law = fc.record({
  E: fc.double({ min: 0.5, max: 2.5, noNaN: true }),
  A: fc.double({ min: 100, max: 2000, noNaN: true }),
  B: fc.double({ min: 100, max: 3000, noNaN: true }),
  alpha: fc.double({ min: 0.2, max: 0.6, noNaN: true }),
  beta: fc.double({ min: 0.2, max: 0.6, noNaN: true }),
  q: fc.constant(1),
})

test('surface gives back any law whose runs it sees without noise', () => {
  fc.assert(
    fc.property(law, (truth) => {
      const fit = fitSurface(gridRuns(truth))!
      assert.ok(fit.converged)
      closeLaw(fit.law, truth, 1e-6)
    }),
    { numRuns: 40 },
  )
})

test('surface: the handout is its law, and the size at 1e24 is the true one', () => {
  const fit = fitSurface(handoutRuns())!
  closeLaw(fit.law, handoutLaw, 1e-7)
  closeLaw(fit.law, reference('handout').surface, 1e-8)
  close(fit.modelSize!.coefficient, 0.1363667, 1e-6)
  close(fit.modelSize!.exponent, 0.5142857, 1e-7)
  close(powerAt(fit.modelSize!, 1e23), 9.18925e10, 1e-6)
  close(powerAt(fit.modelSize!, 1e24), 3.00307e11, 1e-6)
  close(powerAt(fit.datasetSize!, 1e23), 1.81371e11, 3e-6)
  close(powerAt(fit.datasetSize!, 1e24), 5.54987e11, 1e-6)
})

test("surface: noisy runs equal SciPy's variable projection to eight digits", () => {
  const fit = fitSurface(knownLawRuns())!
  const { surface } = reference('known-law')
  closeLaw(fit.law, surface, 1e-7)
  close(fit.law.alpha, surface.alpha, 1e-8)
  close(fit.rss, surface.rss, 1e-11)
})

test('surface: Chinchilla, squared error on the loss', chinchilla, () => {
  const fit = fitSurface(chinchillaRuns())!
  close(fit.law.alpha, 0.357615, 1e-6)
  close(fit.law.beta, 0.427621, 1e-6)
  close(fit.law.E, 1.882814, 1e-6)
  close(fit.law.A, 567.805, 1e-6)
  close(fit.law.B, 7581.85, 1e-6)
  close(fit.rss, 0.0832038, 1e-6)
  closeLaw(fit.law, reference('chinchilla').surface, 1e-7)
})

test('surface: order and repetition do not matter; ten times the parameters means 10^alpha times A', () => {
  const runs = knownLawRuns()
  const own = fitSurface(runs)!
  closeLaw(fitSurface(shuffled(runs))!.law, own.law, 1e-7)
  closeLaw(fitSurface(doubled(runs))!.law, own.law, 1e-7)
  closeLaw(fitSurface(runs, { weights: new Float64Array(runs.size).fill(3) })!.law, own.law, 1e-7)
  const scaled = fitSurface({ ...runs, parameters: runs.parameters.map((N) => 10 * N) })!
  closeLaw(scaled.law, { ...own.law, A: own.law.A * 10 ** own.law.alpha }, 1e-6)
  const shifted = fitSurface(
    withLoss(
      runs,
      runs.loss.map((L) => L + 1),
    ),
  )!
  closeLaw(shifted.law, { ...own.law, E: own.law.E + 1 }, 1e-6)
})

test('surface: a weight is a repetition, a start nearby ends at the same law', () => {
  const runs = knownLawRuns()
  const weights = Float64Array.from({ length: runs.size }, (_, i) => i % 3)
  const repeated = Array.from(weights).flatMap((w, i) => new Array(w).fill(i))
  const weighted = fitSurface(runs, { weights })!
  closeLaw(weighted.law, fitSurface(selectRuns(runs, repeated))!.law, 1e-7)
  closeLaw(fitSurface(runs, { weights, near: { alpha: 0.5, beta: 0.25 } })!.law, weighted.law, 1e-7)
})

test('surface: E at 0 stays a law, a held E is held, too few runs give none', () => {
  const low = gridRuns({ E: 0, A: 400, B: 900, alpha: 0.2, beta: 0.21, q: 1 }, 0.001)
  const fit = fitSurface(
    withLoss(
      low,
      low.loss.map((L) => L - 0.05),
    ),
  )!
  assert.equal(fit.law.E, 0)
  assert.ok(fit.law.A > 0 && fit.law.B > 0)
  const held = fitSurface(knownLawRuns(), { asymptote: 1.5 })!
  assert.equal(held.law.E, 1.5)
  assert.ok(held.rss > fitSurface(knownLawRuns())!.rss)
  assert.equal(fitSurface(selectRuns(knownLawRuns(), [0, 1, 2, 3, 4])), null)
})

test('surface: of very many runs the grid sees a part, the minimum is that of all', () => {
  const runs = knownLawRuns()
  const many = selectRuns(
    runs,
    Array.from({ length: 150 * runs.size }, (_, k) => k % runs.size),
  )
  const weights = Float64Array.from({ length: many.size }, (_, k) => k % 7)
  closeLaw(fitSurface(many)!.law, fitSurface(runs)!.law, 1e-7)
  close(fitSurface(many, { weights })!.rss, fitSurface(many, { weights, near: { alpha: 0.35, beta: 0.35 } })!.rss, 1e-9)
})

test("surface: the minimum is one of the profile's, and its derivatives are right", () => {
  const runs = knownLawRuns()
  const { law: own, rss } = fitSurface(runs)!
  const profile = surfaceProfile(runs)
  close(profile(own.alpha, own.beta), rss, 1e-12)
  for (const [da, db] of [
    [1e-3, 0],
    [-1e-3, 0],
    [0, 1e-3],
    [0, -1e-3],
  ])
    assert.ok(profile(own.alpha + da, own.beta + db) > rss)
  const gradient = gradientAt(runs, own)
  const centre = centredLogs(runs)
  for (let k = 0; k < 5; k++) {
    const step = (h: number) =>
      shiftLaw(
        own,
        Float64Array.from({ length: 5 }, (_, j) => (j === k ? h : 0)),
        centre,
      )
    for (const i of [0, 17, 59]) {
      const loss = (h: number) => surfaceLoss(step(h), runs.parameters[i], runs.tokens[i])
      close(gradient[k][i], (loss(1e-5) - loss(-1e-5)) / 2e-5, 1e-6, `coefficient ${k} at run ${i}`)
    }
  }
})

test('huber: the grid has 4,500 different starts, and fewer are spread over it', () => {
  const grid = huberGrid()
  assert.equal(grid.length, 4500)
  assert.equal(new Set(grid.map(String)).size, 4500)
  assert.deepEqual(grid[0], [0, 0, -1, 0, 0])
  assert.deepEqual(grid[4499], [25, 25, 1, 2, 2])
  assert.equal(huberStarts(90).length, 90)
  assert.equal(new Set(huberStarts(90).map(String)).size, 90)
})

test("huber: objective and gradient equal SciPy's, and the gradient is the derivative", chinchilla, () => {
  const { objective, toCentred } = huberProblem(chinchillaRuns())
  const { meanX, meanY } = centredLogs(chinchillaRuns())
  for (const { at, objective: expected, gradient: slope } of reference('chinchilla').points) {
    const x = Float64Array.from(toCentred([at.lnA, at.lnB, at.lnE, at.alpha, at.beta]))
    const gradient = new Float64Array(5)
    close(objective(x, gradient), expected, 1e-11)
    // In centred variables alpha moves along a' = a - alpha mean(ln N), so its derivative gains the one by a.
    const centred = [slope.lnA, slope.lnB, slope.lnE, slope.alpha + meanX * slope.lnA, slope.beta + meanY * slope.lnB]
    for (let k = 0; k < 5; k++) assert.ok(Math.abs(gradient[k] - centred[k]) < 1e-9 * (1 + Math.abs(slope.alpha)))
  }
})

test('huber: its gradient is the derivative of its objective', () => {
  const { objective, reweighted, fromLaw } = huberProblem(knownLawRuns())
  const x = Float64Array.from(fromLaw({ E: 1.7, A: 300, B: 3000, alpha: 0.33, beta: 0.4, q: 1 }))
  const gradient = new Float64Array(5)
  const scratch = new Float64Array(5)
  const value = objective(x, gradient)
  close(reweighted.cost(x), 2 * value, 1e-13)
  const half = reweighted.slope(x).gradient
  for (let k = 0; k < 5; k++) {
    const at = (h: number) =>
      objective(
        x.map((v, j) => (j === k ? v + h : v)),
        scratch,
      )
    close(gradient[k], (at(1e-6) - at(-1e-6)) / 2e-6, 1e-5)
    close(half[k], gradient[k], 1e-11)
  }
})

test("huber: noisy runs reach SciPy's minimum from all 4,500 starts, on any number of threads", async () => {
  const runs = knownLawRuns()
  const { huber } = reference('known-law')
  const one = await fitHuber(runs, { threads: 1 })
  const three = await fitHuber(runs, { threads: 3 })
  close(one!.objective, huber.objective, 1e-10)
  closeLaw(one!.law, huber, 1e-5)
  assert.deepEqual(JSON.parse(JSON.stringify(three)), JSON.parse(JSON.stringify(one)))
})

test('huber: Chinchilla, the true minimum to nine digits, below the published ones', chinchilla, async (t) => {
  const runs = chinchillaRuns()
  const fit = (await fitHuber(runs))!
  close(fit.objective, 1.018274018e-3, 5e-10)
  close(fit.law.A, 477.826, 2e-6)
  close(fit.law.B, 2143.417, 2e-6)
  close(fit.law.E, 1.817218, 1e-6)
  close(fit.law.alpha, 0.347311, 2e-6)
  close(fit.law.beta, 0.367172, 2e-6)
  closeLaw(fit.law, reference('chinchilla').huber, 1e-6)

  const { objective, fromLaw } = huberProblem(runs)
  const at = (law: SurfaceLaw) => objective(Float64Array.from(fromLaw(law)), new Float64Array(5))
  const [hoffmann, besiroglu] = publishedSurfaces
  close(at(hoffmann.law), 1.231163e-3, 1e-6)
  t.diagnostic(`minimum ${fit.objective.toPrecision(10)}`)
  for (const { name, law } of publishedSurfaces) t.diagnostic(`${name} ${at(law).toPrecision(7)}`)
  // The printed digits of the replication give 1.02284e-3; within half a unit of its last digits lies 1.018746e-3.
  close(at(besiroglu.law), reference('chinchilla').published.besiroglu2024.objective, 1e-9)
  const rounding = [0.005, 0.005, 0.00005, 0.00005, 0.00005]
  const corners = Array.from({ length: 32 }, (_, bits) => {
    const move = (k: number) => (bits & (1 << k) ? rounding[k] : -rounding[k])
    const { A, B, E, alpha, beta } = besiroglu.law
    return at({ A: A + move(0), B: B + move(1), E: E + move(2), alpha: alpha + move(3), beta: beta + move(4), q: 1 })
  })
  assert.ok(Math.min(...corners) < 1.018746e-3 && Math.max(...corners) > 1.018746e-3)
})

test('huber: gives back a law without noise, and shrugs off outliers that pull the surface', async () => {
  const truth: SurfaceLaw = { E: 1.7, A: 400, B: 1500, alpha: 0.34, beta: 0.33, q: 1 }
  const clean = gridRuns(truth)
  closeLaw((await fitHuber(clean, { starts: 300 }))!.law, truth, 1e-5)
  const spoiled = withLoss(
    clean,
    clean.loss.map((L, i) => (i % 7 === 3 ? L + 0.3 : L)),
  )
  closeLaw((await fitHuber(spoiled, { starts: 300 }))!.law, truth, 0.02)
  assert.ok(Math.abs(fitSurface(spoiled)!.law.alpha - truth.alpha) > 0.02)
})

test('huber: order, repetition and other units', async () => {
  const runs = knownLawRuns()
  const own = (await fitHuber(runs, { starts: 150 }))!
  closeLaw((await fitHuber(shuffled(runs), { starts: 150 }))!.law, own.law, 1e-5)
  const twice = (await fitHuber(doubled(runs), { starts: 150 }))!
  closeLaw(twice.law, own.law, 1e-5)
  close(twice.objective, 2 * own.objective, 1e-9)
  const scaled = refitHuber(
    { ...runs, parameters: runs.parameters.map((N) => 10 * N) },
    { ...own.law, A: own.law.A * 2 },
  )!
  closeLaw(scaled.law, { ...own.law, A: own.law.A * 10 ** own.law.alpha }, 1e-4)
})

test('huber: resamples are refitted as low as by descents that know nothing of the curvature, in half the evaluations', async () => {
  const runs = knownLawRuns()
  const { uniform } = random(21)
  const near = (await fitHuber(runs, { starts: 60, threads: 1 }))!.law
  let told = 0
  let untold = 0
  for (let k = 0; k < 20; k++) {
    const weights = Float64Array.from({ length: runs.size }, () => Math.floor(3 * uniform()))
    const { objective, metric, fromLaw } = huberProblem(runs, weights)
    const start = fromLaw(near)
    const plain = bfgs(objective, start, { tolerance: 1e-8 })
    const quick = bfgs(objective, start, { tolerance: 1e-8, metric: metric(start) })
    assert.ok(quick.value <= plain.value * (1 + 1e-6), `${quick.value}, ${plain.value}`)
    assert.equal(refitHuber(runs, near, weights)!.objective, quick.value)
    told += quick.evaluations
    untold += plain.evaluations
  }
  assert.ok(told < untold / 2, `${told} evaluations, ${untold}`)
})

test('huber: starts that run into infinity are survived', () => {
  const runs = gridRuns({ E: 1.7, A: 400, B: 1500, alpha: 0.34, beta: 0.33, q: 1 })
  const ends = descend(runs, [
    [700, 700, 1, -5, -5],
    [5, 5, 0, 0.5, 0.5],
  ])
  assert.ok(ends.length === 2 && !Number.isNaN(ends[0].value))
  assert.equal(bestOfEnds(runs, [{ x: new Float64Array(5).fill(Number.NaN), value: Number.POSITIVE_INFINITY }]), null)
})

test('huber: of very many runs the starts see a part, the minimum is that of all', async () => {
  const { normal } = random(8)
  const base = gridRuns({ E: 1.7, A: 400, B: 1500, alpha: 0.34, beta: 0.33, q: 1 })
  const many = selectRuns(
    base,
    Array.from({ length: 9001 }, (_, k) => k % base.size),
  )
  const runs = withLoss(
    many,
    many.loss.map((L) => L * Math.exp(0.005 * normal())),
  )
  const fit = (await fitHuber(runs, { starts: 60, threads: 1 }))!
  const { objective, fromLaw } = huberProblem(runs)
  const gradient = new Float64Array(5)
  close(objective(Float64Array.from(fromLaw(fit.law)), gradient), fit.objective, 1e-9)
  assert.ok(Math.hypot(...gradient) < 1e-3 * fit.objective, `${gradient}`)
  assert.equal(fit.starts, 60)
})
