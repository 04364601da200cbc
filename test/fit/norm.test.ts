import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { tokensFor } from '../../src/core/flops.ts'
import { random } from '../../src/core/random.ts'
import { type Runs, runsOf, selectRuns, withLoss } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import { drawNorms } from '../../src/fit/norm/draws.ts'
import { fitNorm, norms } from '../../src/fit/norm/fit.ts'
import { usualPrior } from '../../src/fit/norm/prior.ts'
import { NormProblem, normData, normSize } from '../../src/fit/norm/problem.ts'
import { frontierLoss } from '../../src/law/frontier.ts'
import { powerAt } from '../../src/law/power.ts'
import { optimalLoss, optimalParameters, type SurfaceLaw, surfaceLoss } from '../../src/law/surface.ts'
import { levenbergMarquardt } from '../../src/numeric/levenberg-marquardt.ts'
import { median } from '../../src/numeric/quantile.ts'
import { handoutLaw, handoutRuns } from '../../src/world/handout.ts'
import { chinchillaRuns, close, doubled, knownLawRuns, needs, reference, shuffled } from '../support.ts'

const quick = { resamples: 100, starts: 45, threads: 1 }
const additive: SurfaceLaw = { E: 1.8, A: 480, B: 2100, alpha: 0.35, beta: 0.37, q: 1 }
const budgets = [1e18, 3e18, 1e19, 3e19, 1e20]

/** Profiles of a law: sizes up to `reach` times the best one to either side. */
function profilesOf(law: SurfaceLaw, noise: number, seed: number, reach = 5): Runs {
  const { normal } = random(seed)
  return runsOf(
    budgets.flatMap((flops) =>
      [-1, -2 / 3, -1 / 3, 0, 1 / 3, 2 / 3, 1].map((place) => {
        const parameters = powerAt(optimalParameters(law), flops) * reach ** place
        const tokens = tokensFor(flops, parameters)
        return { parameters, tokens, flops, loss: surfaceLoss(law, parameters, tokens) + noise * normal() }
      }),
    ),
  )
}

const lossAt = (law: SurfaceLaw, C: number): number => frontierLoss(optimalLoss(law), C)

test('the slope of the problem is the derivative of its cost', () => {
  const data = normData(knownLawRuns())
  const coordinate = fc.double({ min: -0.5, max: 0.5, noNaN: true })
  fc.assert(
    fc.property(
      fc.tuple(...Array.from({ length: normSize }, () => coordinate)),
      fc.constantFrom(...norms),
      (move, q) => {
        const problem = new NormProblem(data, q, usualPrior)
        problem.precision.fill(3)
        problem.shift.fill(0.3)
        const theta = Float64Array.of(0.6, -0.7, -0.8, -1.1, -1).map((value, k) => value + move[k])
        problem.cost(theta)
        const { gradient } = problem.slope()
        for (let k = 0; k < normSize; k++) {
          const at = (h: number) => problem.cost(theta.map((value, j) => (j === k ? value + h : value)))
          const h = 1e-5
          close(gradient[k], (at(h) - at(-h)) / (4 * h), 1e-5, `coefficient ${k} at q ${q}`)
        }
      },
    ),
    { numRuns: 30 },
  )
})

test("at given weights the minimum is SciPy's", () => {
  const runs = knownLawRuns()
  const data = normData(runs)
  const { fits, sd } = reference('norm') as { sd: number; fits: (SurfaceLaw & { cost: number })[] }
  const most = data.work.reduce((high, value) => Math.max(high, value))
  for (const expected of fits) {
    const problem = new NormProblem(data, expected.q, usualPrior)
    problem.precision.set(data.work.map((work) => Math.sqrt(Math.exp(work - most)) / sd))
    const { theta, cost } = levenbergMarquardt(problem, [0.5, -1.2, -1.2, -1.2, -1.2])
    close(cost, expected.cost, 1e-8, `cost at q ${expected.q}`)
    const law = problem.law(theta)
    for (const name of ['E', 'alpha', 'beta'] as const)
      close(law[name], expected[name], 1e-5, `${name} at q ${expected.q}`)
    for (const name of ['A', 'B'] as const) close(law[name], expected[name], 1e-3, `${name} at q ${expected.q}`)
  }
})

