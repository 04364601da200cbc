import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { configOfWire } from '../../src/api/contract.ts'
import { apiTrainer } from '../../src/campaign/api-trainer.ts'
import { runsApi } from '../../src/client/runs.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { asking, heldBackend, wire } from '../server/asking.ts'
import { lossOf, serving } from '../server/serving.ts'
import { until } from '../until.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-api-runs-'))
after(() => rmSync(folder, { recursive: true }))

async function held(budget = 10n ** 30n) {
  const backend = heldBackend()
  const server = await serving({ backend, budget, onError: () => {} })
  const close = () => Promise.all([server.close(), backend.close()])
  return { backend, server, close, trainer: apiTrainer(server.url, server.key, 4), ask: asking(server.url, server.key) }
}

const config = (k: number) => configOfWire(wire(k))

test('runs are asked for side by side, shown while they go on, and come to what the server says', async (t) => {
  const { backend, trainer, close } = await held()
  t.after(close)
  const outcomes = Promise.all([1, 2, 3, 4].map((k) => trainer.train(config(k))))
  await until(() => backend.running.length === 4)
  backend.running[1].request.onProgress?.({ kind: 'running', curve: [{ step: 7, tokens: 3584, loss: 4.25 }] })
  await until(() => trainer.running().some(({ loss }) => loss === 4.25))
  await until(() => trainer.running().length === 4)
  const [first, second, third, fourth] = backend.running
  first.finish()
  second.outcome.resolve({ kind: 'diverged', at: 2 })
  third.outcome.resolve({ kind: 'refused', error: new IsoflopError('NOT_RECORDED', 'It is not recorded.', '') })
  fourth.finish()
  const kinds = (await outcomes).map(({ kind }) => kind).sort()
  assert.deepEqual(kinds, ['diverged', 'finished', 'finished', 'refused'])
  assert.deepEqual(await trainer.train(first.config), { kind: 'finished', loss: lossOf(first.config) })
  assert.deepEqual(trainer.running(), [])
})

test('who does not wait any more leaves the run at the server, and finds it there again', async (t) => {
  const { backend, trainer, close, server } = await held()
  t.after(close)
  const leaving = new AbortController()
  const left = trainer.train(config(1), { signal: leaving.signal })
  await until(() => backend.running.length === 1)
  leaving.abort()
  assert.equal((await left).kind, 'interrupted')
  assert.equal(backend.running.length, 1, 'it goes on')
  const again = apiTrainer(server.url, server.key).train(config(1))
  backend.running[0].finish()
  assert.deepEqual(await again, { kind: 'finished', loss: lossOf(config(1)) })
  assert.equal([...backend.begun.values()].join(), '1')
})

test('what breaks off is asked for again, three times in all; what somebody cancels or the budget refuses is told', async (t) => {
  const { backend, trainer, close, ask } = await held(3n * 10n ** 16n)
  t.after(close)
  const breaksOff = (held: (typeof backend.running)[number]) =>
    held.outcome.reject(new IsoflopError('TRAINING_FAILED', 'It broke off', ''))
  let begun = 0
  /** What runs once one more was begun. */
  const next = async () => {
    begun++
    await until(() => [...backend.begun.values()].reduce((sum, number) => sum + number, 0) === begun)
    return backend.running.at(-1)!
  }
  const third = trainer.train(config(1))
  for (const end of [breaksOff, breaksOff, (one: (typeof backend.running)[number]) => one.finish()]) end(await next())
  assert.equal((await third).kind, 'finished')
  const broken = assert.rejects(trainer.train(config(2)), { code: 'TRAINING_FAILED', message: /It broke off/ })
  for (let k = 0; k < 3; k++) breaksOff(await next())
  await broken
  const cancelled = trainer.train(config(3))
  await next()
  const [{ id }] = (await ask('GET', '/v2/runs?state=waiting,running')).body.runs
  await ask('DELETE', `/v2/runs/${id}`)
  assert.equal((await cancelled).kind, 'refused')
  const others = [4, 5].map((k) => trainer.train(config(k)))
  await until(() => backend.running.length === 2)
  assert.equal((await trainer.train(config(6))).kind, 'exhausted')
  for (const one of [...backend.running]) one.finish()
  await Promise.all(others)
})

