import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import {
  answeredLoss,
  bestLearningRate,
  calibratedLoss,
  cs336Coefficients,
  cs336World,
} from '../../src/world/calibrated.ts'
import { towardStoredWidth } from '../../src/world/stored-width.ts'
import { close, needs, readShared } from '../support.ts'

const config = (
  dModel: number,
  numLayers: number,
  batchSize: number,
  learningRate: number,
  trainFlops: number,
): TrainingConfig => ({ dModel, numLayers, numHeads: 4, batchSize, learningRate, trainFlops })
const loss = (c: TrainingConfig) => calibratedLoss(cs336Coefficients, c)
const answer = (c: TrainingConfig) => answeredLoss(cs336Coefficients, c)

/** A number whose logarithm is uniform. */
const within = (low: number, high: number) =>
  fc.double({ min: Math.log(low), max: Math.log(high), noNaN: true }).map(Math.exp)

/** Anything that someone might ask for, also far outside the API's range. */
const anyConfig = fc.record({
  dModel: within(16, 8192),
  numLayers: within(1, 100),
  numHeads: fc.constant(8),
  batchSize: within(32, 1024),
  learningRate: within(1e-5, 1e-1),
  trainFlops: within(1e12, 1e21),
})
const runs = { seed: 1, numRuns: 1000 }

const pinned: [TrainingConfig, number][] = [
  [config(64, 2, 128, 1e-4, 1e13), 10.540100156377509],
  [config(1024, 24, 256, 1e-3, 1e13), 10.541696929862042],
  [config(128, 4, 256, 5e-4, 3e13), 10.528082081460294],
  [config(64, 2, 128, 1e-3, 1e14), 8.978992870271618],
  [config(64, 16, 128, 1e-3, 3e14), 7.8370435530420774],
  [config(128, 8, 128, 1e-3, 1e15), 6.978297535050308],
  [config(384, 12, 256, 3e-4, 6e15), 7.671599846412636],
  [config(1024, 24, 128, 1e-4, 1e16), 9.184757643732722],
  [config(512, 8, 128, 1e-3, 1e17), 4.134227243894228],
  [config(704, 11, 128, 1e-3, 3e17), 3.709389549545353],
  [config(1024, 16, 128, 4e-3, 1e19), 2.7599367776059314],
  [config(1024, 16, 256, 1e-3, 1e19), 2.8439167855439322],
]

test('pinned losses, in the range of the API and at the target', () => {
  for (const [at, expected] of pinned) close(loss(at), expected, 1e-9, JSON.stringify(at))
})

test('a run of one step reports the loss of an untrained model', () => {
  for (const learningRate of [1e-4, 1e-3])
    for (const batchSize of [128, 256]) {
      const reported = loss(config(1024, 24, batchSize, learningRate, 1e13))
      assert.ok(Math.abs(reported - 10.54) < 0.005, String(reported))
    }
})

test('more compute never raises the loss, inside and outside the range', () => {
  fc.assert(
    fc.property(anyConfig, within(1.001, 30), fc.constantFrom(loss, answer), (c, factor, lossOf) => {
      const [before, after] = [lossOf(c), lossOf({ ...c, trainFlops: factor * c.trainFlops })]
      assert.ok(after <= before + 1e-12, `${before} -> ${after}`)
      assert.ok(after > 0 && before < 10.6)
    }),
    runs,
  )
})

test('no jumps: the second difference in every argument is that of a smooth function', () => {
  const continuous = ['dModel', 'numLayers', 'batchSize', 'learningRate', 'trainFlops'] as const
  fc.assert(
    fc.property(anyConfig, fc.constantFrom(...continuous), fc.constantFrom(loss, answer), (c, key, lossOf) => {
      const moved = (h: number) => lossOf({ ...c, [key]: c[key] * Math.exp(h) })
      // At a jump or a kink the quotient would grow as the step shrinks; 25 nats is the most that a smooth stage reaches.
      for (const h of [1e-2, 1e-3]) {
        const curvature = Math.abs(moved(-h) - 2 * moved(0) + moved(h)) / h ** 2
        assert.ok(curvature < 40, `${key}, step ${h}: second derivative ${curvature}`)
      }
    }),
    runs,
  )
})

test('a narrow width is drawn toward a stored one, smoothly and in order; stored and wide ones stay', () => {
  const drawn = (dModel: number) => towardStoredWidth(config(dModel, 4, 128, 1e-3, 1e14)).dModel
  for (const stored of [64, 128, 256, 512, 1024]) close(drawn(stored), stored, 1e-12)
  const widths = Array.from({ length: 3000 }, (_, i) => 32 * 2 ** (i / 500))
  for (const width of widths) assert.ok(drawn(width * 1.0001) >= drawn(width), `falls at ${width}`)
  for (const width of widths.filter((d) => d > 600)) assert.ok(Math.abs(drawn(width) / width - 1) < 2e-3, String(width))
  assert.ok(drawn(80) < 69 && drawn(112) > 117, `${drawn(80)}, ${drawn(112)}`)
  close(answer(config(80, 4, 128, 1e-3, 1e14)), 9.075901441288714, 1e-9)
})

