import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { tokensFor } from '../../src/core/flops.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { apiLimits, queryLimits, targetFlops, targetLimits } from '../../src/cs336/limits.ts'
import { nonEmbeddingParameters } from '../../src/cs336/parameters.ts'
import { frontierLoss } from '../../src/law/frontier.ts'
import { optimalLoss, surfaceLoss } from '../../src/law/surface.ts'
import { headsFor } from '../../src/space/shapes.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { formNames } from '../../src/world/forms.ts'
import { handoutLaw } from '../../src/world/handout.ts'
import { bowlCost } from '../../src/world/hyperparameters.ts'
import { optimum } from '../../src/world/optimum.ts'
import { worldProfiles } from '../../src/world/profiles.ts'
import { plausibleStages, stagedWorld } from '../../src/world/staged.ts'
import { describeWorld, openWorld, worldEntries, worldForm } from '../../src/world/worlds.ts'
import { close } from '../support.ts'

const seeds = Array.from({ length: 12 }, (_, k) => k)
const names = ['cs336', 'handout', 'chinchilla', ...seeds.flatMap((k) => [`seed:${k}`, `staged:${1000 + k}`])]

const legal = fc.record({
  dModel: fc.integer({ min: 4, max: 64 }).map((k) => 16 * k),
  numLayers: fc.integer({ min: 2, max: 24 }),
  numHeads: fc.constantFrom(2, 4, 8, 16),
  batchSize: fc.constantFrom(...apiLimits.batchSize),
  learningRate: fc.double({ min: Math.log(1e-4), max: Math.log(1e-3), noNaN: true }).map(Math.exp),
})

for (const name of names)
  test(`${name}: losses fall with compute, are plausible, and one run differs from them by its noise alone`, async () => {
    const world = await openWorld(name)
    assert.equal(world.name, name)
    const initial = name === 'handout' ? 150 : 10.6
    fc.assert(
      fc.property(legal, (shape) => {
        let last = Number.POSITIVE_INFINITY
        for (const trainFlops of [...apiLimits.trainFlops, targetFlops]) {
          const config = { ...shape, trainFlops }
          const loss = world.loss(config)
          // In chinchilla a fixed batch and rate fall behind their best as tokens grow, so more compute may not help.
          const falls = name === 'chinchilla' || loss <= last + 1e-9
          assert.ok(loss > 1 && loss < initial && falls, `${loss} after ${last} at ${trainFlops}`)
          last = loss
          const seen = world.observe(config)
          assert.equal(world.observe({ ...config }), seen)
          assert.ok(Math.abs(seen - loss) <= 6 * world.noise(config) + 1e-12)
        }
      }),
      { numRuns: 60 },
    )
  })

/** A query in the middle of the API's range. */
const middle: TrainingConfig = {
  dModel: 512,
  numLayers: 8,
  numHeads: 8,
  batchSize: 128,
  learningRate: 5e-4,
  trainFlops: 1e17,
}

test('pinned worlds: a seed means the same world in every version and on every machine, with its noise', async () => {
  const pinned = [
    ['handout', null, 9.726050124423397, 9.726050124423397],
    ['chinchilla', null, 4.335636531115646, 4.345151198448777],
    ['seed:0', 'transient', 4.329887333791247, 4.317261866295473],
    ['seed:1', 'additive', 3.7880459721648836, 3.787723877009744],
    ['seed:2', 'broken-data', 5.361501144674115, 5.3652947099794766],
    ['seed:4', 'interaction', 3.718049731127046, 3.7156860794627784],
    ['seed:5', 'broken-compute', 4.595052731362901, 4.5601731209288054],
    ['seed:7', 'kaplan', 3.785177315177872, 3.780971998982594],
    ['staged:1000', null, 3.9424927052747005, 3.9585700369704635],
    ['staged:1001', null, 5.222525813433259, 5.229014258693611],
  ] as const
  for (const [name, form, loss, observed] of pinned) {
    const world = await openWorld(name)
    assert.equal(await worldForm(name), form)
    close(world.loss(middle), loss, 1e-12, name)
    close(world.observe(middle), observed, 1e-12, name)
  }
})

