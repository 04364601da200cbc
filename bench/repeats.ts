/**
 * How right `isoflop fit --repeats` is: on simulated worlds of its law and unlike it, whether the 95 % intervals hold what is true and how
 * far the values are off, at 10 times the largest budget with the most unique tokens of a run that repeats; the published way of fitting
 * beside it; and on the 161 runs of the data-constrained study, the loss of runs that were held out.
 *
 *     npm run bench:repeats -- --worlds 200 --from 1000 --kinds as-fitted,shared --published
 *     npm run bench:repeats -- --study [--test]
 *
 * The study's table is ScaleBench's (arXiv 2604.22753, CC-BY-4.0), not part of this repository: ../shared/truth/scalebench holds
 * data_constrained_train.csv and data_constrained_test.csv. Nothing was chosen by the test runs.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { tokensFor } from '../src/core/flops.ts'
import { type Runs, selectRuns } from '../src/core/run.ts'
import { repeatsResult } from '../src/fit/repeats/assessment.ts'
import { epochsOf, repeatsData } from '../src/fit/repeats/data.ts'
import { fitRepeats } from '../src/fit/repeats/fit.ts'
import { intervalOf, type Limit } from '../src/fit/repeats/limit.ts'
import type { FittedRepeats } from '../src/fit/repeats/result.ts'
import { pointsOf } from '../src/fit/tuned/data.ts'
import { fitTuned, tunedPrediction } from '../src/fit/tuned/fit.ts'
import { readRuns } from '../src/input/read.ts'
import { bestRepeated, type RepeatsLaw, repeatsLoss } from '../src/law/repeats.ts'
import { goldenSection } from '../src/numeric/golden-section.ts'
import { quantile } from '../src/numeric/quantile.ts'
import { fitPublished } from './repeats-published.ts'
import { type RepeatsKind, type RepeatsWorld, repeatsKinds, repeatsWorld } from './repeats-worlds.ts'

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1000' },
    kinds: { type: 'string', default: repeatsKinds.join(',') },
    epochs: { type: 'string' },
    published: { type: 'boolean', default: false },
    study: { type: 'boolean', default: false },
    test: { type: 'boolean', default: false },
  },
})

/** More tokens than anybody has. */
const endless = Number.MAX_VALUE

/** The true best run of a world: a scan of ln N and golden section. */
function bestIn({ loss }: RepeatsWorld, C: number, U: number) {
  const at = (x: number) => loss(Math.exp(x), tokensFor(C, Math.exp(x)), U)
  const [low, step] = [Math.log(1e6), 0.12]
  let best = 0
  for (let k = 1; k < 130; k++) if (at(low + k * step) < at(low + best * step)) best = k
  const x = goldenSection(at, low + (best - 1) * step, low + (best + 1) * step)
  return { size: x, loss: at(x), lossAt: at }
}

/** Of one quantity: whether the interval holds the truth, the error, half the width. */
interface Score {
  readonly covers: boolean
  readonly error: number
  readonly half: number
}

const scored = (value: number, [low, high]: readonly [number, number], truth: number): Score => ({
  covers: truth >= low && truth <= high,
  error: Math.abs(value - truth),
  half: (high - low) / 2,
})

/** The logarithm of an R*; what is open at an end has no width. */
function limitScore(limit: Limit, value: number, truth: number): Score {
  const error = Math.abs(Math.log(value / truth))
  if (limit.kind === 'between') {
    const [low, high] = limit.interval
    return { covers: truth >= low && truth <= high, error, half: Math.log(high / low) / 2 }
  }
  const covers =
    limit.kind === 'at-least' ? truth >= limit.least : limit.kind === 'at-most' ? truth <= limit.most : true
  return { covers, error, half: Number.POSITIVE_INFINITY }
}

type Row = Readonly<Record<string, Score>>

/** What the product says of a world. */
function scoreWorld(world: RepeatsWorld, seed: number): { row: Row; regret: number | null } {
  const { runs, law } = world
  const { C, U } = askedOf(runs)
  const result = repeatsResult(runs, { targets: [C], unique: [U], confidence: 0.95, draws: 400, seed, flopsRatio: 1 })
  const { tokens, size, fresh, targets, law: found } = result as FittedRepeats
  const [truth, constrained] = [bestIn(world, C, endless), bestIn(world, C, U)]
  const row: Record<string, Score> = {
    'R* tokens': limitScore(tokens, found.tokens, law.tokens),
    'R* size': limitScore(size, found.size, law.size),
  }
  const logarithm = ([low, high]: readonly [number, number]) => [Math.log(low), Math.log(high)] as const
  for (const { parameters, loss } of fresh) {
    row['ln N fresh'] = scored(Math.log(parameters.value), logarithm(parameters.interval), truth.size)
    row['loss fresh'] = scored(loss.value, loss.interval, truth.loss)
  }
  for (const { parameters, loss, cost } of targets) {
    row['ln N repeated'] = scored(Math.log(parameters.value), logarithm(parameters.interval), constrained.size)
    row['loss repeated'] = scored(loss.value, loss.interval, constrained.loss)
    row.cost = scored(cost.value, cost.interval, constrained.loss - truth.loss)
  }
  const [target] = targets
  const regret = target ? constrained.lossAt(Math.log(target.parameters.value)) - constrained.loss : null
  return { row, regret }
}