test('losses computed from a law give it back: the handout to 1e-5, other additive laws, and laws with another q', () => {
  const { law } = fitNorm(handoutRuns())!
  for (const name of ['E', 'A', 'B', 'alpha', 'beta', 'q'] as const) close(law[name], handoutLaw[name], 1e-5, name)
  for (const q of norms)
    for (const truth of [
      { ...additive, q },
      { E: 1.6, A: 90, B: 900, alpha: 0.27, beta: 0.33, q },
    ]) {
      const fit = fitNorm(profilesOf(truth, 0, 1))!
      close(fit.law.q, q, 1e-5, 'q')
      close(lossAt(fit.law, 1e22), lossAt(truth, 1e22), 1e-5, `loss at q ${q}`)
    }
})

test('order and copies of runs do not matter', () => {
  const runs = knownLawRuns()
  const [law, other, twice] = [runs, shuffled(runs), doubled(runs)].map((list) => fitNorm(list)!.law)
  close(lossAt(other, 1e21), lossAt(law, 1e21), 1e-7)
  assert.ok(Math.abs(lossAt(twice, 1e21) - lossAt(law, 1e21)) < 0.01)
})

test('ten times beyond additive runs with noise: error, and intervals that cover', () => {
  const errors: number[] = []
  let covered = 0
  const trials = 40
  for (let trial = 0; trial < trials; trial++) {
    const rng = random(500, trial)
    const between = (low: number, high: number) => low + (high - low) * rng.uniform()
    const [alpha, beta] = [between(0.25, 0.5), between(0.25, 0.45)]
    const truth = {
      E: between(1.4, 2.2),
      A: between(0.3, 0.8) * 1e9 ** alpha,
      B: between(0.3, 0.8) * 2e10 ** beta,
      alpha,
      beta,
      q: 1,
    }
    const fit = fitNorm(profilesOf(truth, 0.003, 600 + trial, [4, 6, 10][trial % 3]))!
    const error = lossAt(fit.law, 1e21) - lossAt(truth, 1e21)
    errors.push(Math.abs(error))
    const drawn = drawNorms(fit, 200, trial).map(
      ({ law, drift }) => lossAt(law, 1e21) * (1 + drift.loss * Math.log(10)),
    )
    const sorted = drawn.sort((a, b) => a - b)
    if (sorted[5] <= lossAt(truth, 1e21) && lossAt(truth, 1e21) <= sorted[194]) covered++
  }
  assert.ok(median(Float64Array.from(errors)) < 0.007, `median error ${median(Float64Array.from(errors))}`)
  assert.ok(covered >= 0.92 * trials, `${covered} of ${trials} covered`)
})

test('the median of the draws passes within 0.008 nats of the runs at the largest budget', () => {
  const runs = knownLawRuns()
  const fit = fitNorm(runs)!
  const draws = drawNorms(fit, 200, 3)
  const differences = Float64Array.from({ length: runs.size }, (_, i) => i)
    .filter((i) => runs.flops[i] === 1e20)
    .map(
      (i) =>
        median(Float64Array.from(draws, ({ law }) => surfaceLoss(law, runs.parameters[i], runs.tokens[i]))) -
        runs.loss[i],
    )
  assert.ok(Math.abs(median(differences)) < 0.008 + 0.01 / Math.sqrt(differences.length), `${median(differences)}`)
  assert.deepEqual(drawNorms(fit, 20, 3)[7], drawNorms(fit, 20, 3)[7])
  assert.notDeepEqual(drawNorms(fit, 20, 3)[7], drawNorms(fit, 20, 4)[7])
})

test('one run half a nat to five nats off moves nothing and is named, in every trial', async () => {
  const runs = profilesOf(additive, 0.003, 8)
  const before = lossAt(fitNorm(runs)!.law, 1e21)
  for (const off of [0.5, -0.5, -1, 2, 5])
    for (let i = 0; i < runs.size; i += 4) {
      const spoiled = withLoss(
        runs,
        runs.loss.map((L, k) => (k === i ? L + off : L)),
      )
      assert.ok(Math.abs(lossAt(fitNorm(spoiled)!.law, 1e21) - before) < 0.01, `run ${i} off by ${off}`)
      const { diagnostics } = await analyse({ runs: spoiled }, { ...quick, methods: ['norm'], resamples: 20 })
      const named = diagnostics.find(({ code }) => code === 'outliers')?.evidence.runs as { run: number }[]
      assert.deepEqual(
        named.map(({ run }) => run),
        [i],
        `run ${i} off by ${off}`,
      )
    }
})

