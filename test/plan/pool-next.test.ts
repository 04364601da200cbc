import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IsoflopError } from '../../src/core/errors.ts'
import { tokensFor } from '../../src/core/flops.ts'
import { random } from '../../src/core/random.ts'
import { type Runs, selectRuns } from '../../src/core/run.ts'
import { outcomeOf } from '../../src/core/trainer.ts'
import { fitTuned } from '../../src/fit/tuned/fit.ts'
import { chooseFromPool } from '../../src/plan/pool/choose.ts'
import { completeRuns } from '../../src/plan/pool/complete.ts'
import { nextFromPool, type PoolAdvice } from '../../src/plan/pool/next.ts'
import { spreadOver } from '../../src/plan/pool/opening.ts'
import type { Settings } from '../../src/plan/pool/pool.ts'
import { predictedBy } from '../../src/plan/pool/prediction.ts'
import { planRound } from '../../src/plan/pool/round.ts'
import { scoresOf } from '../../src/plan/pool/verdict.ts'
import { madeRuns, reference, trueLoss } from '../fit/tuned-runs.ts'
import { close } from '../support.ts'

const recorded = madeRuns(['rate', 'batch'], { seed: 5, noise: 0.004 })
const { loss, ...settings } = recorded
const pool = { settings, cost: settings.flops }
const total = settings.flops.reduce((a, b) => a + b)
const unmade = new Float64Array(settings.size).fill(Number.NaN)
const target = { bestAt: 6 * 8 * reference.parameters * 6 * reference.tokens }
const refused = (code: string) => (error: unknown) => error instanceof IsoflopError && error.code === code

/** The losses of the runs that were made, NaN of the others. */
const known = (indices: readonly number[]) => {
  const made = new Set(indices)
  return loss.map((value, i) => (made.has(i) ? value : Number.NaN))
}
const namedBy = (advice: PoolAdvice) =>
  advice.kind === 'opening' ? advice.runs : advice.plan.runs.map(({ index }) => index)
const costOf = (indices: readonly number[]) => indices.reduce((sum, i) => sum + pool.cost[i], 0)

test('the best run of a budget is predicted: its loss and size lie in their intervals', async () => {
  const plain = madeRuns([], { seed: 2, noise: 0.003 })
  const C = target.bestAt
  const sizes = Float64Array.from({ length: 400 }, (_, k) => 1e8 * 1.02 ** k)
  const truth = trueLoss(
    { size: sizes.length, parameters: sizes, tokens: sizes.map((N) => tokensFor(C, N)), flops: sizes, loss: sizes },
    new Set(),
  )
  const lowest = truth.reduce((low, value) => Math.min(low, value))
  const cost = plain.flops
  const budget = 0.2 * cost.reduce((a, b) => a + b)
  const { prediction, spent } = await chooseFromPool(
    { settings: plain, cost },
    target,
    (i) => outcomeOf(plain.loss[i]),
    { budget },
  )
  const { best, region, losses } = prediction
  assert.ok(spent <= budget && best !== null)
  assert.ok(Math.abs(best.loss.value - lowest) < 0.05, `${best.loss.value} instead of ${lowest}`)
  const within = (value: number, [low, high]: readonly [number, number]) => low <= value && value <= high
  assert.ok(within(lowest, best.loss.interval))
  assert.ok(within(sizes[truth.indexOf(lowest)], best.parameters.interval))
  assert.equal(losses.length, region.size)
  for (let i = 0; i < region.size; i++) close(6 * region.parameters[i] * region.tokens[i], C, 1e-9)
})

