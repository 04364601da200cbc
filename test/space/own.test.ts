import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Config } from '../../src/core/config.ts'
import { random } from '../../src/core/random.ts'
import { configOfUnit } from '../../src/plan/adaptive/candidates.ts'
import { rungAt } from '../../src/space/ladder.ts'
import { withTrainFlops } from '../../src/space/own.ts'
import type { Shape } from '../../src/space/shapes.ts'
import { accountingsOf, placeOf } from '../../src/space/space.ts'
import { flopsPerToken, transformer } from '../../src/space/transformer.ts'
import { ladder, llama, spaces } from './examples.ts'

const reach = { tokensPerParameter: [2, 3000], widthPerLayer: [30, 150] } as const
const near = (a: number, b: number, within = 1e-9) => assert.ok(Math.abs(a / b - 1) < within, `${a} is not ${b}`)

test('a layer of a gated, grouped Transformer has the parameters of its matrices', () => {
  // Llama 3.2 1B: width 2048, 16 layers, 32 heads of 64 that share 8 of keys and values, hidden width 8192, three matrices.
  const architecture = transformer({ ffnMatrices: 3, ffnRatio: 4, queriesPerKv: 4 })
  const layer = 2048 * 2048 * 2 + 2 * 2048 * 512 + 3 * 2048 * 8192
  near(architecture.parameters(2048, 16), 16 * layer)
  near(architecture.parameters(2048, 16) + 128_256 * 2048, 1_235_814_400, 1e-4)
  // The course's: 12 n d^2.
  near(transformer({ ffnMatrices: 2, ffnRatio: 4, queriesPerKv: 1 }).parameters(512, 8), 12 * 8 * 512 ** 2)
})

test('width and depth of so many parameters give them back', () => {
  const architecture = transformer({ ffnMatrices: 3, ffnRatio: 2.75, queriesPerKv: 4 })
  const scale = (least: number, most: number) =>
    fc.double({ min: Math.log(least), max: Math.log(most), noNaN: true }).map(Math.exp)
  fc.assert(
    fc.property(scale(1e5, 1e12), scale(10, 300), (parameters, ratio) => {
      const depth = architecture.depthFor(parameters, ratio)
      near(architecture.parameters(depth * ratio, depth), parameters)
      near(architecture.widthFor(parameters, depth), depth * ratio)
    }),
  )
})

test('FLOPs of a token: parameters, output head, scores of attention', () => {
  const [model, world] = [
    { core: 1e8, dModel: 512, numLayers: 32 },
    { words: 50_000, context: 2048 },
  ]
  assert.equal(flopsPerToken('6N', model, world), 6e8)
  assert.equal(flopsPerToken('6N+head', model, world), 6e8 + 6 * 50_000 * 512)
  assert.equal(flopsPerToken('6N+head+attention', model, world), 6e8 + 6 * 50_000 * 512 + 12 * 32 * 512 * 2048)
})

for (const space of spaces)
  test(`${space.name}: all that a plan may ask is allowed, and its place measures as it does`, () => {
    const { uniform, integer } = random(8, 2)
    let count = 0
    for (let k = 0; k < 300; k++) {
      const flops = space.trainFlops[integer(space.trainFlops.length)]
      const config = configOfUnit([uniform(), uniform(), uniform(), uniform()], flops, space, reach)
      if (config === null) continue
      count++
      assert.equal(space.refusal(config), null)
      for (const accounting of accountingsOf(space)) {
        const own = space.measure(config, accounting)
        const placed = space.measureAt(placeOf(space, config), accounting)
        for (const name of ['core', 'size', 'tokens', 'stepTokens', 'ratio'] as const) near(placed[name], own[name])
        assert.ok(own.size >= own.core && own.tokens > 0)
      }
    }
    assert.ok(count > 200)
  })

