import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Backend } from '../../src/backend/backend.ts'
import { trainBackend } from '../../src/backend/train.ts'
import { addKey } from '../../src/server/keys.ts'
import { openStore } from '../../src/server/store/open.ts'
import { tinyCorpus } from '../backend/tiny-corpus.ts'
import { asking } from './asking.ts'
import { query, type Serving, serving, spaceOfFlops } from './serving.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-serve-train-'))
/** The smallest model that the API takes, for one step. */
const smallest = { ...query, d_model: 64, num_layers: 2, train_flops: 5e10 }
let backend: Backend
let server: Serving
let other: string
before(async () => {
  const settings = { device: 'cpu', seed: 0, accounting: 'api', loss: 'average', workers: 1, threads: 2 } as const
  backend = await trainBackend({ corpusDir: await tinyCorpus(folder), runsDir: join(folder, 'runs'), ...settings })
  server = await serving({ backend, space: spaceOfFlops([5e10, 1e11]), onError: () => {} })
  other = (await addKey(server.store, { label: 'other', budget: 10n ** 12n, now: 0 })).key
})
after(async () => {
  await Promise.all([backend.close(), server.close()])
  rmSync(folder, { recursive: true })
})

const runningNow = async () =>
  Number(/^isoflop_trainings_running (\d+)$/m.exec((await server.get('/metrics')).text)?.[1])

async function untilRunning(): Promise<number> {
  for (;;) {
    const found = spawnSync('pgrep', ['-P', String(process.pid), '-f', 'train-process'], { encoding: 'utf8' })
    if (found.stdout !== '') return Number(found.stdout.split('\n')[0])
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('one training answers two keys, one of which hung up; the server answers meanwhile', async () => {
  const hangsUp = AbortSignal.timeout(400)
  const address = new URL('/loss', server.url)
  for (const [name, value] of Object.entries({ ...smallest, api_key: server.key }))
    address.searchParams.set(name, `${value}`)
  const lost = fetch(address, { signal: hangsUp }).catch((error) => error.name)
  const asked = server.get('/loss', { ...smallest, api_key: other })
  let isAnswered = false
  void asked.then(() => {
    isAnswered = true
  })
  const latencies: number[] = []
  while (!isAnswered) {
    const begun = performance.now()
    assert.equal((await server.get('/healthz')).status, 200)
    latencies.push(performance.now() - begun)
    assert.ok((await runningNow()) <= 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  latencies.sort((a, b) => a - b)
  assert.ok(latencies[Math.floor(0.9 * latencies.length)] < 100, `/healthz took ${latencies}`)
  assert.equal(await lost, 'TimeoutError')
  const { status, body } = await asked
  assert.equal(status, 200)

  const again = await server.get('/loss', smallest)
  assert.deepEqual([again.body.loss, again.body.total_flops_used], [body.loss, 5e10])
  assert.equal((await server.get('/total_flops_used')).text, '50000000000')
  assert.equal((await server.get('/total_flops_used', { api_key: other })).text, '50000000000')
})

test('a training that broke off: 503, nothing charged, and the next try is answered', async () => {
  const config = { ...smallest, learning_rate: 5e-4 }
  const asked = server.get('/loss', config)
  process.kill(await untilRunning(), 'SIGKILL')
  const { status, body } = await asked
  assert.equal(status, 503)
  assert.match(body.message, /^Training of this configuration broke off \(ended by SIGKILL\)\. Nothing was charged/)
  assert.ok(!body.message.includes(folder))
  assert.equal((await server.get('/total_flops_used')).text, '50000000000')
  assert.equal((await server.get('/loss', config)).status, 200)
  assert.equal((await server.get('/total_flops_used')).text, '100000000000')
})

test('a training that is asked for shows its curve, is cancelled with a checkpoint, asked for anew goes on, and outlives its server', async (t) => {
  const place = join(folder, 'requests.sqlite')
  /** Three steps of the smallest model. */
  const long = { ...smallest, train_flops: 1.5e11, learning_rate: 2e-4 }
  const stepsIn = (runs: string): number =>
    Number(
      spawnSync('sh', ['-c', `cat ${runs}/*/*lr0.0002*/steps.jsonl 2>/dev/null | wc -l`], { encoding: 'utf8' }).stdout,
    )
  const settings = { device: 'cpu', seed: 0, accounting: 'api', loss: 'average', workers: 1, threads: 2 } as const
  const runsDir = join(folder, 'requested')
  const corpusDir = join(folder, 'corpus')
  const store = await openStore(place)
  const { key } = await addKey(store, { label: 'asks', budget: 10n ** 13n, now: 0 })
  await store.close()
  const begin = async () => {
    const own = await trainBackend({ corpusDir, runsDir, ...settings })
    const upkeep = { lookEvery: 100, looks: 5, proveEvery: 60_000 }
    const ours = await serving({ place, backend: own, space: spaceOfFlops([1.5e11]), upkeep, onError: () => {} })
    return { ask: asking(ours.url, key), close: () => Promise.all([ours.close(), own.close()]), store: ours.store }
  }
  const first = await begin()
  const { id } = (await first.ask('POST', '/v2/runs', long)).body
  const look = async ({ ask }: typeof first) => (await ask('GET', `/v2/runs/${id}?wait=1`)).body
  while ((await look(first)).curve.length === 0);
  assert.equal((await first.ask('DELETE', `/v2/runs/${id}`)).body.state, 'cancelled')
  while ((await runningIn(first)) > 0);
  const saved = stepsIn(runsDir)
  assert.ok(saved >= 1)
  assert.equal((await first.ask('POST', '/v2/runs', long)).status, 202)
  while ((await look(first)).curve.length <= saved);
  await first.close()

  const second = await begin()
  t.after(second.close)
  for (;;) {
    const { state, loss, flops_charged, curve } = await look(second)
    if (state === 'waiting' || state === 'running') continue
    assert.deepEqual([state, flops_charged], ['finished', 1.5e11])
    assert.ok(loss > 0 && curve[0].step === 1 && curve.length > saved, 'the curve begins at its beginning')
    break
  }
  const asked = (await second.store.listKeys()).find(({ label }) => label === 'asks')!
  assert.deepEqual([asked.used, asked.reserved], [15n * 10n ** 10n, 0n])
})

const runningIn = async ({ ask }: { ask: ReturnType<typeof asking> }) =>
  (await ask('GET', '/healthz')).status === 200 &&
  spawnSync('pgrep', ['-P', String(process.pid), '-f', 'train-process']).status === 0
    ? 1
    : 0

test('FLOPs that pay for no step: 404 at once, nothing charged', async () => {
  const { status, body } = await server.get('/loss', { ...smallest, batch_size: 256 })
  assert.equal(status, 404)
  assert.match(
    body.message,
    /^train_flops must pay for one step, got 50000000000; a step of 256 sequences costs \d+\.$/,
  )
})