test('a run that is cancelled is cancelled at the server, which gives back what it was to cost', async (t) => {
  const { backend, trainer, server, close } = await held(10n ** 18n)
  t.after(close)
  const cancelling = new AbortController()
  const cancelled = trainer.train(config(1), { cancel: cancelling.signal })
  await until(() => backend.running.length === 1)
  cancelling.abort()
  const outcome = await cancelled
  assert.ok(outcome.kind === 'refused' && outcome.error.code === 'RUN_CANCELLED')
  const runs = runsApi({ url: server.url, apiKey: server.key })
  assert.equal((await runs.run(config(1))).state, 'cancelled')
  assert.equal(await trainer.spentFlops!(), 0)
  // One that nobody has asked for, one that another process left out, and one that came to its end meanwhile.
  const { signal } = cancelling
  assert.equal((await trainer.train(config(2), { cancel: signal })).kind, 'refused')
  await assert.rejects(runs.run(config(2)), { code: 'RUN_UNKNOWN' })
  await runs.ask(config(3))
  await until(() => backend.running.length === 1)
  assert.equal((await trainer.train(config(3), { cancel: signal })).kind, 'refused')
  assert.equal((await runs.run(config(3))).state, 'cancelled')
  await runs.ask(config(4))
  await until(() => backend.running.length === 1)
  backend.running[0].finish()
  await runs.run(config(4), { wait: 10 })
  assert.deepEqual(await trainer.train(config(4), { cancel: signal }), { kind: 'finished', loss: lossOf(config(4)) })
})

test('a server of the contract alone is asked as before', async (t) => {
  const paths: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://x')
    paths.push(pathname)
    const [status, body] =
      pathname === '/loss' ? [200, { loss: 3.5, total_flops_used: 1 }] : [404, { detail: 'Not Found' }]
    response.writeHead(status as number, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const trainer = apiTrainer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'key')
  assert.ok(trainer.cancels)
  for (const k of [1, 2]) assert.deepEqual(await trainer.train(config(k)), { kind: 'finished', loss: 3.5 })
  assert.ok(!trainer.cancels)
  assert.equal((await trainer.train(config(3), { cancel: AbortSignal.abort() })).kind, 'refused')
  assert.deepEqual(paths, ['/v2', '/loss', '/loss'])
})

test('the library lists, looks, cancels and hears what happens', async (t) => {
  const { backend, server, close } = await held()
  t.after(close)
  const runs = runsApi({ url: server.url, apiKey: server.key })
  assert.equal(await runs.isThere(), true)
  const leaving = new AbortController()
  t.after(() => leaving.abort())
  const events: string[] = []
  const hearing = (async () => {
    for await (const { kind, run } of runs.events({ after: 0, signal: leaving.signal })) {
      events.push(`${kind} ${run.config.learningRate} ${run.state}`)
    }
  })()
  const asked = await runs.ask(config(1))
  assert.deepEqual([asked.state, asked.config], ['waiting', config(1)])
  await runs.ask(config(2))
  await until(() => backend.running.length === 2)
  assert.equal((await runs.cancel(config(1))).state, 'cancelled')
  await assert.rejects(runs.run(config(9)), { code: 'RUN_UNKNOWN' })
  backend.running[0].finish()
  assert.equal((await runs.run(config(2), { wait: 30 })).loss, lossOf(config(2)))
  await assert.rejects(runs.cancel(config(2)), { code: 'RUN_ENDED' })
  const { runs: list, more } = await runs.list({ states: ['cancelled', 'finished'] })
  assert.deepEqual([list.map(({ state }) => state), more], [['cancelled', 'finished'], false])
  await assert.rejects(runsApi({ url: server.url, apiKey: 'nobody-at-all' }).list(), { code: 'KEY_INVALID' })
  await until(() => events.length >= 4)
  leaving.abort()
  await hearing
  const [one, two] = [config(1).learningRate, config(2).learningRate]
  assert.deepEqual(events.slice(-2), [`run ${one} cancelled`, `run ${two} finished`])
})
