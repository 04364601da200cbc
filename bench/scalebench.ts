/**
 * Three tasks of ScaleBench, a public benchmark of scaling laws fitted on a budget: from a pool of training runs, buy for 1, 5 and
 * 10 % of what all of them cost, and predict runs that cost more than any of them. Beside it the same law on runs taken at random,
 * and on all runs of the pool.
 *
 *     npm run bench:scalebench -- FOLDER --repetitions 10
 *
 * With --next 8 the runs are not bought by `chooseFromPool`: `nextFromPool` is asked for as many again and again, with the losses of what it
 * named. With --held the dearest tenth of each training pool stands for the test runs, which are not looked at.
 *
 * The tables are of PlanarG/active-sl (Sijie Li et al., arXiv 2604.22753, CC-BY-4.0) and not part of this repository: FOLDER, or
 * SCALEBENCH in the environment, or ../shared/truth/scalebench, holds TASK_train.csv and TASK_test.csv. A task without its files
 * is skipped by name. The score is the benchmark's: R^2 on the test runs, clipped to [-1, 1]. Form and weights of the law, and how
 * runs are chosen, were decided on held-out parts of the training pools; the test runs decide nothing.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { random } from '../src/core/random.ts'
import { type Runs, selectRuns } from '../src/core/run.ts'
import { outcomeOf } from '../src/core/trainer.ts'
import { pointsOf } from '../src/fit/tuned/data.ts'
import { fitTuned, type TunedFit, tunedPrediction } from '../src/fit/tuned/fit.ts'
import { readRuns } from '../src/input/read.ts'
import { chooseFromPool } from '../src/plan/pool/choose.ts'
import { nextFromPool } from '../src/plan/pool/next.ts'
import { scoresOf } from '../src/plan/pool/verdict.ts'

const shares = [0.01, 0.05, 0.1] as const

/** The benchmark's own: mean R^2 of its best way to choose and of runs at random, by share, and of its laws with all data. */
const tasks = [
  { name: 'lr_bsz', published: { best: [-0.65, 0, 0.22], random: [-0.65, -0.45, -0.33], all: 0.04 } },
  { name: 'farseer', published: { best: [0.67, 0.88, 0.93], random: [-0.77, 0.78, 0.79], all: 0.91 } },
  { name: 'data_constrained', published: { best: [0.73, 0.85, 0.86], random: [-0.74, -0.36, 0.12], all: 0.79 } },
] as const

const beside = fileURLToPath(new URL('../../shared/truth/scalebench', import.meta.url))
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { repetitions: { type: 'string', default: '10' }, next: { type: 'string' }, held: { type: 'boolean' } },
})
const folder = positionals[0] ?? process.env.SCALEBENCH ?? beside
const seeds = Array.from({ length: Number(values.repetitions) }, (_, seed) => seed)

/** R^2, clipped, the root mean square error and the mean error. */
function scores(predicted: readonly number[], { loss, size }: Runs) {
  const mean = loss.reduce((a, b) => a + b) / size
  const errors = predicted.map((value, i) => value - loss[i])
  const squares = errors.reduce((sum, error) => sum + error * error, 0)
  const spread = loss.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const r2 = Math.max(-1, Math.min(1, 1 - squares / spread))
  return { r2, rmse: Math.sqrt(squares / size), bias: errors.reduce((a, b) => a + b) / size }
}

const predictions = (fit: TunedFit, held: Runs): number[] =>
  pointsOf(held, fit.data).map((point) => tunedPrediction(fit, point))

/** As many runs as the budget allows, in random order; those too dear are passed over. */
function atRandom({ flops, size }: Runs, budget: number, seed: number): number[] {
  const draw = random(seed)
  const order = Array.from({ length: size }, (_, i) => ({ i, place: draw.uniform() }))
  let spent = 0
  return order
    .sort((a, b) => a.place - b.place)
    .flatMap(({ i }) => {
      if (spent + flops[i] > budget) return []
      spent += flops[i]
      return [i]
    })
}

