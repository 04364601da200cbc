import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Backend } from '../../src/backend/backend.ts'
import { replayBackend } from '../../src/backend/replay.ts'
import { simulateBackend, versionOf } from '../../src/backend/simulate.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { openWorld } from '../../src/world/worlds.ts'
import { lossFrom } from '../trainers.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-backend-'))
after(() => rmSync(folder, { recursive: true }))

const header = 'd_model,num_layers,num_heads,batch_size,learning_rate,train_flops,loss'
const table = (name: string, ...rows: string[]) => {
  const file = join(folder, name)
  writeFileSync(file, [header, ...rows].join('\n'))
  return file
}
const config = { dModel: 256, numLayers: 4, numHeads: 4, batchSize: 128, learningRate: 0.001, trainFlops: 1e16 }
const recorded = ['256,4,4,128,0.001,1e16,5.5', '512,4,4,128,0.001,10000000000000000,5.25', '256,4,4,128,0.001,1e16,9']

const backends: [string, () => Promise<Backend>][] = [
  ['simulate', async () => simulateBackend(await openWorld('seed:3'))],
  ['replay', () => replayBackend(table('runs.csv', ...recorded))],
]
for (const [name, open] of backends)
  test(`${name}: the same answer twice, a name, and an end`, async () => {
    const backend = await open()
    const loss = await lossFrom(backend, config)
    assert.ok(Number.isFinite(loss) && loss > 0)
    assert.equal(await lossFrom(backend, { ...config }), loss)
    assert.ok(backend.name.startsWith(name))
    await backend.close()
  })

test('simulate answers with the noise of the world', async () => {
  const world = await openWorld('seed:3')
  assert.equal(await lossFrom(simulateBackend(world), config), world.observe(config))
})

test('replay: recorded answers, the first of repeated ones, and the nearest runs in a refusal', async () => {
  const backend = await replayBackend(table('more.csv', ...recorded))
  assert.deepEqual([backend.recorded, backend.repeated], [2, 1])
  assert.equal(await lossFrom(backend, config), 5.5)
  assert.equal(await lossFrom(backend, { ...config, dModel: 512 }), 5.25)
  await assert.rejects(lossFrom(backend, { ...config, dModel: 500 }), {
    code: 'NOT_RECORDED',
    message: /The nearest: d_model 512, .*; d_model 256/,
  })
})

test('a version changes with what a world answers, and with nothing else', async () => {
  const names = ['cs336', 'handout', 'chinchilla', 'seed:0', 'seed:1', 'seed:7', 'staged:0', 'staged:1']
  const versions = await Promise.all(names.map(async (name) => versionOf(await openWorld(name))))
  assert.equal(new Set(versions).size, names.length)
  const world = await openWorld('cs336')
  assert.equal(versionOf(world), versions[0])
  const changes: Partial<Record<'start' | 'end', (config: TrainingConfig) => boolean>> = {
    start: ({ trainFlops }) => trainFlops === 1e13,
    end: ({ trainFlops }) => trainFlops === 1e18,
  }
  for (const [name, isChanged] of Object.entries(changes)) {
    const changed = { ...world, observe: (c: TrainingConfig) => world.observe(c) + (isChanged(c) ? 1e-6 : 0) }
    assert.notEqual(versionOf(changed), versions[0], name)
  }
})

test('a table is known by its runs, not by its name or the order of its rows', async () => {
  const of = async (name: string, ...rows: string[]) => (await replayBackend(table(name, ...rows))).producer.table
  const first = await of('a.csv', recorded[0], recorded[1])
  assert.equal(await of('b.csv', recorded[1], recorded[0]), first)
  assert.equal(await of('c.csv', ...recorded), first, 'a repeated row says nothing')
  assert.notEqual(await of('d.csv', recorded[0]), first)
  assert.notEqual(await of('e.csv', recorded[0], recorded[1].replace('5.25', '5.26')), first)
})

test('replay: a table with a bad row, without a loss or without a column is refused, naming it', async () => {
  await assert.rejects(replayBackend(table('bad.csv', recorded[0], 'x,4,4,128,0.001,1e16,5')), {
    code: 'CONFIG_INVALID',
    message: /bad\.csv row 3: d_model "x" is not a number/,
  })
  await assert.rejects(replayBackend(table('none.csv', '256,4,4,128,0.001,1e16,')), { code: 'CONFIG_INVALID' })
  const file = join(folder, 'short.csv')
  writeFileSync(file, 'd_model,loss\n256,5\n')
  await assert.rejects(replayBackend(file), { code: 'COLUMN_MISSING', message: /num_layers, num_heads/ })
  await assert.rejects(replayBackend(join(folder, 'absent.csv')), { code: 'FILE_NOT_FOUND' })
})
