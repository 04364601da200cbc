import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Backend } from '../../src/backend/backend.ts'
import { trainBackend } from '../../src/backend/train.ts'
import { addKey } from '../../src/server/keys.ts'
import { tinyCorpus } from '../backend/tiny-corpus.ts'
import { query, type Serving, serving } from './serving.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-serve-train-'))
/** The smallest model that the API takes, for one step. */
const smallest = { ...query, d_model: 64, num_layers: 2, train_flops: 5e10 }
let backend: Backend
let server: Serving
let other: string
before(async () => {
  const settings = { device: 'cpu', seed: 0, accounting: 'api', loss: 'average', workers: 1, threads: 2 } as const
  backend = await trainBackend({ corpusDir: await tinyCorpus(folder), runsDir: join(folder, 'runs'), ...settings })
  server = await serving({ backend, trainFlops: [5e10, 1e11], onError: () => {} })
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

test('FLOPs that pay for no step: 404 at once, nothing charged', async () => {
  const { status, body } = await server.get('/loss', { ...smallest, batch_size: 256 })
  assert.equal(status, 404)
  assert.match(
    body.message,
    /^train_flops must pay for one step, got 50000000000; a step of 256 sequences costs \d+\.$/,
  )
})
