import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { embeddingAccountings } from '../../src/core/flops.ts'
import type { TrainedRun } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { fitJoint, type JointFit, mostUsableLoss } from '../../src/joint/fit.ts'
import { bestJointRate } from '../../src/joint/law.ts'
import type { JointMode } from '../../src/joint/mode.ts'
import { jointPoint } from '../../src/joint/point.ts'
import { Posterior } from '../../src/joint/posterior.ts'
import { priors } from '../../src/joint/prior.ts'
import { dot, times } from '../../src/numeric/matrix.ts'
import { median } from '../../src/numeric/quantile.ts'
import { placeOf } from '../../src/space/space.ts'
import { cs336World } from '../../src/world/calibrated.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { close } from '../support.ts'
import { jointOptions, lawLoss, lawRuns, plainLaw, spreadConfigs } from './joint-runs.ts'

/** Nothing like it is among the runs. */
const unseen: TrainingConfig = {
  ...{ dModel: 1536, numLayers: 24, numHeads: 24 },
  ...{ batchSize: 256, learningRate: 4e-4, trainFlops: 1e19 },
}
const configs = spreadConfigs(120, 1)

const lossAt = (mode: JointMode, config: TrainingConfig): number => mode.lossOf(mode.fitted, mode.point(config))

/** Standard deviation of ln of the best rate. */
function rateSd(mode: JointMode, config: TrainingConfig): number {
  const { free, theta, covariance } = mode.fitted
  const x = mode.point(config)
  const gradient = new Float64Array(mode.size)
  free.forEach((k, i) => {
    // Linear in every coefficient.
    const moved = theta.map((value, j) => (j === k ? value + 1 : value))
    gradient[i] = (bestJointRate(moved, x) - bestJointRate(theta, x)) * priors.usual.sd[k]
  })
  return Math.sqrt(dot(gradient, times(covariance, gradient)))
}

/** A digest of the bytes of all that was fitted. */
function digestOf({ modes, cut }: JointFit): string {
  const hash = createHash('sha256').update(String(cut))
  for (const { mode, weight } of modes) {
    const { form, accounting, scales, evidence, theta, weights, covariance } = mode.fitted
    hash.update(JSON.stringify({ weight, form, accounting, scales, evidence }))
    for (const numbers of [theta, weights, covariance]) hash.update(numbers)
  }
  return hash.digest('hex')
}

for (const accounting of embeddingAccountings)
  test(`runs of a plain law whose accounting is ${accounting}: accounting, form, loss and best rate come back`, () => {
    const theta = plainLaw()
    const { modes, used, cut } = fitJoint(lawRuns(theta, accounting, configs, 1e-4), jointOptions)
    const [{ mode, weight }] = modes
    assert.equal(mode.fitted.accounting, accounting)
    assert.equal(mode.fitted.form, 'plain')
    assert.ok(weight > 0.8, `${weight}`)
    assert.equal(cut, mostUsableLoss)
    assert.ok(used.length > 80)
    const truth = lawLoss(theta, accounting, unseen)
    assert.ok(Math.abs(lossAt(mode, unseen) - truth) < 0.005, `${lossAt(mode, unseen)}, not ${truth}`)
    const rate = bestJointRate(mode.fitted.theta, mode.point(unseen))
    const best = bestJointRate(theta, jointPoint(apiSpace, unseen, accounting))
    close(Math.exp(rate), Math.exp(best), 0.1, 'best rate')
  })

test('noise is found, and the fit is as good as its own standard deviation says', () => {
  const theta = plainLaw()
  const { modes } = fitJoint(lawRuns(theta, 'tokens', configs, 0.02), jointOptions)
  const [{ mode }] = modes
  close(Math.exp(mode.fitted.scales.noise), 0.02, 0.35, 'noise')
  const sensitivity = new Float64Array(mode.size)
  const loss = mode.loss(mode.point(unseen), sensitivity)
  close(loss, lossAt(mode, unseen), 1e-12)
  const sd = Math.sqrt(dot(sensitivity, times(mode.fitted.covariance, sensitivity)))
  assert.ok(sd > 0.005 && sd < 0.06, `sd ${sd}`)
  assert.ok(Math.abs(loss - lawLoss(theta, 'tokens', unseen)) < 2.5 * sd)
})