test('noise is normal with the stated deviation, and differs between configurations and seeds', async () => {
  const world = await openWorld('seed:3')
  const scores = Array.from({ length: 2000 }, (_, k) => {
    const config = { ...middle, dModel: 64 + k }
    return (world.observe(config) - world.loss(config)) / world.noise(config)
  })
  const mean = scores.reduce((sum, z) => sum + z, 0) / scores.length
  const variance = scores.reduce((sum, z) => sum + z * z, 0) / scores.length
  assert.ok(Math.abs(mean) < 0.1 && Math.abs(variance - 1) < 0.15, `${mean}, ${variance}`)
  const other = await openWorld('seed:8')
  assert.notEqual((other.observe(middle) - other.loss(middle)) / other.noise(middle), scores[448])
})

test('drawn worlds have all six forms and are what the prior promises', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const world = drawnWorld(seed)
    seen.add(world.form)
    const { config, loss } = optimum(world, targetFlops)
    const N = nonEmbeddingParameters(config.dModel, config.numLayers)
    assert.ok(N >= 3e7 && N <= 2e9 && loss >= 1.9 && loss <= 3.4, `${world.name}: ${N}, ${loss}`)
    assert.ok(world.law.noise >= 0.003 && world.law.noise <= 0.02)
  }
  assert.deepEqual([...seen].sort(), [...formNames].sort())
})

test('staged worlds learn late, and differ in size, plateau and in which side of the cap their best rate lies', () => {
  const optima = seeds.map((k) => {
    const world = stagedWorld(1000 + k)
    const { config, loss } = optimum(world, targetFlops)
    const early = optimum(world, 1e15, queryLimits).loss
    const larger = world.loss({ ...config, dModel: 2 * config.dModel, numLayers: 2 * config.numLayers })
    assert.ok(early >= plausibleStages.bestAt1e15[0], `${world.name}: ${early} at 1e15`)
    assert.ok(loss >= 2.3 && loss <= 3.3 && larger > loss + 0.03, `${world.name}: ${loss}, ${larger}`)
    return { loss, rate: config.learningRate, batch: config.batchSize, size: config.dModel ** 2 * config.numLayers }
  })
  const spread = (values: readonly number[]) => Math.max(...values) / Math.min(...values)
  assert.ok(spread(optima.map(({ loss }) => loss)) > 1.2)
  assert.ok(spread(optima.map(({ size }) => size)) > 5)
  const cap = queryLimits.learningRate.most
  assert.ok(optima.some(({ rate }) => rate > 2 * cap) && optima.some(({ rate }) => rate < cap))
  assert.ok(optima.some(({ batch }) => batch === 128) && optima.some(({ batch }) => batch === 256))
})

test('hyperparameters cost nothing at their best, and a rate on either side of it costs more the farther it is', () => {
  for (const shape of [
    { shape: 'quadratic', curvature: 0.1 },
    { shape: 'root', curvature: 0.2, width: 1 },
    { shape: 'asymmetric', curvature: 0.1, steepness: 3 },
  ] as const) {
    assert.equal(bowlCost(shape, 0), 0)
    for (const sign of [-1, 1]) {
      const costs = [0.1, 0.5, 2, 8].map((x) => bowlCost(shape, sign * x))
      assert.ok(costs.every((cost, k) => cost > (costs[k - 1] ?? 0)))
    }
    const above = shape.shape === 'asymmetric' ? 3 : 1
    close(bowlCost(shape, 1e-3), shape.curvature * above * 1e-6, 1e-6)
    close(bowlCost(shape, -1e-3), shape.curvature * 1e-6, 1e-6)
  }
})