test('a prior of q with no width holds it; the priors pull where runs are few', () => {
  const runs = knownLawRuns()
  assert.equal(fitNorm(runs, { ...usualPrior, q: { mean: 0.6, sd: 0 } })!.law.q, 0.6)
  const few = selectRuns(runs, [0, 4, 9, 30, 34, 39])
  const steep = fitNorm(few, { ...usualPrior, alpha: { mean: 0.5, sd: 0.05 }, beta: { mean: 0.5, sd: 0.05 } })!
  assert.ok(steep.law.alpha > fitNorm(few)!.law.alpha)
})

test("Chinchilla's 240 runs: the replication's exponent lies within the interval", {
  skip: needs('chinchilla_svg_extracted.csv'),
}, () => {
  const fit = fitNorm(chinchillaRuns())!
  const draws = drawNorms(fit, 300, 0).map(({ law }) => law)
  const between = (value: number, of: (law: SurfaceLaw) => number) => {
    const below = draws.filter((law) => of(law) < value).length / draws.length
    assert.ok(below > 0.005 && below < 0.995, `${value}: ${below} of the draws are below`)
  }
  between(0.513, ({ alpha, beta }) => beta / (alpha + beta))
  close(
    fit.modes.reduce((sum, { weight }) => sum + weight, 0),
    1,
    1e-12,
  )
})

// What the runs do not determine.

const line = (tokensOf: (N: number) => number): Runs => {
  const { normal } = random(2)
  return runsOf(
    Array.from({ length: 12 }, (_, k) => {
      const parameters = 1e7 * 1.8 ** k
      const tokens = tokensOf(parameters)
      const loss = surfaceLoss(additive, parameters, tokens) + 0.003 * normal()
      return { parameters, tokens, flops: 6 * parameters * tokens, loss }
    }),
  )
}

test('runs on a line are not headlined: it says what can be told, and runs that would tell more', async () => {
  for (const [name, runs] of [
    ['one D', line(() => 3e11)],
    ['D = 20 N', line((N) => 20 * N)],
  ] as const) {
    const target = 1e23
    const { headline, methods, diagnostics } = await analyse({ runs }, { ...quick, targets: [target] })
    assert.equal(headline.determined, false, name)
    assert.ok(headline.reasons.length > 0 && headline.told.length > 0, name)
    for (const { law, predictions, modelSize, undetermined } of methods)
      if (law) assert.deepEqual([predictions, modelSize, undetermined === null], [[], null, false], name)
    const { next } = headline
    assert.ok(next && next.widthNow > 10 && next.widthThen < next.widthNow / 3, name)
    assert.ok(diagnostics.some(({ code }) => code === 'not-determined'))
    // The advice holds: with the proposed runs, as the truth has them, the law is determined.
    const { normal } = random(5)
    const added = next.runs.map((run) => ({
      ...run,
      loss: surfaceLoss(additive, run.parameters, run.tokens) + 0.003 * normal(),
    }))
    const all = Array.from({ length: runs.size }, (_, i) => ({
      parameters: runs.parameters[i],
      tokens: runs.tokens[i],
      flops: runs.flops[i],
      loss: runs.loss[i],
    }))
    const more = await analyse({ runs: runsOf([...all, ...added]) }, { ...quick, methods: ['norm'], targets: [target] })
    assert.equal(more.headline.determined, true, `${name} with the proposed runs`)
  }
})

test('along a ray the loss farther out can be told', async () => {
  const { headline } = await analyse({ runs: line((N) => 20 * N) }, { ...quick, targets: [1e23] })
  const told = headline.told.find((sentence) => sentence.includes('farther along'))!
  const [, loss, low, high] = /reach ([\d.]+) \[([\d.]+), ([\d.]+)\]/.exec(told)!.map(Number)
  const N = Math.sqrt(1e23 / 120)
  const truth = surfaceLoss(additive, N, 20 * N)
  assert.ok(low <= truth && truth <= high && Math.abs(loss - truth) < 0.05, `${told}; true ${truth}`)
})

