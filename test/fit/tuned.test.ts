import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Runs, selectRuns, withLoss } from '../../src/core/run.ts'
import { tunedResult } from '../../src/fit/tuned/assessment.ts'
import { pointsOf, tunedData } from '../../src/fit/tuned/data.ts'
import { tunedDiagnostics } from '../../src/fit/tuned/diagnostics.ts'
import { fitTuned, tunedPrediction } from '../../src/fit/tuned/fit.ts'
import { TunedProblem } from '../../src/fit/tuned/problem.ts'
import { tunedIndex } from '../../src/law/tuned.ts'
import { close } from '../support.ts'
import { madeRuns, reference, trueLoss, truth } from './tuned-runs.ts'

const inside = (value: number, [low, high]: readonly [number, number]) => value >= low && value <= high

test('rates and batches: the formulas of the law that made the runs are found, and their intervals hold them', () => {
  const runs = madeRuns(['rate', 'batch'], { seed: 1, noise: 0.003 })
  const { rate, batch, law, predictions } = tunedResult(runs, [1e21], 0.95)
  assert.ok(rate?.parameters && batch && law)
  close(rate.parameters.value, truth.rateSize, 0.05, 'exponent of N')
  close(rate.tokens.value, truth.rateTokens, 0.1, 'exponent of D')
  close(batch.tokens.value, truth.batchTokens, 0.1, 'exponent of the batch')
  assert.ok(inside(truth.rateSize, rate.parameters.interval) && inside(truth.rateTokens, rate.tokens.interval))
  assert.ok(inside(truth.batchTokens, batch.tokens.interval))
  // At the reference the best batch is the reference times e^batch; the rate is smaller than at a large batch.
  const { parameters: N, tokens: D } = reference
  close(batch.coefficient * D ** batch.tokens.value, reference.batch * Math.exp(truth.batch), 0.1, 'batch')
  const scarce = truth.rateBatch * Math.log1p(Math.exp(truth.noise))
  const best = rate.coefficient * N ** rate.parameters.value * D ** rate.tokens.value
  close(best, reference.rate * Math.exp(truth.rate - scarce), 0.08, 'rate')
  // The formula is what the prediction at a target uses.
  const [{ parameters, tokens, rate: there, loss }] = predictions
  assert.ok(there)
  close(
    there.value,
    rate.coefficient * parameters.value ** rate.parameters.value * tokens.value ** rate.tokens.value,
    1e-6,
  )
  close(6 * parameters.value * tokens.value, 1e21, 1e-12)
  const at = (N: number): Runs => ({
    ...runs,
    size: 1,
    parameters: Float64Array.of(N),
    tokens: Float64Array.of(1e21 / 6 / N),
  })
  const features = new Set(['rate', 'batch'] as const)
  const fresh = (N: number) => {
    const only = at(N)
    const D = only.tokens[0]
    const B = reference.batch * Math.exp(truth.batch) * (D / reference.tokens) ** truth.batchTokens
    const r =
      reference.rate * Math.exp(truth.rate - scarce) * (N / 3e8) ** truth.rateSize * (D / 1e10) ** truth.rateTokens
    const tuning = {
      rate: Float64Array.of(r),
      batch: Float64Array.of(B),
      batchUnit: 'sequences',
      unique: null,
    } as const
    return trueLoss({ ...only, tuning }, features)[0]
  }
  assert.ok(inside(fresh(parameters.value), loss.interval), `${fresh(parameters.value)} in ${loss.interval}`)
})

test('repeats: what they are worth is found, and runs beyond the fitted ones are predicted', () => {
  const runs = madeRuns(['repeats'], { seed: 2, noise: 0.003 })
  const features = new Set(['repeats'] as const)
  const order = Array.from({ length: runs.size }, (_, i) => i)
  const small = order.filter((i) => runs.flops[i] < 3e19)
  const large = selectRuns(
    runs,
    order.filter((i) => runs.flops[i] >= 3e19),
  )
  const fit = fitTuned(selectRuns(runs, small))
  const expected = trueLoss(large, features)
  pointsOf(large, fit.data).forEach((x, i) => {
    assert.ok(Math.abs(tunedPrediction(fit, x) - expected[i]) < 0.03, `run ${i}`)
  })
  const { repeated } = tunedResult(runs, [], 0.95)
  assert.ok(repeated)
  assert.ok(inside(Math.exp(truth.repeats), repeated.repeats.interval), `${repeated.repeats.interval}`)
  const four = repeated.worth.find(({ epochs }) => epochs === 4)
  const limit = Math.exp(truth.repeats)
  close(four?.tokens.value ?? 0, 1 + limit * (1 - Math.exp(-3 / limit)), 0.03, 'four epochs')
})