test('where the best rate is above all rates that may be asked, the loss at the cap is right and the rate is uncertain', () => {
  const beyond = plainLaw({ rate: Math.log(1e-2) })
  const known = configs.map((config) => jointPoint(apiSpace, config, 'tokens'))
  assert.ok(known.every((x) => x.rate < bestJointRate(beyond, x)))
  const [seen, censored] = [plainLaw(), beyond].map(
    (theta) => fitJoint(lawRuns(theta, 'tokens', configs, 0.005), jointOptions).modes[0].mode,
  )
  const atCap = { ...unseen, learningRate: 1e-3 }
  const error = lossAt(censored, atCap) - lawLoss(beyond, 'tokens', atCap)
  assert.ok(Math.abs(error) < 0.05, `off by ${error}`)
  const [certain, uncertain] = [seen, censored].map((mode) => rateSd(mode, unseen))
  assert.ok(uncertain > 0.4 && uncertain > 2 * certain, `${uncertain}, with the optimum in reach ${certain}`)
  const best = bestJointRate(beyond, censored.point(unseen))
  assert.ok(Math.abs(bestJointRate(censored.fitted.theta, censored.point(unseen)) - best) < 3 * uncertain)
})

test('two batches: which is better, and by how much, is told at a budget where none was tried', () => {
  const laws = {
    larger: plainLaw({ batch: Math.log(20), batchWaste: Math.log(0.1), critical: Math.log(50) }),
    smaller: plainLaw({ batch: Math.log(0.3), batchWaste: Math.log(0.1), critical: Math.log(0.5) }),
  }
  for (const [name, theta] of Object.entries(laws)) {
    const runs = lawRuns(theta, 'tokens', configs, 1e-3)
    assert.deepEqual([...new Set(runs.map(({ config }) => config.batchSize))].sort(), [128, 256])
    const [{ mode }] = fitJoint(runs, jointOptions).modes
    const config = { ...unseen, trainFlops: 1e18 }
    const larger = (loss: (config: TrainingConfig) => number) => loss(config) - loss({ ...config, batchSize: 128 })
    const truth = larger((c) => lawLoss(theta, 'tokens', c))
    assert.equal(truth < 0, name === 'larger')
    assert.ok(Math.abs(truth) > 0.01)
    close(
      larger((c) => lossAt(mode, c)),
      truth,
      0.2,
      name,
    )
  }
})

const noisy = lawRuns(plainLaw(), 'tokens', configs, 0.01)
const clean = fitJoint(noisy, jointOptions)

/** What is predicted of a configuration that nobody ran: the median over the drawn laws. */
const predicted = (fit: JointFit): number => median(new Posterior(fit, 160, 0).losses(placeOf(apiSpace, unseen)))

/** How far one run of some nats too much moves the prediction. */
function moveBy(outlier: number, nats = 1): number {
  const spoiled = noisy.map((run, i) => (i === outlier ? { ...run, loss: run.loss + nats } : run))
  return predicted(fitJoint(spoiled, jointOptions)) - predicted(clean)
}

test('an outlier of one nat hardly moves the prediction', () => {
  for (const outlier of [4, 5, 40]) {
    assert.ok(noisy[outlier].config.trainFlops >= 1e17 && noisy[outlier].loss < 5)
    const move = moveBy(outlier)
    assert.ok(Math.abs(move) < 0.02, `run ${outlier} moves it by ${move}`)
  }
})

test('nor does one of half a nat, or of 2.5: by less than its own standard deviation', () => {
  for (const nats of [0.5, 2.5]) {
    assert.ok(noisy[40].loss + nats < mostUsableLoss)
    const move = moveBy(40, nats)
    assert.ok(Math.abs(move) < 0.03, `${nats} nats move it by ${move}`)
  }
})

test('an outlier at high rate and high budget hardly moves the prediction either', () => {
  const { learningRate, trainFlops } = noisy[65].config
  assert.deepEqual([learningRate, trainFlops], [7.62e-4, 3e17])
  const move = moveBy(65)
  assert.ok(Math.abs(move) < 0.02, `it moves it by ${move}`)
})

test('equal runs give byte-equal fits; modes are ordered by weight, and the weights sum to 1', () => {
  assert.equal(digestOf(fitJoint([...noisy], jointOptions)), digestOf(clean))
  assert.notEqual(digestOf(fitJoint(noisy.slice(0, -1), jointOptions)), digestOf(clean))
  const weights = clean.modes.map(({ weight }) => weight)
  assert.ok(weights.length >= embeddingAccountings.length + 5)
  close(
    weights.reduce((sum, weight) => sum + weight, 0),
    1,
    1e-12,
  )
  for (let k = 1; k < weights.length; k++) assert.ok(weights[k] <= weights[k - 1])
  const names = clean.modes.map(({ mode }) => `${mode.fitted.form} ${mode.fitted.accounting}`)
  assert.equal(new Set(names).size, names.length)
})