test('at 1e19 the best learning rate lies beyond the 1e-3 of the API, and a much larger one hurts', () => {
  for (const [dModel, numLayers] of [
    [768, 12],
    [1024, 16],
    [1280, 20],
  ]) {
    const at = (learningRate: number) => loss(config(dModel, numLayers, 128, learningRate, 1e19))
    const best = bestLearningRate(cs336Coefficients, config(dModel, numLayers, 128, 1e-3, 1e19))
    assert.ok(best > 1.5e-3 && best < 2e-2, String(best))
    assert.ok(at(best) < at(1e-3) && at(1e-3) < at(1e-4))
    assert.ok(at(best) < at(10 * best))
  }
})

test('in the range of the API a larger rate is better', () => {
  for (const trainFlops of [3e14, 1e15, 6e15, 1e16, 1e17])
    for (const dModel of [64, 256, 1024]) {
      const at = (learningRate: number) => loss(config(dModel, 4, 128, learningRate, trainFlops))
      assert.ok(at(1e-3) < at(5e-4) && at(5e-4) < at(1e-4))
    }
})

test('batch 128 beats 256 at 1e15', () => {
  for (const dModel of [64, 128, 256, 512])
    for (const numLayers of [2, 8])
      assert.ok(loss(config(dModel, numLayers, 128, 1e-3, 1e15)) < loss(config(dModel, numLayers, 256, 1e-3, 1e15)))
})

test('an answer depends on the configuration alone, and its noise has the stated deviation', () => {
  const world = cs336World()
  const ranges = [
    { trainFlops: 1e13, least: 0.004, most: 0.012 },
    { trainFlops: 1e15, least: 0.008, most: 0.016 },
    { trainFlops: 1e17, least: 0.03, most: 0.07 },
  ]
  for (const { trainFlops, least, most } of ranges) {
    const z = Array.from({ length: 2000 }, (_, i) => {
      const c = config(64 + (i % 100), 2 + (i % 20), 128, 1e-3 - i * 1e-8, trainFlops)
      assert.ok(world.noise(c) >= least && world.noise(c) <= most, String(world.noise(c)))
      assert.equal(world.observe(c), cs336World().observe({ ...c }))
      return (world.observe(c) - world.loss(c)) / world.noise(c)
    })
    const mean = z.reduce((a, b) => a + b) / z.length
    const sd = Math.sqrt(z.reduce((a, b) => a + (b - mean) ** 2, 0) / z.length)
    assert.ok(Math.abs(mean) < 0.07 && Math.abs(sd - 1) < 0.05, `mean ${mean}, sd ${sd}`)
  }
})

test('heads change the noise, not the loss', () => {
  const world = cs336World()
  const [p, q] = [4, 8].map((numHeads) => ({ ...config(128, 4, 128, 1e-3, 1e15), numHeads }))
  assert.equal(world.loss(p), world.loss(q))
  assert.notEqual(world.observe(p), world.observe(q))
})

/** The most RMSE of published answers of stored runs and of the others, by decade of compute; docs/log.md has the figures. */
const decades = [
  { from: 1e13, below: 1e14, most: { stored: 0.011, other: 0.017 } },
  { from: 1e14, below: 3e14, most: { stored: 0.02, other: 0.045 } },
  { from: 3e14, below: 3e15, most: { stored: 0.045, other: 0.072 } },
  { from: 3e15, below: 3e16, most: { stored: 0.06, other: 0.135 } },
  { from: 3e16, below: 1e18, most: { stored: 0.06, other: 0.155 } },
]
const mostBias = 0.02

test('published answers, by decade: their scatter, and no bias', { skip: needs('training_api_values.csv') }, () => {
  const lines = readShared('training_api_values.csv').trim().split('\n').slice(1)
  const rates = [1e-4, 5e-4, 1e-3]
  const isStored = ([dModel, numLayers, , , learningRate]: number[]) =>
    [64, 128, 256, 512, 1024].includes(dModel) && [2, 4, 8, 16, 24].includes(numLayers) && rates.includes(learningRate)
  // From 1e15 on, the API knows a rate by the lower edge of its band.
  const edge = (rate: number, C: number) => (C < 1e15 ? rate : rates.findLast((least) => least <= rate)!)
  const rows = lines.map((line) => line.split(',').map(Number))
  for (const { from, below, most } of decades) {
    const decade = rows.filter(([, , , , , trainFlops]) => trainFlops >= from && trainFlops < below)
    const errorsOf = (some: number[][]) =>
      some.map(([d, n, , batch, rate, C, measured]) => answer(config(d, n, batch, edge(rate, C), C)) - measured)
    const rmse = (errors: number[]) => Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length)
    const [stored, other] = [errorsOf(decade.filter(isStored)), errorsOf(decade.filter((row) => !isStored(row)))]
    assert.ok(stored.length > 10 && rmse(stored) < most.stored, `stored from ${from}: ${rmse(stored)}`)
    assert.ok(other.length > 10 && rmse(other) < most.other, `others from ${from}: ${rmse(other)}`)
    const all = [...stored, ...other]
    const bias = all.reduce((sum, e) => sum + e, 0) / all.length
    assert.ok(Math.abs(bias) < mostBias, `from ${from}: bias ${bias}`)
  }
})
