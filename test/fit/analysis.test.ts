import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokensFor } from '../../src/core/flops.ts'
import { random } from '../../src/core/random.ts'
import { type Runs, runsOf, selectRuns, withLoss } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import { inRow } from '../../src/fit/diagnostics/subject.ts'
import { powerAt } from '../../src/law/power.ts'
import { optimalParameters, type SurfaceLaw, surfaceLoss } from '../../src/law/surface.ts'
import { handoutRuns } from '../../src/world/handout.ts'
import { close, knownLawRuns } from '../support.ts'

const quick = { resamples: 40, starts: 45, threads: 1 }
const law: SurfaceLaw = { E: 1.8, A: 480, B: 2100, alpha: 0.35, beta: 0.37, q: 1 }

/** Noise-free profiles whose sizes are these multiples of the optimum. */
function profiles(ratios: number[], budgets = [1e18, 1e19, 1e20, 1e21], of: SurfaceLaw = law): Runs {
  return runsOf(
    budgets.flatMap((flops) =>
      ratios.map((ratio) => {
        const parameters = ratio * powerAt(optimalParameters(of), flops)
        const tokens = tokensFor(flops, parameters)
        return { parameters, tokens, flops, loss: surfaceLoss(of, parameters, tokens) }
      }),
    ),
  )
}

const codes = async (runs: Runs, targets: number[] = []) =>
  (await analyse({ runs }, { ...quick, targets })).diagnostics.map(({ code }) => code)

const both = (p: Runs, q: Runs): Runs =>
  runsOf(
    [p, q].flatMap((runs) =>
      Array.from({ length: runs.size }, (_, i) => ({
        parameters: runs.parameters[i],
        tokens: runs.tokens[i],
        flops: runs.flops[i],
        loss: runs.loss[i],
      })),
    ),
  )

test('the handout by every method: the published figure is 58 % too small at 1e24, and costs 0.018 nats', async () => {
  const { methods, frontier } = await analyse({ runs: handoutRuns() }, { ...quick, targets: [1e23, 1e24] })
  const at24 = (name: string) => methods.find(({ method }) => method === name)!.predictions[1]
  close(at24('lowest-raw').parameters / at24('surface').parameters, 0.422, 1e-3)
  close(at24('lowest-raw').excessLoss!, 0.0178, 5e-3)
  close(at24('lowest-log').excessLoss!, 0.0034, 1e-2)
  assert.ok(at24('parabola').excessLoss! < 1e-5)
  assert.ok(at24('surface').excessLoss! < 1e-12)
  close(at24('huber').parameters, 3.00307e11, 1e-5)
  assert.equal(at24('parabola').loss, null)
  assert.equal(at24('lowest-log').loss, null)
  const envelope = methods.find(({ method }) => method === 'envelope')!
  assert.match(envelope.unavailable!, /checkpoints/)
  assert.equal(envelope.modelSize, null)
  assert.ok(frontier?.free && frontier.pinned && frontier.line)
  assert.ok(frontier.free.predictions[1].loss - frontier.line.predictions[1].loss > 1)
})

test('targets inside the data are predicted as the runs show', async () => {
  const { methods } = await analyse({ runs: profiles([0.2, 0.5, 1.1, 2, 4]) }, { ...quick, targets: [3e19] })
  const expected = powerAt(optimalParameters(law), 3e19)
  for (const { method, predictions, unavailable } of methods)
    if (unavailable === null)
      close(predictions[0].parameters, expected, method.startsWith('lowest') ? 0.15 : 0.03, method)
})

test('only the methods asked for are fitted, in one order', async () => {
  const { methods, frontier } = await analyse(
    { runs: knownLawRuns() },
    { ...quick, methods: ['lowest-raw', 'surface'] },
  )
  assert.deepEqual(
    methods.map(({ method }) => method),
    ['surface', 'lowest-raw'],
  )
  assert.equal(frontier, null)
})

