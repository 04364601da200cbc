import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { repeatsWorld } from '../../bench/repeats-worlds.ts'
import { random } from '../../src/core/random.ts'
import { type Run, type Runs, runsOf, selectRuns } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import { usualPrior } from '../../src/fit/norm/prior.ts'
import { repeatsResult } from '../../src/fit/repeats/assessment.ts'
import { repeatsData } from '../../src/fit/repeats/data.ts'
import { repeatsDiagnostics } from '../../src/fit/repeats/diagnostics.ts'
import { fitRepeats } from '../../src/fit/repeats/fit.ts'
import type { Limit } from '../../src/fit/repeats/limit.ts'
import { RepeatsProblem } from '../../src/fit/repeats/problem.ts'
import type { FittedRepeats } from '../../src/fit/repeats/result.ts'
import { readRuns } from '../../src/input/read.ts'
import { bestRepeated, type RepeatsLaw, repeatsLoss } from '../../src/law/repeats.ts'
import { levenbergMarquardt } from '../../src/numeric/levenberg-marquardt.ts'
import { close, reference } from '../support.ts'

type Row = Omit<Run, 'flops'> & { readonly unique: number }
const tableOf = (rows: readonly Row[]): Runs => ({
  ...runsOf(rows.map((row) => ({ ...row, flops: 6 * row.parameters * row.tokens }))),
  tuning: { rate: null, batch: null, batchUnit: 'tokens', unique: Float64Array.from(rows, ({ unique }) => unique) },
})

/** The law of a published fit whose size never saturates, and noise-free runs of it: what ../shared/cases/epochs.csv is. */
const base: RepeatsLaw = {
  fresh: { E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28, q: 1 },
  tokens: 15.4,
  size: 1e12,
}
const computed = (epochs: readonly number[]): Runs =>
  tableOf(
    [1e8, 3e8, 1e9].flatMap((parameters) =>
      [1e8, 1e9, 1e10].flatMap((unique) =>
        epochs.map((e) => ({
          parameters,
          tokens: e * unique,
          unique,
          loss: repeatsLoss(base, parameters, e * unique, unique),
        })),
      ),
    ),
  )

const asked = { targets: [1e21], confidence: 0.95, draws: 100, seed: 0, flopsRatio: 1 }
function fitted(runs: Runs, options: Partial<Parameters<typeof repeatsResult>[1]> = {}): FittedRepeats {
  const result = repeatsResult(runs, { ...asked, ...options })
  assert.equal(result.kind, 'fitted')
  return result as FittedRepeats
}
const inside = (value: number, [low, high]: readonly [number, number], what = '') =>
  assert.ok(value >= low && value <= high, `${what}: ${value} is not in [${low}, ${high}]`)

/** Whether what is told of a number is true. */
function holds(limit: Limit, truth: number): boolean {
  if (limit.kind === 'between') return truth >= limit.interval[0] && truth <= limit.interval[1]
  if (limit.kind === 'at-least') return truth >= limit.least
  return limit.kind === 'open' || truth <= limit.most
}

test('runs computed from a law give its fresh optimum, its R* and what repeating costs', () => {
  const found = fitted(computed([1, 4, 16, 64]), { unique: [1e10] })
  const fresh = bestRepeated(base, 1e21, Number.MAX_VALUE)
  close(fresh.parameters, 1.824e9, 1e-3, 'the case that people have')
  close(found.fresh[0].parameters.value, fresh.parameters, 2e-3, 'N')
  inside(fresh.parameters, found.fresh[0].parameters.interval, 'N')
  inside(fresh.tokens, found.fresh[0].tokens.interval, 'D')
  inside(fresh.loss, found.fresh[0].loss.interval, 'loss')
  assert.ok(found.tokens.kind === 'between')
  close(found.tokens.value, 15.4, 2e-3, 'R*')
  inside(15.4, found.tokens.interval, 'R*')
  assert.equal(found.size.kind, 'at-least', 'a size that never saturates')
  const [row] = found.targets
  const truth = bestRepeated(base, 1e21, 1e10)
  close(row.epochs.value, truth.epochs, 5e-3, 'epochs')
  close(row.cost.value, truth.cost, 5e-3, 'cost')
  inside(truth.cost, row.cost.interval, 'cost')
  inside(truth.worth, row.worth.interval, 'worth')
  close(found.worth[0].last.kind === 'between' ? found.worth[0].last.value : 0, 1 - 15.4 * Math.log(0.9), 2e-3)
  assert.equal(found.repeated, 27)
  assert.equal(found.mostEpochs, 64)
})

