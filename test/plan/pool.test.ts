import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IsoflopError } from '../../src/core/errors.ts'
import { random } from '../../src/core/random.ts'
import { type Runs, selectRuns } from '../../src/core/run.ts'
import { type Outcome, outcomeOf } from '../../src/core/trainer.ts'
import { pointsOf } from '../../src/fit/tuned/data.ts'
import { fitTuned, tunedPrediction } from '../../src/fit/tuned/fit.ts'
import { chooseFromPool } from '../../src/plan/pool/choose.ts'
import { spreadOver } from '../../src/plan/pool/opening.ts'
import { madeRuns, reference, trueLoss } from '../fit/tuned-runs.ts'

const features = new Set(['rate', 'batch'] as const)
const recorded = madeRuns([...features], { seed: 5, noise: 0.004 })
const { loss, ...settings } = recorded
const pool = { settings, cost: settings.flops }
const total = settings.flops.reduce((a, b) => a + b)
const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0)

/** Twice the largest size for twice the largest length, at rates and batches about the best. */
const target = (() => {
  const rows = [-1, 0, 1].flatMap((r) => [-1, 0, 1].map((b) => ({ r, b })))
  const all = (value: number) => Float64Array.from(rows, () => value)
  const [N, D] = [8 * reference.parameters, 6 * reference.tokens]
  const rate = Float64Array.from(rows, ({ r }) => 1.6e-3 * 8 ** -0.5 * 6 ** 0.2 * 2 ** r)
  const batch = Float64Array.from(rows, ({ b }) => Math.round(200 * 6 ** 0.4 * 2 ** b))
  const tuning = { rate, batch, batchUnit: 'sequences', unique: null } as const
  return { size: rows.length, parameters: all(N), tokens: all(D), flops: all(6 * N * D), tuning }
})()
const targetLoss = trueLoss({ ...target, loss: new Float64Array(target.size) }, features)

const rootMeanSquare = (predicted: readonly number[]) =>
  Math.sqrt(sum(predicted.map((value, i) => (value - targetLoss[i]) ** 2)) / predicted.length)
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]

test('what is bought stays within the budget, and no loss is asked for that is not bought', async () => {
  for (const share of [0.01, 0.05, 0.3]) {
    const asked: number[] = []
    const buy = (i: number) => {
      asked.push(i)
      return outcomeOf(loss[i])
    }
    const budget = share * total
    const { bought, spent, predictions, fit } = await chooseFromPool(pool, target, buy, { budget })
    assert.deepEqual(bought, asked)
    assert.equal(new Set(asked).size, asked.length)
    assert.ok(Math.abs(spent - sum(asked.map((i) => settings.flops[i]))) <= 1e-9 * spent)
    assert.ok(spent <= budget && spent > 0.7 * budget, `${spent} of ${budget}`)
    assert.deepEqual(
      [...fit.data.runs.loss],
      asked.map((i) => loss[i]),
    )
    assert.equal(predictions.length, target.size)
    for (const { value, interval } of predictions) assert.ok(interval[0] < value && value < interval[1])
  }
})

test('losses that were not bought change nothing: equal seeds and equal outcomes give equal choices', async () => {
  const options = { budget: 0.03 * total, seed: 3 }
  const once = await chooseFromPool(pool, target, (i) => outcomeOf(loss[i]), options)
  const known = new Set(once.bought)
  const other = loss.map((value, i) => (known.has(i) ? value : value + 1))
  const again = await chooseFromPool(pool, target, async (i) => outcomeOf(other[i]), options)
  assert.deepEqual(again.bought, once.bought)
  assert.deepEqual(again.predictions, once.predictions)
  const differently = await chooseFromPool(pool, target, (i) => outcomeOf(loss[i]), { ...options, seed: 4 })
  assert.notDeepEqual(differently.bought, once.bought)
})

