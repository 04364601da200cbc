import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { random } from '../../src/core/random.ts'
import { apiCodec } from '../../src/cs336/config.ts'
import { configOfUnit } from '../../src/plan/adaptive/candidates.ts'
import { anyCodec } from '../../src/space/any.ts'
import { codecOf } from '../../src/space/codec.ts'
import { spaces } from './examples.ts'

const reach = { tokensPerParameter: [2, 3000], widthPerLayer: [30, 150] } as const

/** Configurations of a space, from all over it. */
const configsOf = (space: (typeof spaces)[number], count = 200) => {
  const { uniform, integer } = random(5, 1)
  return Array.from({ length: count }).flatMap(() => {
    const flops = space.trainFlops[integer(space.trainFlops.length)]
    return configOfUnit([uniform(), uniform(), uniform(), uniform()], flops, space, reach) ?? []
  })
}

for (const space of spaces)
  test(`${space.name}: every form of a configuration gives it back, and different ones differ`, () => {
    const configs = configsOf(space)
    assert.ok(configs.length > 100)
    for (const config of configs) {
      assert.deepEqual(space.configOf(JSON.parse(JSON.stringify(space.record(config)))), config)
      assert.deepEqual(space.configOfIdentity(space.identity(config)), config)
      assert.deepEqual(space.configOfFolder(space.folderName(config)), config)
      assert.match(space.folderName(config), /^[A-Za-z0-9.+_-]{1,255}$/)
    }
    const distinct = (name: (config: (typeof configs)[number]) => string) => new Set(configs.map(name)).size
    const count = distinct((config) => JSON.stringify(config))
    assert.deepEqual([distinct(space.identity), distinct(space.folderName)], [count, count])
  })

test('what is written of any space is read without its file, and written alike', () => {
  for (const space of spaces)
    for (const config of configsOf(space)) {
      const [record, identity, folder] = [
        anyCodec.record(config),
        anyCodec.identity(config),
        anyCodec.folderName(config),
      ]
      assert.deepEqual([identity, folder], [space.identity(config), space.folderName(config)])
      assert.deepEqual({ ...space.record(config), ...record }, space.record(config))
      for (const read of [
        anyCodec.configOf(record),
        anyCodec.configOfIdentity(identity),
        anyCodec.configOfFolder(folder),
      ])
        assert.deepEqual(read, config)
    }
  for (const text of ['', '1/2', 'a/1/2/3/4', '-x/128/0.001/1']) assert.equal(anyCodec.configOfIdentity(text), null)
})

test('a record that lacks a field or has one of another kind is no configuration', () => {
  const record = { d_model: 64, num_layers: 2, num_heads: 2, batch_size: 128, learning_rate: 1e-3, train_flops: 1e13 }
  assert.ok(apiCodec.configOf({ ...record, loss: 3, anything: 'else' }))
  for (const name of Object.keys(record))
    for (const value of [undefined, null, '64', Number.NaN, Number.POSITIVE_INFINITY, {}, [64]])
      assert.equal(apiCodec.configOf({ ...record, [name]: value }), null, `${name} ${value}`)
  for (const name of ['d_model', 'batch_size', 'train_flops'])
    assert.equal(apiCodec.configOf({ ...record, [name]: 64.5 }), null)
})

test('any other text is no identity and no folder, whatever its length', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const config = apiCodec.configOfIdentity(text)
      if (config !== null) assert.ok(Object.values(config).every(Number.isFinite))
      assert.equal(apiCodec.configOfFolder(text), null)
    }),
  )
  for (const text of ['', '/////', '1/2/3/4/5', '1/2/3/4/5/6/7', 'a/2/3/4/5/6', '64//2/128/0.001/1e13'])
    assert.equal(apiCodec.configOfIdentity(text), null, text)
  const before = process.hrtime.bigint()
  assert.equal(apiCodec.configOfFolder(`d${'1'.repeat(1_000_000)}`), null)
  assert.ok(process.hrtime.bigint() - before < 100_000_000n)
})

test('a text field takes what it lists alone', () => {
  const codec = codecOf<{ model: string; learningRate: number; batchSize: number; trainFlops: number }>([
    { key: 'model', name: 'model', brief: 'm', kind: 'text', values: ['10m', '25m'] },
    { key: 'batchSize', name: 'batch_size', brief: 'b', kind: 'whole' },
    { key: 'learningRate', name: 'learning_rate', brief: 'lr', kind: 'real' },
    { key: 'trainFlops', name: 'train_flops', brief: 'C', kind: 'real' },
  ])
  const record = { model: '25m', batch_size: 32, learning_rate: 1e-3, train_flops: 1.5e17 }
  assert.equal(codec.configOf(record)?.model, '25m')
  for (const model of ['30m', '', '../25m', 25, null]) assert.equal(codec.configOf({ ...record, model }), null)
})