const middle = (sorted: readonly number[]): number =>
  (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2

/** Median, least and most. */
function summary(values: readonly number[], digits = 3): string {
  const sorted = values.toSorted((a, b) => a - b)
  return `${middle(sorted).toFixed(digits)} (${sorted[0].toFixed(digits)} to ${sorted.at(-1)!.toFixed(digits)})`
}

/** Each repetition's R^2 and number of runs bought, and the share of test runs in their 95 % intervals. */
async function choose(train: Runs, held: Runs, budget: number) {
  const { loss, ...settings } = train
  const { loss: _hidden, ...target } = held
  const pool = { settings, cost: train.flops }
  return Promise.all(
    seeds.map(async (seed) => {
      const { bought, predictions } = await chooseFromPool(pool, target, (i) => outcomeOf(loss[i]), { budget, seed })
      const predicted = predictions.map(({ value }) => value)
      const covered = predictions.filter(({ interval: [low, high] }, i) => low <= held.loss[i] && held.loss[i] <= high)
      return { r2: scores(predicted, held).r2, runs: bought.length, covered: covered.length / held.size }
    }),
  )
}

/** The same where what to make next is asked for again and again. */
async function askAgain(train: Runs, held: Runs, budget: number, most: number) {
  const { loss, ...settings } = train
  const { loss: _hidden, ...target } = held
  const pool = { settings, cost: train.flops }
  return seeds.map((seed) => {
    const known = new Float64Array(train.size).fill(Number.NaN)
    for (;;) {
      const advice = nextFromPool(pool, known, target, { budget, most, seed })
      const named = advice.kind === 'opening' ? advice.runs : advice.plan.runs.map(({ index }) => index)
      for (const i of named) known[i] = loss[i]
      if (named.length > 0) continue
      const told = advice.kind === 'round' ? scoresOf(advice.prediction.losses, held.loss) : null
      return { r2: told?.r2 ?? -1, runs: known.filter(Number.isFinite).length, covered: told?.covered ?? 0 }
    }
  })
}

/** All but the dearest tenth of some runs, and that tenth. */
function parted(runs: Runs): readonly [Runs, Runs] {
  const order = [...runs.flops.keys()].sort((a, b) => runs.flops[a] - runs.flops[b])
  const cut = Math.floor(0.9 * order.length)
  return [
    selectRuns(
      runs,
      order.slice(0, cut).sort((a, b) => a - b),
    ),
    selectRuns(runs, order.slice(cut)),
  ]
}

const drawn = (train: Runs, held: Runs, budget: number): number[] =>
  seeds.map((seed) => {
    const fit = fitTuned(selectRuns(train, atRandom(train, budget, seed)))
    return scores(predictions(fit, held), held).r2
  })

console.log(`R^2 on the test runs; median (least to most) of ${seeds.length} repetitions`)
for (const { name, published } of tasks) {
  const [trained, tested] = ['train', 'test'].map((part) => join(folder, `${name}_${part}.csv`))
  if (!existsSync(trained) || !existsSync(tested)) {
    console.log(`${name}: skipped, ${trained} or its test is not there`)
    continue
  }
  const all = (await readRuns([trained])).runs
  const [train, held] = values.held ? parted(all) : [all, (await readRuns([tested])).runs]
  const fit = fitTuned(train)
  const { r2, rmse, bias } = scores(predictions(fit, held), held)
  const believed = fit.modes.map(({ q, weight }) => `${q}: ${weight.toFixed(2)}`).join(', ')
  console.log(
    `\n${name}: ${train.size} runs, ${held.size} to predict\n` +
      `  all runs  ${r2.toFixed(4)}, rmse ${rmse.toFixed(4)}, bias ${bias.toFixed(4)}, q ${believed}; published ${published.all}`,
  )
  const total = train.flops.reduce((a, b) => a + b)
  for (const [k, share] of shares.entries()) {
    const start = performance.now()
    const budget = share * total
    const chosen = await (values.next
      ? askAgain(train, held, budget, Number(values.next))
      : choose(train, held, budget))
    const seconds = (performance.now() - start) / 1000 / seeds.length
    const of = (quantity: keyof (typeof chosen)[number]) => chosen.map((choice) => choice[quantity])
    console.log(
      `  ${`${100 * share} %`.padStart(4)}  chosen ${summary(of('r2'))}, runs ${summary(of('runs'), 0)}, ` +
        `covered ${summary(of('covered'), 2)}, ${seconds.toFixed(1)} s each\n` +
        `        at random ${summary(drawn(train, held, share * total))}; ` +
        `published best ${published.best[k]}, at random ${published.random[k]}`,
    )
  }
}