test('of noisy worlds whose runs err alone or together the intervals hold what is true nearly always', () => {
  // A bound, not the coverage: bench/repeats.ts measures that on hundreds of worlds (docs/log.md).
  let right = 0
  let asks = 0
  for (const kind of ['as-fitted', 'shared'] as const)
    for (let seed = 900; seed < 906; seed++) {
      const { runs, law } = repeatsWorld(seed, kind)
      const { tokens, size } = fitted(runs)
      right += Number(holds(tokens, law.tokens)) + Number(holds(size, law.size))
      asks += 2
    }
  assert.ok(right >= asks - 3, `${right} of ${asks}`)
})

test('SciPy finds the same coefficients', () => {
  const { runs, sd, fits } = reference('repeats') as { runs: Row[]; sd: number; fits: Scipy[] }
  interface Scipy extends RepeatsLaw {
    readonly q: number
    readonly cost: number
  }
  const table = tableOf(runs)
  const data = repeatsData(table)
  const most = Math.max(...table.flops)
  for (const { q, cost, fresh, tokens, size } of fits) {
    const problem = new RepeatsProblem(data, q, usualPrior)
    problem.precision.set(table.flops.map((C) => Math.sqrt(C / most) / sd))
    const term = Math.log(0.2 * data.lowest)
    const start = Float64Array.of(0.5, term, term, Math.log(0.3), Math.log(0.3), Math.log(15), Math.log(5))
    const found = levenbergMarquardt(problem, start)
    close(found.cost, cost, 1e-9, 'cost')
    const law = problem.law(found.theta)
    close(law.tokens, tokens, 1e-5, 'R* of tokens')
    close(law.size, size, 1e-5, 'R* of size')
    for (const name of ['E', 'A', 'B', 'alpha', 'beta'] as const) close(law.fresh[name], fresh[name], 1e-5, name)
  }
})

test('after a few epochs it is told that the decay is open, and the runs that are advised close it', () => {
  const { law, loss, runs } = repeatsWorld(4, 'as-fitted', 4)
  const few = fitted(runs, { targets: [1e22, 1e23], unique: [2e9] })
  assert.equal(few.tokens.kind, 'at-least')
  assert.ok(holds(few.tokens, law.tokens))
  assert.equal(few.worth[1].last.kind, 'at-least')
  // A best run of more epochs than any is not told.
  assert.deepEqual(
    few.withheld.map(({ flops }) => flops),
    [1e22, 1e23],
  )
  assert.equal(few.targets.length, 0)
  assert.equal(few.fresh.length, 2)
  const [open] = repeatsDiagnostics(few)
  assert.equal(open.code, 'repeats-open')
  assert.match(open.message, /^Up to 4\.00 epochs .* best run of 2 budgets has more and is not told\.$/)
  const times = open.advice.match(/the sizes of the table with their unique tokens seen (\S+) and (\S+) times/)
  const [, ...epochs] = times!.map(Number)
  assert.deepEqual(epochs, [16, 32])
  const known = Array.from({ length: runs.size }, (_, i) => ({
    parameters: runs.parameters[i],
    tokens: runs.tokens[i],
    unique: runs.tuning!.unique![i],
    loss: runs.loss[i],
  }))
  const again = new Map(
    known
      .filter(({ tokens, unique }) => unique < tokens)
      .map(({ parameters, unique }) => [`${parameters} ${unique}`, { parameters, unique }]),
  )
  const advised = [...again.values()].flatMap(({ parameters, unique }) =>
    epochs.map((e) => ({ parameters, unique, tokens: e * unique, loss: loss(parameters, e * unique, unique) })),
  )
  const more = fitted(tableOf([...known, ...advised]), { targets: [1e22], unique: [2e9] })
  assert.equal(more.tokens.kind, 'between')
  assert.ok(holds(more.tokens, law.tokens))
  assert.equal(more.targets.length, 1)
})

test('runs of very many epochs that rise above the law are named', () => {
  const codes = (each: Runs) => repeatsDiagnostics(fitted(each)).map(({ code }) => code)
  assert.ok(codes(repeatsWorld(4, 'memorizing', 64).runs).includes('repeats-memorized'))
  assert.ok(!codes(repeatsWorld(4, 'as-fitted', 64).runs).includes('repeats-memorized'))
  assert.equal(fitted(computed([1, 4])).late, null)
})

test('runs of one size say what repeats are worth, and no N', () => {
  const runs = computed([1, 2, 4, 8, 16, 32, 64])
  const one = selectRuns(
    runs,
    [...runs.parameters.keys()].filter((i) => runs.parameters[i] === 3e8),
  )
  const found = fitted(one)
  assert.match(found.undetermined ?? '', /all have N = 3\.00e8/)
  assert.deepEqual([found.fresh, found.targets, found.byEpochs], [[], [], []])
  close(found.taught[1].worth.value, 1 - 15.4 * Math.expm1(-3 / 15.4), 0.05, 'four epochs')
})