/** The same of the published way of fitting. */
function scorePublished(world: RepeatsWorld, seed: number): { row: Row; regret: number | null } {
  const { runs, law } = world
  const { C, U } = askedOf(runs)
  const { law: found, draws } = fitPublished(runs, 120, seed)
  const [truth, constrained] = [bestIn(world, C, endless), bestIn(world, C, U)]
  const of = (quantity: (law: RepeatsLaw) => number, true_: number) =>
    scored(quantity(found), intervalOf(draws.map(quantity), 0.95), true_)
  const row = {
    'R* tokens': of(({ tokens }) => Math.log(tokens), Math.log(law.tokens)),
    'R* size': of(({ size }) => Math.log(size), Math.log(law.size)),
    'ln N fresh': of((each) => Math.log(bestRepeated(each, C, endless).parameters), truth.size),
    'loss fresh': of((each) => bestRepeated(each, C, endless).loss, truth.loss),
    'ln N repeated': of((each) => Math.log(bestRepeated(each, C, U).parameters), constrained.size),
    'loss repeated': of((each) => bestRepeated(each, C, U).loss, constrained.loss),
    cost: of((each) => bestRepeated(each, C, U).cost, constrained.loss - truth.loss),
  }
  return { row, regret: constrained.lossAt(Math.log(bestRepeated(found, C, U).parameters)) - constrained.loss }
}

/** 10 times the largest budget, and the most unique tokens of a run that repeats. */
function askedOf(runs: Runs): { C: number; U: number } {
  const repeated = runs.tuning!.unique!.filter((U, i) => U < 0.99 * runs.tokens[i])
  return { C: 10 * runs.flops.reduce((a, b) => Math.max(a, b)), U: repeated.reduce((a, b) => Math.max(a, b)) }
}

const short = (x: number): string => (Number.isFinite(x) ? x.toPrecision(2) : 'open')

function scoreKind(kind: RepeatsKind, way: typeof scoreWorld): void {
  const from = Number(values.from)
  const epochs = values.epochs === undefined ? undefined : Number(values.epochs)
  const scores = Array.from({ length: Number(values.worlds) }, (_, k) =>
    way(repeatsWorld(from + k, kind, epochs), from + k),
  )
  const regrets = scores.flatMap(({ regret }) => (regret === null ? [] : [regret]))
  console.log(
    `\n${kind}, ${scores.length} worlds, ${regrets.length} with a best run told; its regret ${short(quantile(regrets, 0.5))} / ${short(quantile(regrets, 0.9))}\n`,
  )
  console.log('| | intervals cover | error, median / 90 % | half width, median |\n|---|---|---|---|')
  for (const name of new Set(scores.flatMap(({ row }) => Object.keys(row)))) {
    const all = scores.flatMap(({ row }) => row[name] ?? [])
    const errors = all.map(({ error }) => error)
    const covers = (100 * all.filter((score) => score.covers).length) / all.length
    const half = quantile(
      all.map((score) => score.half),
      0.5,
    )
    console.log(
      `| ${name} | ${covers.toFixed(0)} % | ${short(quantile(errors, 0.5))} / ${short(quantile(errors, 0.9))} | ${short(half)} |`,
    )
  }
}

/** R^2, the median error and the mean error, nats. */
function errorsOf(predict: (i: number) => number, { loss, size }: Runs): string {
  const errors = Array.from({ length: size }, (_, i) => predict(i) - loss[i])
  const mean = loss.reduce((a, b) => a + b) / size
  const squares = errors.reduce((sum, error) => sum + error * error, 0)
  const r2 = 1 - squares / loss.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const typical = quantile(errors.map(Math.abs), 0.5)
  return `${r2.toFixed(2)}, ${typical.toFixed(3)}, ${(errors.reduce((a, b) => a + b) / size).toFixed(3)}`
}

function scoreHeldOut(name: string, train: Runs, test: Runs): void {
  const unique = repeatsData(test).unique
  const by = (law: RepeatsLaw) => (i: number) => repeatsLoss(law, test.parameters[i], test.tokens[i], unique[i])
  const tuned = fitTuned(train)
  const points = pointsOf(test, tuned.data)
  const ways = [
    errorsOf(by(fitRepeats(train).law), test),
    errorsOf(by(fitPublished(train, 0, 0).law), test),
    errorsOf((i) => tunedPrediction(tuned, points[i]), test),
  ]
  console.log(`| ${name} | ${train.size}, ${test.size} | ${ways.join(' | ')} |`)
}

async function scoreStudy(): Promise<void> {
  const folder = fileURLToPath(new URL('../../shared/truth/scalebench', import.meta.url))
  const file = (part: string) => join(folder, `data_constrained_${part}.csv`)
  if (!existsSync(file('train'))) {
    console.log(`skipped: ${file('train')} is not on this machine`)
    return
  }
  const { runs } = await readRuns([file('train')])
  const epochs = epochsOf(repeatsData(runs))
  const split = (name: string, keep: (i: number) => boolean) => {
    const indices = Array.from({ length: runs.size }, (_, i) => i)
    scoreHeldOut(
      name,
      selectRuns(runs, indices.filter(keep)),
      selectRuns(
        runs,
        indices.filter((i) => !keep(i)),
      ),
    )
  }
  console.log('R^2, median error, mean error, nats\n')
  console.log('| fitted to | runs fitted, held out | repeats | as published | joint |\n|---|---|---|---|---|')
  for (const most of [1e20, 2e19, 3e18]) split(`C to ${most.toExponential()}`, (i) => runs.flops[i] <= most)
  for (const most of [4, 10]) split(`${most} epochs`, (i) => epochs[i] <= 1.03 * most)
  if (values.test) scoreHeldOut('all, the test runs', runs, (await readRuns([file('test')])).runs)
}

if (values.study) await scoreStudy()
else
  for (const kind of values.kinds.split(',') as RepeatsKind[]) {
    scoreKind(kind, scoreWorld)
    if (values.published) {
      console.log('\nas published:')
      scoreKind(kind, scorePublished)
    }
  }