test('backtest: without noise the surface predicts withheld budgets exactly, raw values do not', async () => {
  const { backtests } = await analyse({ runs: handoutRuns() }, quick)
  const of = (name: string) => backtests.filter(({ method }) => method === name)
  assert.deepEqual(
    of('surface').map(({ withheld }) => withheld),
    [1, 2, 3],
  )
  for (const { lossError, budgets, withheld } of of('surface')) {
    assert.ok(lossError! < 1e-7)
    assert.equal(budgets.length, withheld)
    for (const { sizeRatio, lossDifference } of budgets) {
      assert.ok(Math.abs(sizeRatio! - 1) < 0.02) // against the withheld parabola, which has its own bias
      assert.ok(Math.abs(lossDifference!) < 0.005)
    }
  }
  assert.ok(of('lowest-raw').at(-1)!.budgets.at(-1)!.sizeRatio! > 1.3)
  assert.ok(of('parabola').every(({ lossError }) => lossError === null))
})

test('backtest: withheld budgets do not leak into the fit', async () => {
  const runs = handoutRuns()
  const spoiled = withLoss(
    runs,
    runs.loss.map((L, i) => (runs.flops[i] === 3e21 ? L + 1 : L)),
  )
  const { backtests } = await analyse({ runs: spoiled }, { ...quick, methods: ['surface'] })
  close(backtests[0].lossError!, 1, 1e-6)
})

test('clean data on both sides of the optimum raise no warning', async () => {
  const { diagnostics } = await analyse({ runs: profiles([0.2, 0.4, 0.8, 1.6, 3.2]) }, { ...quick, targets: [1e22] })
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'warning'),
    [],
  )
  const flat = diagnostics.find(({ code }) => code === 'flat-valley')!
  const [low, high] = flat.evidence.parameters as [number, number]
  const best = powerAt(optimalParameters(law), 1e22)
  const loss = (N: number) => surfaceLoss(law, N, tokensFor(1e22, N))
  for (const N of [low, high]) close(loss(N), 1.001 * loss(best), 1e-6)
  assert.ok(low < best && best < high)
})

test('a message names a dozen budgets, and of more the first, the last and how many there are', () => {
  const budgets = Array.from({ length: 1137 }, (_, k) => 1e18 * 1.01 ** k)
  assert.equal(inRow(budgets.slice(0, 12)).split(', ').length, 12)
  const many = inRow(budgets)
  assert.match(many, /^1\.00e18, .* … 8\.\d\de22 \(1137 in all\)$/)
  assert.ok(many.length < 80, many)
})

test('each diagnostic is raised by data that have its problem', async () => {
  const good = profiles([0.2, 0.4, 0.8, 1.6, 3.2])
  assert.ok((await codes(profiles([1.5, 2, 3, 4]))).includes('edge-minimum'))
  assert.ok((await codes(profiles([0.5, 1.5, 2, 3]))).includes('one-sided-profile'))
  assert.ok((await codes(profiles([0.3, 1, 3]))).includes('too-few-sizes'))
  const hill = withLoss(
    good,
    good.loss.map((L, i) => (i < 5 ? 4 - 0.01 * (i - 2) ** 2 : L)),
  )
  assert.ok((await codes(hill)).includes('not-convex'))
  const rounded = { ...good, flops: good.flops.map((C, i) => C * (1 + 0.001 * (i % 3))) }
  assert.ok((await codes(rounded)).includes('budgets-grouped'))
  assert.ok(
    (
      await codes(
        both(
          good,
          withLoss(
            good,
            good.loss.map((L) => L + 0.01),
          ),
        ),
      )
    ).includes('repeated-sizes'),
  )
  const spoiled = withLoss(
    good,
    good.loss.map((L, i) => L + (i === 7 ? 0.5 : 0.001 * Math.sin(i))),
  )
  assert.ok((await codes(spoiled)).includes('outliers'))
  const lone = runsOf(
    Array.from({ length: 12 }, (_, k) => {
      const parameters = 1e7 * 2 ** k
      const tokens = 20 * parameters
      return {
        parameters,
        tokens,
        flops: 6 * parameters * tokens,
        loss: surfaceLoss(law, parameters, tokens) + 0.005 * random(k).normal(),
      }
    }),
  )
  const onRay = await codes(lone)
  assert.ok(onRay.includes('single-ray') && onRay.includes('no-profiles'))
  assert.ok((await codes(good, [1e24])).includes('far-extrapolation'))
  // A law whose valley is steeper than an additive one can be, seen from one side: surface leans.
  const steep = profiles([0.3, 0.6, 1.2, 2.4, 8], undefined, { E: 1.8, A: 40, B: 900, alpha: 0.2, beta: 0.37, q: 0.35 })
  assert.ok((await codes(steep, [1e24])).includes('laws-disagree'))
  // The handout's recipe is known to be off; the table says by how much.
  assert.ok(!(await codes(handoutRuns(), [1e22])).includes('laws-disagree'))
  const near = profiles([0.2, 0.4, 0.8, 1.6, 3.2], [1e18, 1.6e18])
  const { normal } = random(9)
  assert.ok(
    (
      await codes(
        withLoss(
          near,
          near.loss.map((L) => L + 0.03 * normal()),
        ),
      )
    ).includes('asymptote-not-identified'),
  )
})

