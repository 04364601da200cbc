import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Runs, selectRuns } from '../../src/core/run.ts'
import { tunedResult } from '../../src/fit/tuned/assessment.ts'
import { pointsOf } from '../../src/fit/tuned/data.ts'
import { fitTuned, tunedPrediction } from '../../src/fit/tuned/fit.ts'
import { readRuns } from '../../src/input/read.ts'
import { needs } from '../support.ts'

// Measured tables of other people lie beside the repository where they may be used.
const shared = (name: string) => fileURLToPath(new URL(`../../../shared/${name}`, import.meta.url))
const bench = (task: string) => shared(`truth/scalebench/${task}_train.csv`)
const missing = (file: string): false | string => (existsSync(file) ? false : `${file} is not on this machine`)

const inside = (value: number, [low, high]: readonly [number, number]) => value >= low && value <= high

test('the formulas of the Step Law grid hold the published ones', { skip: needs('steplaw_dense.csv') }, async () => {
  const { runs } = await readRuns([shared('data/steplaw_dense.csv')])
  const { rate, batch, predictions } = tunedResult(runs, [1e21], 0.95)
  // Li et al. 2025: best rate 1.79 N^-0.713 D^0.307, best batch 0.58 D^0.571 tokens.
  assert.ok(rate?.parameters && batch)
  assert.ok(inside(-0.713, rate.parameters.interval), `${rate.parameters.interval}`)
  assert.ok(inside(0.307, rate.tokens.interval) && inside(0.571, batch.tokens.interval))
  assert.ok(rate.parameters.value < -0.4 && rate.tokens.value > 0.2)
  const [{ parameters: N, tokens: D, rate: best }] = predictions
  assert.ok(inside(1.79 * N.value ** -0.713 * D.value ** 0.307, best!.interval))
})

/** R^2 of predictions of the runs that cost most, by the law of the others. */
function heldOut(runs: Runs, share: number): number {
  const order = Array.from({ length: runs.size }, (_, i) => i).sort((i, j) => runs.flops[i] - runs.flops[j])
  const cut = Math.round((1 - share) * runs.size)
  const fit = fitTuned(selectRuns(runs, order.slice(0, cut)))
  const held = selectRuns(runs, order.slice(cut))
  const mean = held.loss.reduce((a, b) => a + b) / held.size
  const errors = pointsOf(held, fit.data).map((point, i) => tunedPrediction(fit, point) - held.loss[i])
  const spread = held.loss.reduce((sum, loss) => sum + (loss - mean) ** 2, 0)
  return 1 - errors.reduce((sum, error) => sum + error * error, 0) / spread
}

for (const [task, share, least] of [
  ['lr_bsz', 0.25, 0.8],
  ['farseer', 0.1, 0.97],
] as const)
  test(`the costliest runs of the pool ${task} are predicted by the others`, {
    skip: missing(bench(task)),
  }, async () => {
    const r2 = heldOut((await readRuns([bench(task)])).runs, share)
    assert.ok(r2 > least, `R^2 ${r2}`)
  })