test("chinchilla's best rate is the Step Law's, and the bowl has its curvature", async () => {
  const world = await openWorld('chinchilla')
  const { config } = optimum(world, targetFlops)
  const N = nonEmbeddingParameters(config.dModel, config.numLayers)
  close(config.learningRate, 1.79 * N ** -0.713 * tokensFor(targetFlops, N) ** 0.307, 1e-3)
  const off = world.loss({ ...config, learningRate: config.learningRate * Math.E })
  close(off - world.loss(config), 0.025, 2e-3)
})

test("handout's world is its law, and its optimum the law's", async () => {
  const world = await openWorld('handout')
  const config: TrainingConfig = {
    dModel: 1024,
    numLayers: 16,
    numHeads: 16,
    batchSize: 128,
    learningRate: 1e-3,
    trainFlops: 1e18,
  }
  const N = nonEmbeddingParameters(1024, 16)
  close(world.loss(config), surfaceLoss(handoutLaw, N, tokensFor(1e18, N)), 1e-12)
  close(optimum(world, targetFlops).loss, frontierLoss(optimalLoss(handoutLaw), targetFlops), 1e-6)
})

test('no legal configuration beats the optimum', async () => {
  for (const name of ['cs336', 'handout', 'chinchilla', 'seed:0', 'seed:4', 'seed:9'])
    for (const [limits, flops] of [
      [targetLimits, targetFlops],
      [queryLimits, 1e13],
      [queryLimits, 1e16],
    ] as const) {
      const world = await openWorld(name)
      const best = optimum(world, flops, limits)
      assert.equal(world.loss(best.config), best.loss)
      assert.equal(best.config.dModel % best.config.numHeads, 0)
      const { dModel, numLayers, learningRate } = best.config
      const near = fc.record({
        dModel: fc.double({ min: -0.7, max: 0.7, noNaN: true }).map((x) => Math.round(dModel * Math.exp(x))),
        numLayers: fc.double({ min: -0.7, max: 0.7, noNaN: true }).map((x) => Math.round(numLayers * Math.exp(x))),
        batchSize: fc.constantFrom(128, 256),
        learningRate: fc.double({ min: -1, max: 1, noNaN: true }).map((x) => learningRate * Math.exp(x)),
      })
      const inside = (range: { least: number; most: number }, x: number) => x >= range.least && x <= range.most
      fc.assert(
        fc.property(near, (other) => {
          const numHeads = headsFor(other.dModel, limits.models)
          const allowed =
            numHeads !== null &&
            inside(limits.models.dModel, other.dModel) &&
            inside(limits.models.numLayers, other.numLayers) &&
            inside(limits.learningRate, other.learningRate)
          if (allowed) assert.ok(world.loss({ ...other, numHeads, trainFlops: flops }) >= best.loss - 1e-6)
        }),
        { numRuns: 2000 },
      )
    }
})

test('a world that is not there is refused with the list of those that are', async () => {
  for (const name of ['moon', 'seed:', 'seed:x', 'seed:-1', 'staged:x', ''])
    await assert.rejects(describeWorld(name), {
      code: 'WORLD_UNKNOWN',
      advice: /cs336, handout, chinchilla, seed:N, staged:N/,
    })
  assert.deepEqual(
    worldEntries.map(({ name }) => name),
    ['cs336', 'handout', 'chinchilla', 'seed:N', 'staged:N'],
  )
})

test('the profiles of a world bend around its optimum, which none of them passes', async () => {
  const profiles = worldProfiles(await openWorld('chinchilla'))
  assert.deepEqual(
    profiles.map(({ flops }) => flops),
    [1e15, 1e16, 1e17, 1e18, 1e19],
  )
  for (const { points, best } of profiles) {
    const losses = points.map(({ loss }) => loss)
    const lowest = losses.indexOf(Math.min(...losses))
    assert.ok(points.length > 12 && lowest > 3 && lowest < losses.length - 4)
    assert.ok(losses[lowest] >= best.loss - 1e-6 && losses[lowest] < best.loss + 0.02)
    close(points[lowest].parameters, best.parameters, 0.5)
    assert.ok(points.every(({ parameters }, k) => k === 0 || parameters > points[k - 1].parameters))
  }
})