test('budgets that err together are seen', async () => {
  const runs = profiles([0.2, 0.4, 0.7, 1, 1.4, 2, 3.2, 5], [1e18, 3e18, 1e19, 3e19, 1e20, 3e20])
  const { normal } = random(3)
  const shared = Array.from({ length: 6 }, () => 0.03 * normal())
  const shifted = withLoss(
    runs,
    runs.loss.map((L, i) => L + shared[Math.floor(i / 8)] + 0.001 * normal()),
  )
  assert.ok((await codes(shifted)).includes('budgets-deviate-together'))
})

test('one budget and too few runs are refused with their code', async () => {
  const one = profiles([0.2, 0.5, 1, 2, 4], [1e19])
  await assert.rejects(analyse({ runs: one }), { code: 'ONE_BUDGET' })
  await assert.rejects(analyse({ runs: selectRuns(one, [0, 1]) }), { code: 'TOO_FEW_RUNS' })
})

test('with too few runs for a surface norm answers by its priors, and its intervals say how little that is', async () => {
  const few = selectRuns(profiles([0.5, 1, 2], [1e18, 1e19]), [0, 1, 2, 3, 4])
  const { methods } = await analyse({ runs: few }, { ...quick, resamples: 200, targets: [1e20] })
  const surface = methods.find(({ method }) => method === 'surface')!
  assert.match(surface.unavailable!, /5 runs/)
  assert.deepEqual(surface.predictions, [])
  const { loss, interval } = methods[0].predictions[0]
  const best = powerAt(optimalParameters(law), 1e20)
  const truth = surfaceLoss(law, best, tokensFor(1e20, best))
  const [low, high] = interval.loss!
  assert.ok(low <= truth && truth <= high && loss! - low > 0.03, `${loss} [${low}, ${high}], true ${truth}`)
})

test('two hundred thousand runs: intervals of surface by scores, none invented for the others', async () => {
  const { normal } = random(4)
  const base = profiles(
    Array.from({ length: 50 }, (_, k) => 0.1 * 1.1 ** k),
    Array.from({ length: 10 }, (_, k) => 1e18 * 2 ** k),
  )
  const many = runsOf(
    Array.from({ length: 200_000 }, (_, k) => {
      const i = k % base.size
      return {
        parameters: base.parameters[i],
        tokens: base.tokens[i],
        flops: base.flops[i],
        loss: base.loss[i] + 0.02 * normal(),
      }
    }),
  )
  const { methods, diagnostics } = await analyse(
    { runs: many },
    { ...quick, methods: ['surface', 'parabola'], targets: [1e22] },
  )
  const [surface, parabola] = methods
  const [low, high] = surface.lawIntervals!.alpha!
  assert.ok(low < law.alpha && law.alpha < high && high - low < 0.02)
  assert.equal(parabola.modelSize!.interval, null)
  assert.ok(diagnostics.some(({ code }) => code === 'intervals-skipped'))
})

test('FLOPs that count an embedding are told, as predictions keep one multiple of 6ND', async () => {
  const list = [1e18, 1e19, 1e20].flatMap((C) =>
    [0.25, 0.5, 1, 2, 4].map((share) => {
      const parameters = share * 1e8 * (C / 1e18) ** 0.5
      const tokens = C / (6 * parameters)
      return { parameters, tokens, flops: C, loss: 1.69 + 406.4 / parameters ** 0.34 + 410.7 / tokens ** 0.28 }
    }),
  )
  const codesWith = async (extra: number) => {
    const runs = runsOf(list.map((run) => ({ ...run, flops: 6 * (run.parameters + extra) * run.tokens })))
    const { diagnostics } = await analyse({ runs }, { methods: ['norm'], resamples: 20 })
    return diagnostics.map(({ code }) => code)
  }
  assert.ok((await codesWith(3e8)).includes('flops-uneven'))
  assert.ok(!(await codesWith(0)).includes('flops-uneven'))
})