test('runs that hardly learned are cut off where they disturb the law: in cs336, not in drawn worlds', () => {
  // Of six spreads of cs336, the evidence cuts all.
  const small = spreadConfigs(120, 3, [1e15, 3e15, 1e16, 3e16, 1e17])
  const fitTo = (observe: (config: TrainingConfig) => number) =>
    fitJoint(
      small.map((config) => ({ config, loss: observe(config) })),
      jointOptions,
    )
  const staged = fitTo(cs336World().observe)
  assert.ok(staged.cut < mostUsableLoss, `${staged.cut}`)
  assert.ok(staged.used.length >= 10 && staged.used.every(({ loss }) => loss < staged.cut))
  assert.deepEqual([...new Set(staged.modes.map(({ mode }) => mode.fitted.form))].sort(), ['slow', 'staged'])
  for (const seed of [900, 905]) {
    const { cut, used } = fitTo(drawnWorld(seed).observe)
    assert.equal(cut, mostUsableLoss)
    assert.ok(used.some(({ loss }) => loss > 5.5) && used.some(({ loss }) => loss < 4.7))
  }
})

test('where it is open whether early runs obey the law of late ones, laws with and without them share the belief', () => {
  const { observe } = drawnWorld(1165)
  for (const [seed, likelier] of [
    [1, 5.5],
    [2, mostUsableLoss],
  ]) {
    const runs = spreadConfigs(24, seed, [3e15, 1e16, 3e16, 1e17]).map((config) => ({ config, loss: observe(config) }))
    const { cuts, cut, used, modes } = fitJoint(runs, jointOptions)
    assert.deepEqual([cut, used], [likelier, runs.filter(({ loss }) => loss < likelier)])
    assert.deepEqual(new Set(cuts.map((one) => one.cut)), new Set([mostUsableLoss, 5.5]))
    assert.equal(cuts[0].cut, likelier)
    for (const { cut: at, belief } of cuts) {
      const prior = at < mostUsableLoss ? priors.staged : priors.usual
      const mine = modes.filter(({ mode }) => mode.fitted.prior === prior)
      const sum = mine.reduce((total, { weight }) => total + weight, 0)
      assert.ok(belief >= 0.05 && belief < 0.95 && Math.abs(sum - belief) < 1e-9, `${at}: ${sum}, ${belief}`)
    }
    for (let k = 1; k < modes.length; k++) assert.ok(modes[k].weight <= modes[k - 1].weight)
  }
})

test('of 1,000 runs of cs336 up to 3e17 FLOPs the law at 1e19 is off by less than 0.1 nats', () => {
  const { observe, loss } = cs336World()
  const many = spreadConfigs(1000, 3, [3e16, 6e16, 1e17, 3e17])
  const fit = fitJoint(
    many.map((config) => ({ config, loss: observe(config) })),
    jointOptions,
  )
  const atCap = { ...unseen, dModel: 1024, numLayers: 20, batchSize: 128, learningRate: 1e-3 }
  const losses = new Posterior(fit, 40, 0).losses(placeOf(apiSpace, atCap))
  const error = median(losses) - loss(atCap)
  assert.ok(Math.abs(error) < 0.1, `off by ${error}`)
})

test('runs that diverged or lost 7 nats or more are not used, and change nothing', () => {
  const [a, b, c, d] = noisy.slice(0, 4).map(({ config }) => ({ ...config, learningRate: 1.5e-4 }))
  const useless: TrainedRun[] = [
    { config: a, loss: Number.NaN },
    { config: b, loss: Number.POSITIVE_INFINITY },
    { config: c, loss: 10.4 },
    { config: d, loss: mostUsableLoss },
  ]
  const fit = fitJoint([...useless.slice(0, 2), ...noisy, ...useless.slice(2)], jointOptions)
  assert.ok(useless.every((run) => !fit.used.includes(run)))
  assert.deepEqual(
    fit.used,
    noisy.filter(({ loss }) => loss < mostUsableLoss),
  )
  assert.ok(fit.used.length < noisy.length)
  assert.equal(digestOf(fit), digestOf(clean))
})
