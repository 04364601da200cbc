/**
 * Three tasks of ScaleBench with all training runs of each pool: the law of size, tokens, learning rate, batch and repeated data
 * predicts runs that cost more than any it was fitted to.
 *
 *     npm run bench:scalebench -- FOLDER
 *
 * The tables are of PlanarG/active-sl (Sijie Li et al., arXiv 2604.22753, CC-BY-4.0) and not part of this repository: FOLDER, or
 * SCALEBENCH in the environment, or ../shared/truth/scalebench, holds TASK_train.csv and TASK_test.csv. A task without its files
 * is skipped by name. The score is the benchmark's: R^2 on the test runs, clipped to [-1, 1]. Form and weights of the law were
 * chosen on held-out parts of the training pools; the test runs decide nothing.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Runs } from '../src/core/run.ts'
import { pointsOf } from '../src/fit/tuned/data.ts'
import { fitTuned, tunedPrediction } from '../src/fit/tuned/fit.ts'
import { readRuns } from '../src/input/read.ts'

/** The benchmark's own: best published with 10 % of the pool's cost, and the mean of its laws with all data. */
const tasks = [
  { name: 'lr_bsz', published: 0.22, allData: 0.04 },
  { name: 'farseer', published: 0.93, allData: 0.91 },
  { name: 'data_constrained', published: 0.86, allData: 0.79 },
] as const

const beside = fileURLToPath(new URL('../../shared/truth/scalebench', import.meta.url))
const folder = process.argv[2] ?? process.env.SCALEBENCH ?? beside

/** R^2, clipped, the root mean square error and the mean error. */
function scores(predicted: readonly number[], { loss, size }: Runs) {
  const mean = loss.reduce((a, b) => a + b) / size
  const errors = predicted.map((value, i) => value - loss[i])
  const squares = errors.reduce((sum, error) => sum + error * error, 0)
  const spread = loss.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const r2 = Math.max(-1, Math.min(1, 1 - squares / spread))
  return { r2, rmse: Math.sqrt(squares / size), bias: errors.reduce((a, b) => a + b) / size }
}

console.log(
  'task              runs  test  R^2      rmse     bias     q                        s     published: best, all data',
)
for (const { name, published, allData } of tasks) {
  const [train, test] = ['train', 'test'].map((part) => join(folder, `${name}_${part}.csv`))
  if (!existsSync(train) || !existsSync(test)) {
    console.log(`${name}: skipped, ${train} or its test is not there`)
    continue
  }
  const { runs } = await readRuns([train])
  const held = (await readRuns([test])).runs
  const start = performance.now()
  const fit = fitTuned(runs)
  const seconds = (performance.now() - start) / 1000
  const predicted = pointsOf(held, fit.data).map((point) => tunedPrediction(fit, point))
  const { r2, rmse, bias } = scores(predicted, held)
  const believed = fit.modes.map(({ q, weight }) => `${q}: ${weight.toFixed(2)}`).join(', ')
  console.log(
    `${name.padEnd(16)} ${String(runs.size).padStart(5)} ${String(held.size).padStart(5)}  ${r2.toFixed(4)}  ${rmse.toFixed(4)}  ` +
      `${bias.toFixed(4).padStart(7)}  ${believed}  ${seconds.toFixed(2)}  ${published}, ${allData}`,
  )
}