test("runs to predict that do not say their rate are predicted at the law's best one", () => {
  const fit = fitTuned(recorded)
  const [N, D] = [4 * reference.parameters, 4 * reference.tokens]
  const at = (rate: number | null): Settings => ({
    size: 1,
    parameters: Float64Array.of(N),
    tokens: Float64Array.of(D),
    flops: Float64Array.of(6 * N * D),
    tuning: {
      rate: rate === null ? null : Float64Array.of(rate),
      batch: Float64Array.of(300),
      batchUnit: 'sequences',
      unique: null,
    },
  })
  const lossAt = (rate: number | null) => predictedBy(fit, at(rate), 0.95).losses[0].value
  const rates = Array.from({ length: 300 }, (_, k) => 1e-5 * 1.03 ** k)
  const lowest = Math.min(...rates.map(lossAt))
  close(lossAt(null), lowest, 1e-3)
  close(lossAt(Number.NaN), lossAt(null), 1e-12)
  assert.ok(lossAt(1e-5) > lowest + 0.01)
})

test('before eight runs have a loss an opening is named, of runs that were not made', () => {
  const first = nextFromPool(pool, unmade, target, { budget: 0.1 * total, seed: 4 })
  assert.equal(first.kind, 'opening')
  assert.deepEqual(namedBy(first), [...spreadOver(pool, 0.1 * total, 4)].slice(0, 8))
  const made = namedBy(first).slice(0, 3)
  const second = nextFromPool(pool, known(made), target, { budget: 0.1 * total, seed: 4 })
  assert.equal(second.kind, 'opening')
  assert.deepEqual(namedBy(second), namedBy(first).slice(3))
  assert.equal(namedBy(nextFromPool(pool, unmade, target, { most: 2 })).length, 2)
})

test('after eight, runs that were not made are named as many as asked for, and equal questions have equal answers', () => {
  const made = [...spreadOver(pool, 0.1 * total, 0)].slice(0, 12)
  const advice = nextFromPool(pool, known(made), target, { most: 5 })
  assert.deepEqual(nextFromPool(pool, known(made), target, { most: 5 }), advice)
  assert.equal(advice.kind, 'round')
  assert.equal(namedBy(advice).length, 5)
  assert.ok(namedBy(advice).every((i) => !made.includes(i)))
})

test('asked again and again with the losses of what it named, it spends the budget, never passes it, and learns', () => {
  const budget = 0.1 * total
  let made: number[] = []
  const deviations: number[] = []
  for (;;) {
    const advice = nextFromPool(pool, known(made), target, { budget })
    const named = namedBy(advice)
    if (advice.kind === 'round' && named.length > 0) {
      deviations.push(Math.sqrt(advice.plan.before))
      assert.ok(advice.plan.after < advice.plan.before)
      // A round ends with the run that fills it.
      assert.ok(advice.allowance !== null && advice.allowance <= budget / 8)
      assert.ok(costOf(named.slice(0, -1)) < advice.allowance && costOf([...made, ...named]) <= budget)
    }
    if (named.length === 0) break
    made = [...made, ...named]
    assert.equal(new Set(made).size, made.length)
  }
  assert.ok(costOf(made) <= budget && costOf(made) > 0.9 * budget, `${costOf(made)} of ${budget}`)
  assert.ok(deviations.at(-1)! < 0.5 * deviations[0], `${deviations}`)
})

test('eight runs within a budget tell more than the eight that are worth most for their cost', () => {
  const made = [...spreadOver(pool, 0.1 * total, 0)].slice(0, 10)
  const thrifty = nextFromPool(pool, known(made), target)
  const within = nextFromPool(pool, known(made), target, { budget: 0.5 * total })
  assert.ok(thrifty.kind === 'round' && within.kind === 'round')
  assert.ok(thrifty.allowance === null && within.plan.runs.length === 8)
  assert.ok(within.plan.after < 0.8 * thrifty.plan.after, `${within.plan.after} and ${thrifty.plan.after}`)
})

test('runs that diverged are spent on and not named, and made runs may have cost nothing', () => {
  const made = [...spreadOver(pool, 0.1 * total, 0)].slice(0, 10)
  const outcomes = known(made)
  outcomes[made[0]] = Number.POSITIVE_INFINITY
  const budget = costOf(made) + 1
  assert.deepEqual(namedBy(nextFromPool(pool, outcomes, target, { budget })), [])
  const free = { ...pool, cost: pool.cost.map((own, i) => (made.includes(i) ? 0 : own)) }
  const named = namedBy(nextFromPool(free, outcomes, target, { budget }))
  assert.ok(named.length > 0 && !named.includes(made[0]))
})