test('FLOPs that are 1.3 times 6ND stay so', async () => {
  const runs = computed([1, 4, 16, 64])
  const counted = { ...runs, flops: runs.flops.map((C) => 1.3 * C) }
  const { repeats } = await analyse(
    { runs: counted },
    { targets: [1.3e21], repeats: { unique: [1e10] }, resamples: 20 },
  )
  assert.ok(repeats?.kind === 'fitted')
  for (const { parameters, tokens } of [...repeats.fresh, ...repeats.targets])
    close(1.3 * 6 * parameters.value * tokens.value, 1.3e21, 1e-9)
  close(repeats.fresh[0].parameters.value, 1.824e9, 3e-3)
})

test('without repeats there is nothing to fit, and eight runs are needed', async () => {
  const once = computed([1])
  const plain = { ...once, tuning: undefined } as unknown as Runs
  for (const runs of [once, plain])
    await assert.rejects(analyse({ runs }, { repeats: {} }), { code: 'NO_REPEATS', message: /got 9 runs/ })
  const few = selectRuns(computed([1, 4]), [0, 1, 4, 5, 12])
  assert.deepEqual(repeatsResult(few, asked), { kind: 'unavailable', reason: '5 runs, it needs 8' })
})

test('by itself it leaves the other methods out; beside a method that is named, both are there', async () => {
  const runs = computed([1, 4, 16, 64])
  const alone = await analyse({ runs }, { repeats: {}, resamples: 20 })
  assert.equal(alone.methods.length, 0)
  assert.ok(!alone.diagnostics.some(({ code }) => code === 'repeats-counted-fresh'))
  const both = await analyse({ runs }, { repeats: {}, methods: ['surface'], resamples: 20 })
  assert.equal(both.methods[0].method, 'surface')
  assert.ok(both.repeats?.kind === 'fitted')
  const without = await analyse({ runs }, { methods: ['surface'], resamples: 20 })
  assert.equal(without.repeats, null)
  const counted = without.diagnostics.find(({ code }) => code === 'repeats-counted-fresh')
  assert.match(counted?.advice ?? '', /--repeats/)
})

test('equal runs and seeds give equal results; empty cells and 0.9 epochs are fresh', () => {
  const { runs } = repeatsWorld(5, 'as-fitted')
  assert.deepEqual(fitted(runs), fitted(runs))
  const unique = runs.tuning!.unique!.map((U, i) => (U === runs.tokens[i] ? Number.NaN : U))
  const blank = { ...runs, tuning: { ...runs.tuning!, unique } }
  assert.deepEqual(fitRepeats(blank).law, fitRepeats(runs).law)
  const larger = runs.tuning!.unique!.map((U, i) => (U === runs.tokens[i] ? 3 * U : U))
  assert.deepEqual(fitRepeats({ ...runs, tuning: { ...runs.tuning!, unique: larger } }).law, fitRepeats(runs).law)
})

const table = new URL('../../../shared/truth/scalebench/data_constrained_train.csv', import.meta.url)
test('the 161 runs of the data-constrained study', {
  skip: existsSync(table) ? false : 'data_constrained_train.csv is not on this machine',
}, async () => {
  const { runs } = await readRuns([fileURLToPath(table)])
  const { law, tokens } = fitted(runs)
  close(law.tokens, 28.4, 0.01)
  assert.ok(holds(tokens, 15.387756), 'the published R*')
})

test('whatever the numbers, the result has no number that is none', () => {
  for (let seed = 0; seed < 12; seed++) {
    const { uniform, normal } = random(seed, 3)
    const wide = uniform() < 0.5 ? 2 : 9
    const rows = Array.from({ length: 8 + Math.floor(30 * uniform()) }, () => {
      const parameters = 10 ** (8 + wide * (uniform() - 0.5))
      const tokens = 10 ** (9 + wide * (uniform() - 0.3))
      const unique = uniform() < 0.05 ? 1 : tokens / 10 ** (3 * uniform())
      const law = 1.7 + 400 * parameters ** -0.34 + 400 * tokens ** -0.28
      return { parameters, tokens, unique, loss: uniform() < 0.1 ? 10 ** (4 * normal()) : law * uniform() }
    })
    const told = repeatsResult(tableOf(rows), { ...asked, targets: [1e19, 1e25], unique: [1e8, 1e11], draws: 40 })
    const check = (value: unknown, path: string): void => {
      if (typeof value === 'number') assert.ok(Number.isFinite(value), `seed ${seed}: ${path} is ${value}`)
      else if (value !== null && typeof value === 'object')
        for (const [key, each] of Object.entries(value)) check(each, `${path}.${key}`)
    }
    check(told, 'result')
  }
})