// Drift.

test('a frontier that bends at the largest budgets is said, with its sign; one that goes on is not', async () => {
  const drifts = async (bend: number, seed: number) => {
    const base = profilesOf(additive, 0.002, seed)
    const runs = withLoss(
      base,
      base.loss.map((L, i) => L + bend * Math.log(base.flops[i] / 1e18) ** 2),
    )
    const { diagnostics } = await analyse({ runs }, { ...quick, methods: ['norm'], targets: [1e21] })
    return diagnostics.find(({ code }) => code === 'backtest-drifts')?.evidence as { rate: number } | undefined
  }
  for (let seed = 0; seed < 6; seed++) assert.equal(await drifts(0, seed), undefined, `seed ${seed}`)
  assert.ok((await drifts(-0.03, 1))!.rate > 0)
})

// How runs count FLOPs, and how few there may be.

test('runs whose FLOPs are 1.7 times 6ND: predictions keep the ratio, by every method', async () => {
  const runs = profilesOf(additive, 0.002, 4)
  const counted = { ...runs, flops: runs.flops.map((C) => 1.7 * C) }
  const [plain, other] = await Promise.all([
    analyse({ runs }, { ...quick, targets: [1e21] }),
    analyse({ runs: counted }, { ...quick, targets: [1.7e21] }),
  ])
  close(other.flopsRatio, 1.7, 1e-9)
  for (const [k, { method, predictions }] of other.methods.entries()) {
    const [at, expected] = [predictions[0], plain.methods[k].predictions[0]]
    if (!at) continue
    close(at.parameters, expected.parameters, 1e-4, method)
    if (at.loss !== null) close(at.loss, expected.loss!, 1e-5, method)
    close(at.excessLoss!, expected.excessLoss!, 1e-2 + 1e-6 / Math.max(expected.excessLoss!, 1e-9), method)
  }
  assert.ok(other.diagnostics.every(({ code }) => code !== 'backtest-drifts'))
})

test('in tables of ten runs too, one that is off is named, also at the end of the range; few runs are said to be few', async () => {
  const rng = random(77)
  for (let trial = 0; trial < 6; trial++) {
    const runs = runsOf(
      Array.from({ length: 10 }, () => {
        const parameters = 1e7 * 1000 ** rng.uniform()
        const tokens = parameters * 5 * 40 ** rng.uniform()
        return {
          parameters,
          tokens,
          flops: 6 * parameters * tokens,
          loss: surfaceLoss(additive, parameters, tokens) + 0.003 * rng.normal(),
        }
      }),
    )
    const smallest = runs.parameters.indexOf(Math.min(...runs.parameters))
    for (const off of [1.5, 4]) {
      const spoiled = withLoss(
        runs,
        runs.loss.map((L, i) => (i === smallest ? L + off : L)),
      )
      const { diagnostics } = await analyse({ runs: spoiled }, { ...quick, methods: ['norm'], resamples: 20 })
      const named = diagnostics.find(({ code }) => code === 'outliers')?.evidence.runs as { run: number }[] | undefined
      assert.equal(named?.[0].run, smallest, `trial ${trial}, off by ${off}`)
    }
    const few = await analyse(
      { runs: selectRuns(runs, [0, 1, 2, 3, 4, 5]) },
      { ...quick, methods: ['norm'], resamples: 20 },
    )
    assert.ok(!few.headline.determined || few.diagnostics.some(({ code }) => code === 'few-runs'))
  }
})

test('where no law is headlined, nothing is said that leans on one', async () => {
  const { diagnostics } = await analyse({ runs: line(() => 3e11) }, { ...quick, targets: [1e22] })
  const codes = diagnostics.map(({ code }) => code)
  for (const code of [
    'asymptote-not-identified',
    'laws-disagree',
    'flat-valley',
    'backtest-drifts',
    'far-extrapolation',
  ] as const)
    assert.ok(!codes.includes(code), code)
})