test('chosen runs for 5 % of the cost predict the target better than runs at random, in the median over seeds', async () => {
  const budget = 0.05 * total
  const seeds = [0, 1, 2, 3, 4, 5, 6]
  const chosen = await Promise.all(
    seeds.map(async (seed) => {
      const { predictions } = await chooseFromPool(pool, target, (i) => outcomeOf(loss[i]), { budget, seed })
      return rootMeanSquare(predictions.map(({ value }) => value))
    }),
  )
  const drawn = seeds.map((seed) => rootMeanSquare(byRandomRuns(recorded, budget, seed)))
  assert.ok(median(chosen) < 0.8 * median(drawn), `${median(chosen)} chosen, ${median(drawn)} at random`)
})

function byRandomRuns(runs: Runs, budget: number, seed: number): number[] {
  const draw = random(seed)
  const order = Array.from({ length: runs.size }, (_, i) => ({ i, place: draw.uniform() }))
  let spent = 0
  const indices = order
    .sort((a, b) => a.place - b.place)
    .flatMap(({ i }) => {
      if (spent + runs.flops[i] > budget) return []
      spent += runs.flops[i]
      return [i]
    })
  const fit = fitTuned(selectRuns(runs, indices))
  return pointsOf({ ...target }, fit.data).map((point) => tunedPrediction(fit, point))
}

test('the opening is of cheap runs and covers what they differ in', () => {
  const order = [...spreadOver(pool, 0.05 * total, 1)].slice(0, 8)
  assert.equal(new Set(order).size, 8)
  for (const i of order) assert.ok(settings.flops[i] < 0.005 * total)
  const spread = (column: ArrayLike<number>) => {
    const values = order.map((i) => Math.log(column[i]))
    return Math.max(...values) - Math.min(...values)
  }
  assert.ok(spread(settings.parameters) > Math.log(2) && spread(settings.tokens) > Math.log(2))
  assert.ok(spread(settings.tuning!.rate!) > Math.log(8) && spread(settings.tuning!.batch!) > Math.log(8))
})

test('runs that diverge or are lost count as spent, refused ones do not, and exhausted ends the buying', async () => {
  const refusal = new IsoflopError('API_REFUSED', 'no', 'none')
  const kinds = new Map<number, Outcome['kind']>()
  const buy = (i: number): Outcome => {
    const kind =
      kinds.size >= 60 ? 'exhausted' : (['finished', 'finished', 'diverged', 'refused'] as const)[kinds.size % 4]
    kinds.set(i, kind)
    if (kind === 'finished') return outcomeOf(loss[i])
    return kind === 'diverged' ? { kind } : { kind, error: refusal }
  }
  const { bought, spent, fit } = await chooseFromPool(pool, target, buy, { budget: 0.5 * total })
  const of = (...wanted: Outcome['kind'][]) => [...kinds].flatMap(([i, kind]) => (wanted.includes(kind) ? [i] : []))
  assert.deepEqual(bought, of('finished', 'diverged'))
  assert.equal(fit.data.runs.size, of('finished').length)
  assert.equal(of('exhausted').length, 1)
  assert.ok(Math.abs(spent - sum(bought.map((i) => settings.flops[i]))) <= 1e-9 * spent)
})

test('a pool of which nothing can be chosen is refused with advice', async () => {
  const buy = (i: number) => outcomeOf(loss[i])
  const refused = (code: string) => (error: unknown) =>
    error instanceof IsoflopError && error.code === code && error.advice !== ''
  await assert.rejects(chooseFromPool(pool, target, buy, { budget: Number.NaN }), refused('BAD_OPTION'))
  await assert.rejects(
    chooseFromPool({ ...pool, cost: pool.cost.with(3, 0) }, target, buy, { budget: 1 }),
    refused('BAD_OPTION'),
  )
  await assert.rejects(
    chooseFromPool({ ...pool, cost: Float64Array.of(1) }, target, buy, { budget: 1 }),
    refused('BAD_OPTION'),
  )
  await assert.rejects(chooseFromPool(pool, { ...target, size: 0 }, buy, { budget: 1 }), refused('NO_USABLE_RUNS'))
  await assert.rejects(chooseFromPool(pool, target, buy, { budget: 1e-9 * total }), refused('TOO_FEW_RUNS'))
})
