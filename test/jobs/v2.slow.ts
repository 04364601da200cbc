import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openStore } from '../../src/server/store/open.ts'
import { asking } from '../server/asking.ts'
import { postgresOfFile } from '../server/postgres.ts'
import { until } from '../until.ts'
import { processes } from './processes.ts'

const { folder, start, serve: serveWith, close } = processes('workers-v2')
after(() => close())
const postgres = postgresOfFile()

const key = 'ada-has-a-key-of-her-own'
const wire = (width: number) => ({
  ...{ d_model: width, num_layers: 2, num_heads: 2, batch_size: 128, learning_rate: 0.001, train_flops: 1e13 },
})

async function serve() {
  const server = await serveWith(postgres().url, key, '--program', 'tiny')
  return { ...server, ask: asking(server.url, key) }
}

test('what was asked for by the second version of the API outlives its server, and what is cancelled ends on its worker', async () => {
  const first = await serve()
  const asked: Awaited<ReturnType<typeof first.ask>>[] = []
  const widths = [64, 66, 68]
  for (const width of widths) asked.push(await first.ask('POST', '/v2/runs', wire(width)))
  assert.deepEqual(
    asked.map(({ status }) => status),
    [202, 202, 202],
  )
  const ids: string[] = asked.map(({ body }) => body.id)
  const run = `echo '{"step": 1, "loss": 9.5}' > {folder}/history.jsonl; until [ -e ${folder}/go ]; do sleep 0.1; done; printf '{"loss": 3.%s}' {d_model} > {folder}/result.json`
  const worker = start('worker', '--db', postgres().url, '--program', 'tiny', '--run', run)
  const state = async ({ ask }: { ask: ReturnType<typeof asking> }, k: number) =>
    (await ask('GET', `/v2/runs/${ids[k]}`)).body
  // Which one that is depends on the order in which a busy server queues them.
  const begun = () => widths.findIndex((width) => worker.said().includes(`: begun, d${width}-`))
  await until(() => begun() >= 0, 'one runs')
  const runs = begun()
  const others = [0, 1, 2].filter((k) => k !== runs)
  await until(async () => (await state(first, runs)).state === 'running', 'its asker sees that it runs')
  for (const k of others) assert.equal((await state(first, k)).state, 'waiting')
  await first.end('SIGKILL')

  const second = await serve()
  await until(async () => (await state(second, runs)).curve?.length > 0, 'the next server tells its curve')
  assert.equal((await second.ask('DELETE', `/v2/runs/${ids[runs]}`)).status, 200)
  await until(() => /: dropped/.test(worker.said()), 'the worker is told')
  assert.equal((await state(second, runs)).state, 'cancelled')
  writeFileSync(join(folder, 'go'), '')
  for (const k of others) {
    await until(async () => (await state(second, k)).state === 'finished', 'the others are made')
    assert.equal((await state(second, k)).loss, Number(`3.${widths[k]}`))
  }
  const store = await openStore(postgres().url)
  const [{ id }] = await store.listKeys()
  const spent = 2n * 10n ** 13n
  await until(async () => (await store.prove(id))?.reserved === 0n, 'nothing is reserved any more')
  assert.deepEqual(await store.prove(id), { used: spent, ran: spent, reserved: 0n, held: 0n })
  await store.close()
})
