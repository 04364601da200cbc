import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { apiLimits, type TrainingConfig, targetFlops } from '../../src/core/config.ts'
import { nonEmbeddingParameters, tokensFor } from '../../src/core/flops.ts'
import { frontierLoss } from '../../src/law/frontier.ts'
import { optimalLoss, surfaceLoss } from '../../src/law/surface.ts'
import { formNames } from '../../src/world/forms.ts'
import { handoutLaw } from '../../src/world/handout.ts'
import { headsFor, optimum, queryLimits, targetLimits } from '../../src/world/optimum.ts'
import { worldProfiles } from '../../src/world/profiles.ts'
import { describeWorld, openWorld, worldEntries, worldForm } from '../../src/world/worlds.ts'
import { close } from '../support.ts'

const names = ['cs336', 'handout', 'chinchilla', ...Array.from({ length: 12 }, (_, k) => `seed:${k}`)]

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
    const initial = name === 'handout' || name === 'chinchilla' ? 400 : 10.6
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

test('the same seed is the same world, on every machine; other seeds are others', async () => {
  const config: TrainingConfig = {
    dModel: 512,
    numLayers: 8,
    numHeads: 8,
    batchSize: 128,
    learningRate: 5e-4,
    trainFlops: 1e17,
  }
  const losses = await Promise.all([1, 2, 3].map(async (seed) => (await openWorld(`seed:${seed}`)).loss(config)))
  assert.equal(new Set(losses).size, 3)
  assert.equal((await openWorld('seed:1')).loss(config), losses[0])
})

test('drawn worlds have at least five forms, with the optimum at 1e19 at a sensible size', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const world = await openWorld(`seed:${seed}`)
    seen.add((await worldForm(world.name))!)
    if (seed >= 12) continue
    const { config, loss } = optimum(world, targetFlops)
    const N = nonEmbeddingParameters(config.dModel, config.numLayers)
    assert.ok(N > 1e7 && N < 4e9 && loss > 1.5 && loss < 4.5, `${world.name}: ${N}, ${loss}`)
  }
  assert.ok(seen.size >= 5 && [...seen].every((form) => (formNames as string[]).includes(form)))
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
  for (const name of ['cs336', 'chinchilla', 'seed:0', 'seed:4', 'seed:9'])
    for (const [limits, flops] of [
      [targetLimits, targetFlops],
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
          const numHeads = headsFor(other.dModel, limits)
          const allowed =
            numHeads !== null &&
            inside(limits.dModel, other.dModel) &&
            inside(limits.numLayers, other.numLayers) &&
            inside(limits.learningRate, other.learningRate)
          if (allowed) assert.ok(world.loss({ ...other, numHeads, trainFlops: flops }) >= best.loss - 1e-6)
        }),
        { numRuns: 2000 },
      )
    }
})

test('a world that is not there is refused with the list of those that are', async () => {
  for (const name of ['moon', 'seed:', 'seed:x', 'seed:-1', ''])
    await assert.rejects(describeWorld(name), { code: 'WORLD_UNKNOWN', advice: /cs336, handout, chinchilla, seed:N/ })
  assert.deepEqual(
    worldEntries.map(({ name }) => name),
    ['cs336', 'handout', 'chinchilla', 'seed:N'],
  )
})

test('the profiles of a world bend around its optimum', async () => {
  const world = await openWorld('chinchilla')
  const runs = worldProfiles(world)
  assert.ok(runs.size >= 40)
  for (const flops of [1e17, 1e19]) {
    const profile = [...runs.loss.keys()].filter((i) => runs.flops[i] === flops)
    const losses = profile.map((i) => runs.loss[i])
    const lowest = losses.indexOf(Math.min(...losses))
    assert.ok(lowest > 0 && lowest < losses.length - 1)
  }
})