test('a mistake in each field is refused by its name', () => {
  const config = configOfUnit([0.5, 0.5, 0.5, 0], 1e18, llama, reach) as Config & Shape
  assert.equal(llama.refusal(config), null)
  const wrong: [Partial<Config & Shape>, RegExp][] = [
    [{ dModel: 128 }, /^d_model must be from 256 to 2048, got 128/],
    [{ dModel: 1000 }, /^d_model 1000 has no number of heads/],
    [{ numLayers: 33 }, /^num_layers must be from 4 to 32, got 33/],
    [{ numHeads: 7 }, /^num_heads 7 does not fit/],
    [{ batchSize: 100_000 }, /^batch_size must be one of 131072/],
    [{ learningRate: 0.1 }, /^learning_rate must be from/],
    [{ trainFlops: 2e18 }, /^train_flops must be one of/],
  ]
  for (const [change, message] of wrong) assert.match(llama.refusal({ ...config, ...change } as Config) ?? '', message)
  const listed = { model: '12m', batchSize: 32, learningRate: 1e-3, trainFlops: 1e17 }
  assert.match(ladder.refusal(listed) ?? '', /^model must be one of 10m, 25m/)
})

test('between the models of a list the numbers are between theirs, in order, and pass through them', () => {
  const rungs = [
    { name: 'a', parameters: 1e7, embedding: 2e7, flopsPerToken: 2e8, ratio: 50 },
    { name: 'b', parameters: 1e8, embedding: 4e7, flopsPerToken: 1e9, ratio: 70 },
    { name: 'c', parameters: 1e9, embedding: 9e7, flopsPerToken: 7e9, ratio: 90 },
  ]
  for (const { name: _, ...rung } of rungs) {
    const found = rungAt(rungs, rung.parameters)
    for (const key of Object.keys(rung) as (keyof typeof rung)[]) near(found[key], rung[key])
  }
  const sizes = Array.from({ length: 60 }, (_, k) => 10 ** (6.5 + k / 20))
  for (const key of ['embedding', 'flopsPerToken', 'ratio'] as const) {
    const values = sizes.map((size) => rungAt(rungs, size)[key])
    for (let k = 1; k < values.length; k++) assert.ok(values[k] > values[k - 1])
  }
  assert.deepEqual(rungAt([rungs[0]], 5e8), rungs[0])
})

test('the nearest model of a list is near, and its neighbours are the next ones', () => {
  const { models } = ladder.limits
  assert.deepEqual(models.near(1.2e8, 64), { model: '113m' })
  assert.deepEqual(models.near(1, 64), { model: '10m' })
  assert.deepEqual(models.near(1e15, 64), { model: '1.8b' })
  assert.deepEqual(
    new Set(models.around(1.2e8, 64).map((model) => (model as { model: string }).model)),
    new Set(['57m', '113m', '226m']),
  )
})

test('a refusal names few values, and of many how many there are and the nearest', () => {
  const config = { ...placed(), learningRate: llama.limits.learningRate.least }
  const grid = Array.from({ length: 100 }, (_, k) => (k + 1) * 1e15)
  const wide = withTrainFlops(llama, grid)
  const refusal = (trainFlops: number) => wide.refusal({ ...config, trainFlops })
  const listed = '100 values from 1000000000000000 to 100000000000000000'
  assert.match(
    refusal(2.5e15)!,
    new RegExp(`^train_flops must be one of ${listed}, such as 2000000000000000 and 3000000000000000, got`),
  )
  assert.match(refusal(1)!, /such as 1000000000000000 and 2000000000000000, got 1$/)
  assert.match(refusal(1e18)!, /such as 99000000000000000 and 100000000000000000, got 1000000000000000000$/)
  assert.match(llama.refusal({ ...config, batchSize: 3 })!, /^batch_size must be one of 131072, 262144/)
})

/** Some model of the space at its smallest batch. */
const placed = () => ({
  ...llama.limits.models.usual(2e7),
  batchSize: llama.limits.batchSize[0],
  trainFlops: 1e16,
  learningRate: 1e-3,
})
