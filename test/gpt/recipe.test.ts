import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { trainFlops } from '../../src/core/flops.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { accountings, countedParameters } from '../../src/cs336/parameters.ts'
import { departures, recipeOf, type TrainingRequest } from '../../src/gpt/recipe.ts'

const config: TrainingConfig = {
  ...{ dModel: 64, numLayers: 4, numHeads: 4, batchSize: 128, learningRate: 1e-3, trainFlops: 1e13 },
}
const request: TrainingRequest = { config, steps: null, seed: 0, vocabularySize: 32_000, accounting: 'api' }

test('parameters: 12 n d^2, and with the API one embedding on top', () => {
  const size = { dModel: 64, numLayers: 4, vocabularySize: 32_000 }
  assert.equal(countedParameters('non-embedding', size), 196_608)
  assert.equal(countedParameters('api', size), 196_608 + 2_048_000)
})

test('D = C / 6N tokens, and the whole steps in them', () => {
  // 1e13 / (6 * 2,244,608) = 742,517 tokens: 11.3 steps of 65,536.
  const api = recipeOf(request)
  assert.deepEqual([api.parameters, api.steps, api.tokens], [2_244_608, 11, 720_896])
  // 1e13 / (6 * 196,608) = 8,477,105 tokens: 129.35 steps.
  const bare = recipeOf({ ...request, accounting: 'non-embedding' })
  assert.deepEqual([bare.parameters, bare.steps, bare.tokens], [196_608, 129, 8_454_144])
  const large = recipeOf({ ...request, config: { ...config, batchSize: 256 } })
  assert.deepEqual([large.steps, large.tokens], [5, 655_360])
  for (const { config: asked } of [api, bare]) assert.deepEqual(asked, config, 'C stays what was asked for')
  assert.deepEqual(api.shape, { dModel: 64, numLayers: 4, numHeads: 4, vocabularySize: 32_000, contextLength: 512 })
})

test('steps instead of FLOPs: C is what they cost, and that C gives these steps again', () => {
  const sizes = fc.record({
    ...{ heads: fc.integer({ min: 1, max: 16 }), headWidth: fc.integer({ min: 4, max: 128 }) },
    ...{ numLayers: fc.integer({ min: 1, max: 24 }), batchSize: fc.constantFrom(1, 8, 128, 256) },
    ...{ steps: fc.integer({ min: 1, max: 1_000_000 }), vocabularySize: fc.integer({ min: 257, max: 65_536 }) },
    accounting: fc.constantFrom(...accountings),
  })
  fc.assert(
    fc.property(sizes, ({ heads, headWidth, numLayers, batchSize, steps, vocabularySize, accounting }) => {
      const asked = { ...config, dModel: heads * headWidth, numHeads: heads, numLayers, batchSize }
      const recipe = recipeOf({ config: asked, steps, seed: 0, vocabularySize, accounting })
      assert.equal(recipe.steps, steps)
      assert.equal(recipe.tokens, steps * batchSize * 512)
      assert.equal(recipe.config.trainFlops, trainFlops(recipe.parameters, recipe.tokens))
      assert.deepEqual(recipeOf({ config: recipe.config, steps: null, seed: 0, vocabularySize, accounting }), recipe)
    }),
    { numRuns: 2000 },
  )
})

test('heads that do not divide the width, and FLOPs for less than a step, are refused', () => {
  assert.throws(() => recipeOf({ ...request, config: { ...config, numHeads: 5 } }), { code: 'CONFIG_INVALID' })
  const one = trainFlops(2_244_608, 65_536)
  assert.equal(recipeOf({ ...request, config: { ...config, trainFlops: one } }).steps, 1)
  assert.throws(() => recipeOf({ ...request, config: { ...config, trainFlops: one * 0.999 } }), {
    ...{ code: 'CONFIG_INVALID', message: /must pay for one step/ },
  })
  assert.throws(() => recipeOf({ ...request, steps: 0 }), { code: 'CONFIG_INVALID' })
})

test('what departs from the assignment is named', () => {
  const long = recipeOf({ ...request, steps: 300 })
  assert.deepEqual(departures(long, 32_000), [])
  const odd = recipeOf({ ...request, steps: 299, vocabularySize: 5000, config: { ...config, batchSize: 8 } })
  const found = departures(odd, 32_000)
  assert.equal(found.length, 3)
  for (const [i, part] of ['batches of 8', 'a vocabulary of 5000', '299 steps'].entries())
    assert.ok(found[i].startsWith(part), found[i])
})
