import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrainingConfig } from '../../src/core/config.ts'
import { random } from '../../src/core/random.ts'
import { drawLaws } from '../../src/fit/joint/draws.ts'
import { fitJoint, type JointFit, type JointRun } from '../../src/fit/joint/fit.ts'
import type { JointMode } from '../../src/fit/joint/mode.ts'
import { dot, times } from '../../src/numeric/matrix.ts'
import { median } from '../../src/numeric/quantile.ts'
import { placeOf } from '../../src/plan/place.ts'
import { Posterior } from '../../src/plan/posterior.ts'
import { cs336World } from '../../src/world/calibrated.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { jointOptions, lawRuns, plainLaw, spreadConfigs } from './joint-runs.ts'

const fitTo = (runs: readonly JointRun[]): JointFit => fitJoint(runs, jointOptions)

/** The median over the runs of the largest budget of what the draws' median is off by, nats. */
function offAtTop({ used }: JointFit, posterior: Posterior): number {
  const top = Math.max(...used.map(({ config }) => config.trainFlops))
  const last = used.filter(({ config }) => config.trainFlops === top)
  assert.ok(last.length >= 5)
  return median(last.map(({ config, loss }) => median(posterior.losses(placeOf(config))) - loss))
}

const configs = spreadConfigs(120, 1)

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
