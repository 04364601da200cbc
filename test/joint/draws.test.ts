import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { random } from '../../src/core/random.ts'
import type { TrainedRun } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { architecture } from '../../src/cs336/parameters.ts'
import { apiSpace, cs336Space } from '../../src/cs336/space.ts'
import { drawLaws } from '../../src/joint/draws.ts'
import { fitJoint, type JointFit } from '../../src/joint/fit.ts'
import type { JointMode } from '../../src/joint/mode.ts'
import { Posterior } from '../../src/joint/posterior.ts'
import { cholesky } from '../../src/numeric/cholesky.ts'
import { dot, times } from '../../src/numeric/matrix.ts'
import { median, quantile } from '../../src/numeric/quantile.ts'
import { placeOf } from '../../src/space/space.ts'
import { cs336World } from '../../src/world/calibrated.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { jointOptions, lawRuns, plainLaw, spreadConfigs } from './joint-runs.ts'

const fitTo = (runs: readonly TrainedRun[]): JointFit => fitJoint(runs, jointOptions)

/** The median over the runs of the largest budget of what the draws' median is off by, nats. */
function offAtTop({ used }: JointFit, posterior: Posterior): number {
  const top = Math.max(...used.map(({ config }) => config.trainFlops))
  const last = used.filter(({ config }) => config.trainFlops >= 0.97 * top)
  assert.ok(last.length >= 5)
  return median(last.map(({ config, loss }) => median(posterior.losses(placeOf(apiSpace, config))) - loss))
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
  const fit = fitJoint(runs, { target: 1e14, space: cs336Space({ vocabularySize: 4096 }) })
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
const configOf = (N: number, trainFlops: number): TrainingConfig => {
  const numLayers = architecture.depthFor(N, 65)
  return { dModel: 65 * numLayers, numLayers, numHeads: 1, batchSize: 128, learningRate: 1e-3, trainFlops }
}

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
  assert.equal(other.length, 3)
  assert.ok(other.every(({ theta }, k) => theta.some((value, j) => value !== first[k].theta[j])))
})

test('a curved posterior: the draws have the median and the spread of Hamiltonian sampling', () => {
  // Few runs of two near budgets leave the law far from linear.
  const few = spreadConfigs(12, 4, [3e16, 1e17])
  const [{ mode }] = fitTo(lawRuns(plainLaw(), 'tokens', few, 0.02)).modes
  const target = { ...few[0], trainFlops: 1e19, dModel: 1024, numLayers: 16 }
  const lossOf = (draw: Parameters<JointMode['lossOf']>[0]) => mode.lossOf(draw, mode.point(target))
  const drawn = drawLaws(mode, 400, random(3)).map(lossOf)
  const sampled = hamiltonian(mode, 3000, random(4)).map(lossOf)
  const [low, middle, high] = [0.16, 0.5, 0.84].map((p) => quantile(sampled, p))
  const spread = (quantile(drawn, 0.84) - quantile(drawn, 0.16)) / (high - low)
  assert.ok(Math.abs(median(drawn) - middle) < 0.5 * (high - low), `${median(drawn)}, sampled ${middle}`)
  assert.ok(spread > 0.7 && spread < 1.8, `${spread} of the sampled spread, ${low} to ${high}`)
})

/** Every third of so many samples of a mode's posterior (Neal 2011), in the coordinates in which it is round at the maximum. */
function hamiltonian(mode: JointMode, count: number, rng: ReturnType<typeof random>) {
  const { problem, z, covariance } = mode.fitted
  const n = mode.size
  const L = cholesky(covariance, n)!
  const at = (u: Float64Array) => {
    const place = z.map((value, a) => value + u.subarray(0, a + 1).reduce((sum, x, b) => sum + L[a * n + b] * x, 0))
    const energy = problem.cost(place) / 2
    const { gradient } = problem.slope()
    const slope = u.map((_, b) => gradient.reduce((sum, g, a) => sum + (a >= b ? g * L[a * n + b] : 0), 0))
    return { u, place, energy, slope }
  }
  const kinetic = (v: Float64Array) => v.reduce((sum, x) => sum + x * x, 0) / 2
  let here = at(new Float64Array(n))
  let step = 0.2
  const samples = []
  for (let k = 0; k < count; k++) {
    let v = Float64Array.from({ length: n }, () => rng.normal())
    const before = here.energy + kinetic(v)
    let there = here
    for (let s = 20 + rng.integer(30); s > 0; s--) {
      v = v.map((x, a) => x - (step / 2) * there.slope[a])
      there = at(there.u.map((x, a) => x + step * v[a]))
      v = v.map((x, a) => x - (step / 2) * there.slope[a])
    }
    const accepted = Math.log(rng.uniform()) < before - there.energy - kinetic(v)
    if (accepted) here = there
    if (k < count / 5) step *= accepted ? 1.01 : 0.97
    else if (k % 3 === 0) samples.push(problem.drawAt(here.place))
  }
  return samples
}
