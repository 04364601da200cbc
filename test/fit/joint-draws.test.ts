import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TrainingConfig } from '../../src/core/config.ts'
import { random } from '../../src/core/random.ts'
import { drawLaws } from '../../src/fit/joint/draws.ts'
import { fitJoint, type JointFit, type JointRun } from '../../src/fit/joint/fit.ts'
import type { JointMode } from '../../src/fit/joint/mode.ts'
import { dot, times } from '../../src/numeric/matrix.ts'
import { median } from '../../src/numeric/quantile.ts'
import { configAt, placeOf } from '../../src/plan/place.ts'
import { Posterior } from '../../src/plan/posterior.ts'
import { cs336World } from '../../src/world/calibrated.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { jointOptions, lawRuns, plainLaw, spreadConfigs } from './joint-runs.ts'

const fitTo = (runs: readonly JointRun[]): JointFit => fitJoint(runs, jointOptions)

/** The median over the runs of the largest budget of what the draws' median is off by, nats. */
function offAtTop({ used }: JointFit, posterior: Posterior): number {
  const top = Math.max(...used.map(({ config }) => config.trainFlops))
  const last = used.filter(({ config }) => config.trainFlops >= 0.97 * top)
  assert.ok(last.length >= 5)
  return median(last.map(({ config, loss }) => median(posterior.losses(placeOf(config))) - loss))
}

const configs = spreadConfigs(120, 1)

/** Tables of other people's runs lie beside the repository where they may be used, and are not part of it. */
const tableOf = (name: string) => new URL(`../../../shared/truth/runs/${name}.csv`, import.meta.url)
const needsTable = (name: string): false | string =>
  existsSync(tableOf(name)) ? false : `${name}.csv is not on this machine`

for (const seed of [1000, 1001, 1002])
  test(`drawn world ${seed}: the draws pass through the runs of the largest budget`, () => {
    const { observe } = drawnWorld(seed)
    const fit = fitTo(configs.map((config) => ({ config, loss: observe(config) })))
    const off = offAtTop(fit, new Posterior(fit, 80, 0))
    assert.ok(Math.abs(off) <= 0.008, `off by ${off}`)
  })

test('cs336: the draws pass through the runs of the largest budget', () => {
  const { observe } = cs336World()
  const fit = fitTo(configs.map((config) => ({ config, loss: observe(config) })))
  const off = offAtTop(fit, new Posterior(fit, 80, 0))
  assert.ok(Math.abs(off) <= 0.008, `off by ${off}`)
})

test('our own trainings of tiny models: the draws pass through the runs of the largest budget', () => {
  const lines = readFileSync(new URL('../../data/cpu-isoflops.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  const runs = lines.map((line) => {
    const { config, trainFlops, loss, vocabularySize } = JSON.parse(line)
    assert.equal(vocabularySize, 4096)
    const { d_model: dModel, num_layers: numLayers, num_heads: numHeads } = config
    const { batch_size: batchSize, learning_rate: learningRate } = config
    return {
      config: { dModel, numLayers, numHeads, batchSize, learningRate, trainFlops },
      loss: loss.validation,
    }
  })
  const fit = fitJoint(runs, { target: 1e14, vocabularySize: 4096, contextLength: 512 })
  const off = offAtTop(fit, new Posterior(fit, 80, 0))
  assert.ok(Math.abs(off) <= 0.008, `off by ${off}`)
})

/** Profiles of real runs, and the largest budget of them that is fitted. */
const tables = [
  ['chin_oa', 1e21],
  ['misfit_iso', 4e18],
  ['porian_rw_tuned_short_const_standard', 1.7e18],
] as const
for (const [name, most] of tables)
  test(`${name}: the draws pass through the runs of the largest budget`, { skip: needsTable(name) }, () => {
    const rows = readFileSync(tableOf(name), 'utf8').trim().split('\n').slice(1)
    const runs = rows
      .map((row) => row.split(',').map(Number))
      .filter(([, , flops]) => flops <= 1.02 * most)
      .map(([N, , flops, loss]) => ({ config: configOf(N, flops), loss }))
    const fit = fitJoint(runs, { ...jointOptions, target: 10 * most, accountings: ['none'] })
    const off = offAtTop(fit, new Posterior(fit, 80, 0))
    assert.ok(Math.abs(off) <= 0.008, `off by ${off}`)
  })

/** A run of which only size and FLOPs are known, as if all had one shape, rate and batch. */
const configOf = (N: number, flops: number): TrainingConfig =>
  configAt({ size: Math.log(N), rate: Math.log(1e-3), ratio: Math.log(65), batchSize: 128, flops })

test('where many exact runs make the law nearly linear, the draws have the mean and the covariance of the maximum', () => {
  const { modes } = fitTo(lawRuns(plainLaw(), 'tokens', configs, 1e-4))
  const [{ mode }] = modes
  const drawn = drawLaws(mode, 200, random(3))
  for (const config of [configs[65], configs[70], configs[71]]) {
    const losses = drawn.map((draw) => mode.lossOf(draw, mode.point(config)))
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
    const sd = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / losses.length)
    const [loss, expected] = linearAt(mode, config)
    assert.ok(Math.abs(mean - loss) < 0.3 * expected, `mean ${mean}, at the maximum ${loss} +- ${expected}`)
    assert.ok(sd > 0.75 * expected && sd < 1.3 * expected, `sd ${sd}, to first order ${expected}`)
  }
})

/** The most probable loss and its standard deviation to first order. */
function linearAt(mode: JointMode, config: TrainingConfig): [loss: number, sd: number] {
  const sensitivity = new Float64Array(mode.size)
  const loss = mode.loss(mode.point(config), sensitivity)
  return [loss, Math.sqrt(dot(sensitivity, times(mode.fitted.covariance, sensitivity)))]
}

test('equal streams give equal draws, other streams others, and drawing leaves the fit as it was', () => {
  const [{ mode }] = fitTo(lawRuns(plainLaw(), 'tokens', configs.slice(0, 60), 0.01)).modes
  const before = mode.fitted.problem.cost(mode.fitted.z)
  const first = drawLaws(mode, 3, random(0, 1))
  assert.equal(mode.fitted.problem.cost(mode.fitted.z), before)
  assert.deepEqual(drawLaws(mode, 3, random(0, 1)), first)
  const other = drawLaws(mode, 3, random(0, 2))
  assert.ok(other.every(({ theta }, k) => theta.some((value, j) => value !== first[k].theta[j])))
})