test('a diverged run moves no formula, and equal runs give equal fits in any order', () => {
  const runs = madeRuns(['rate', 'batch'], { seed: 3, noise: 0.003 })
  const before = tunedResult(runs, [1e21], 0.95)
  const bent = tunedResult(withLoss(runs, runs.loss.with(77, runs.loss[77] + 3)), [1e21], 0.95)
  close(bent.predictions[0].loss.value, before.predictions[0].loss.value, 0.003, 'loss')
  close(bent.rate?.parameters?.value ?? 0, before.rate?.parameters?.value ?? 1, 0.03, 'exponent')
  const order = Array.from({ length: runs.size }, (_, i) => (i * 91) % runs.size)
  assert.equal(new Set(order).size, runs.size)
  const again = tunedResult(selectRuns(runs, order), [1e21], 0.95)
  close(again.predictions[0].loss.value, before.predictions[0].loss.value, 1e-5)
})

test('without settings it is the law of N and D alone, and weighs the q by evidence', () => {
  const runs = madeRuns([], { seed: 4, noise: 0.002 })
  const fit = fitTuned(runs)
  assert.deepEqual([...fit.data.features], [])
  assert.equal(fit.modes[0].free.length, 5)
  const believed = fit.modes.find(({ q }) => q === 0.7)?.weight ?? 0
  assert.ok(believed > 0.5, `q = 0.7 made the runs, it is believed to ${believed}`)
  close(
    fit.modes.reduce((sum, { weight }) => sum + weight, 0),
    1,
    1e-12,
  )
  const expected = trueLoss(runs, new Set())
  pointsOf(runs, fit.data).forEach((x, i) => {
    assert.ok(Math.abs(tunedPrediction(fit, x) - expected[i]) < 0.01)
  })
})

test('another unit of the loss changes no belief and no formula', () => {
  const runs = madeRuns(['rate'], { seed: 5, noise: 0.003 })
  const nats = tunedResult(runs, [1e21], 0.95)
  const bits = tunedResult(
    withLoss(
      runs,
      runs.loss.map((loss) => loss / Math.LN2),
    ),
    [1e21],
    0.95,
  )
  close(bits.rate?.tokens.value ?? 0, nats.rate?.tokens.value ?? 1, 0.02)
  for (const { q, weight } of nats.norms)
    assert.ok(Math.abs((bits.norms.find((other) => other.q === q)?.weight ?? 0) - weight) < 0.05)
})

test('settings that never vary, or that most runs lack, are no features; runs that lack one are counted', () => {
  const made = madeRuns(['rate', 'batch'], { seed: 6 })
  const tuning = made.tuning!
  const same = { ...made, tuning: { ...tuning, batch: tuning.batch!.map(() => 256) } }
  assert.deepEqual([...tunedData(same).features], ['rate'])
  assert.deepEqual(tunedData(same).fixed, ['batch'])
  const holes = { ...made, tuning: { ...tuning, rate: tuning.rate!.map((r, i) => (i % 10 === 0 ? Number.NaN : r)) } }
  assert.equal(tunedData(holes).incomplete, made.size / 10)
  assert.ok(tunedData(holes).runs.tuning?.rate?.every((r) => r > 0))
  const rare = { ...made, tuning: { ...tuning, rate: tuning.rate!.map((r, i) => (i % 10 === 0 ? r : Number.NaN)) } }
  assert.deepEqual([...tunedData(rare).features], ['batch'])
  assert.equal(tunedData(rare).incomplete, 0)
})

test('too few runs are said to be, and a handful give an answer with wide intervals', () => {
  const made = madeRuns(['rate'], { seed: 7, noise: 0.003, repeats: 1 })
  assert.match(tunedResult(selectRuns(made, [0, 1, 2, 3]), [], 0.95).unavailable ?? '', /4 runs, it needs 8/)
  const few = tunedResult(made, [1e21], 0.95)
  const many = tunedResult(madeRuns(['rate'], { seed: 7, noise: 0.003 }), [1e21], 0.95)
  const width = ({ rate }: typeof few) => rate!.parameters!.interval[1] - rate!.parameters!.interval[0]
  assert.ok(width(few) > 2 * width(many))
})

test('of very many runs one in so many is fitted, and it is said', () => {
  const made = madeRuns([], { seed: 9, noise: 0.003, repeats: 1001 })
  const result = tunedResult(made, [], 0.95)
  assert.deepEqual([made.size, result.every, result.runs], [20_020, 2, 10_010])
  const said = tunedDiagnostics(result).find(({ code }) => code === 'runs-thinned')
  assert.match(said?.message ?? '', /one in 2/)
})

test("the problem's slope is half the derivative of its cost", () => {
  const data = tunedData(madeRuns(['rate', 'batch', 'repeats'], { seed: 8, noise: 0.01, repeats: 3 }))
  const problem = new TunedProblem(data, 0.5)
  problem.precision.fill(400)
  const z = Float64Array.from({ length: problem.size }, (_, k) => 0.3 * Math.sin(k))
  problem.cost(z)
  const { gradient } = problem.slope()
  for (let k = 0; k < problem.size; k++) {
    const moved = (by: number) => problem.cost(z.with(k, z[k] + by))
    const expected = (moved(1e-5) - moved(-1e-5)) / 4e-5
    assert.ok(Math.abs(gradient[k] - expected) < 1e-5 * (1 + Math.abs(expected)), `variable ${k}`)
  }
  assert.ok(problem.free.every((k) => k !== tunedIndex.norm))
})