test('of very many candidates a part is considered, whose runs are those of the pool', () => {
  const { uniform } = random(1)
  const size = 25_000
  const column = (low: number, high: number) =>
    Float64Array.from({ length: size }, () => low * (high / low) ** uniform())
  const [parameters, tokens] = [column(1e7, 1e9), column(1e9, 1e11)]
  const many = { size, parameters, tokens, flops: parameters.map((N, i) => 6 * N * tokens[i]) }
  const runs: Runs = { ...many, loss: trueLoss({ ...many, loss: parameters }, new Set()) }
  const indices = Array.from({ length: 30 }, (_, k) => 7 * k + 1)
  const fit = fitTuned(selectRuns(runs, indices))
  const isOpen = (i: number) => !indices.includes(i)
  const plan = planRound({ fit, pool: many, known: indices, target }, many.flops, { isOpen, most: 20 })
  assert.equal(new Set(plan.runs.map(({ index }) => index)).size, 20)
  for (const { index, cost, worth } of plan.runs) assert.ok(isOpen(index) && cost === many.flops[index] && worth > 0)
})

test('settings that few runs say are left out, and so are runs that do not say the others', () => {
  const rate = Float64Array.of(1e-3, Number.NaN, 2e-3, 1e-3)
  const batch = Float64Array.of(Number.NaN, Number.NaN, Number.NaN, 64)
  const ones = new Float64Array(4).fill(1)
  const runs: Runs = {
    ...{ size: 4, parameters: ones, tokens: ones, flops: ones, loss: ones },
    tuning: { rate, batch, batchUnit: 'sequences', unique: null },
  }
  const complete = completeRuns(runs)
  assert.deepEqual(complete.dropped, ['batch'])
  assert.deepEqual(complete.kept, [0, 2, 3])
  assert.deepEqual(complete.incomplete, [{ index: 1, lacks: 'rate' }])
  assert.deepEqual([...complete.runs.tuning!.rate!, complete.runs.tuning!.batch], [1e-3, 2e-3, 1e-3, null])
})

test('a pool whose runs lack a setting, a small one and a target that is none are refused', () => {
  const rate = settings.tuning!.rate!.with(5, Number.NaN)
  const holed = { ...pool, settings: { ...settings, tuning: { ...settings.tuning!, rate } } }
  assert.throws(() => nextFromPool(holed, unmade, target), refused('BAD_OPTION'))
  assert.throws(() => nextFromPool(pool, unmade, { bestAt: Number.NaN }), refused('BAD_OPTION'))
  assert.throws(() => nextFromPool(pool, unmade, target, { budget: -1 }), refused('BAD_OPTION'))
  const { loss: _, ...few } = selectRuns(recorded, [0, 1, 2])
  assert.throws(
    () => nextFromPool({ settings: few, cost: few.flops }, unmade.slice(0, 3), target),
    refused('TOO_FEW_RUNS'),
  )
})

test('scores compare with the losses on record alone', () => {
  const estimate = (value: number) => ({ value, interval: [value - 0.1, value + 0.1] as const })
  const scores = scoresOf([estimate(2), estimate(3), estimate(9)], Float64Array.of(2.05, 3.25, Number.NaN))
  assert.ok(scores)
  assert.equal(scores.runs, 2)
  close(scores.rmse, Math.sqrt((0.05 ** 2 + 0.25 ** 2) / 2), 1e-12)
  close(scores.bias, -0.15, 1e-12)
  close(scores.r2!, 1 - (0.05 ** 2 + 0.25 ** 2) / (2 * 0.6 ** 2), 1e-12)
  assert.equal(scores.covered, 0.5)
  assert.equal(scoresOf([estimate(2)], Float64Array.of(Number.NaN)), null)
})
