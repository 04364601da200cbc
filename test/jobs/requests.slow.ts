import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { deferred } from '../../src/core/deferred.ts'
import type { Outcome } from '../../src/core/trainer.ts'
import { openStore } from '../../src/server/store/open.ts'
import { asking, wire } from '../server/asking.ts'
import { servingOver } from '../server/holding.ts'
import { postgresOfFile } from '../server/postgres.ts'
import { audit } from '../server/store/conformance.ts'
import { until } from '../until.ts'
import { server as backendOf, worker } from './pool.ts'

// What POST /v2/runs asks for where workers on other machines make the trainings.

const postgres = postgresOfFile()

const serverOver = async (t: TestContext, url: string) => servingOver(t, await backendOf(url), { place: url })

test('a run is made by a worker, shown from any server, and goes on when its server stops: one training, one charge', async (t) => {
  const url = await postgres().database()
  const [one, two] = [await serverOver(t, url), await serverOver(t, url)]
  const gate = deferred<Outcome>()
  const here = await worker(url, {
    make: async (_, { onProgress }) => {
      onProgress?.({ kind: 'running', curve: [{ step: 3, tokens: 1536, loss: 4.5 }] })
      return gate.promise
    },
  })
  t.after(() => here.stop())
  const { id } = (await one.ask('POST', '/v2/runs', wire(1))).body
  const there = asking(two.server.url, one.server.key)
  const look = async () => (await there('GET', `/v2/runs/${id}`)).body
  await until(() => here.begun.length === 1, 'it is made')
  for (let state = ''; state !== 'running'; ) state = (await look()).state
  await one.close()
  // What it waited for was left to the other server, which now waits for the same training.
  const waits = () => two.backend.trainings!.waiting + two.backend.trainings!.running
  await until(() => waits() === 1, 'the other server waits for it')
  gate.resolve({ kind: 'finished', loss: 3.25 })
  const { state, loss } = (await there('GET', `/v2/runs/${id}?wait=30`)).body
  assert.deepEqual([state, loss, here.begun.length], ['finished', 3.25, 1])
  await audit(two.server.store)
})

test('a server that was taken for dead and comes back does not end what another one waits for', async (t) => {
  const url = await postgres().database()
  const one = await serverOver(t, url)
  const store = await openStore(url)
  t.after(() => store.close())
  const gate = deferred<Outcome>()
  const here = await worker(url, { make: () => gate.promise })
  t.after(() => here.stop())
  const { id } = (await one.ask('POST', '/v2/runs', wire(1))).body
  await until(() => here.begun.length === 1, 'it is made')
  const other = await backendOf(url)
  t.after(() => other.close())
  let taken: Awaited<ReturnType<typeof store.takeOver>> = []
  while (taken.length === 0) taken = await store.takeOver(await store.reservations())
  const waits = other.train(taken[0].config, { asker: taken[0].keyId })
  const counts = () => one.backend.trainings!.waiting + one.backend.trainings!.running
  await until(() => counts() === 0, 'the first one stops waiting')
  gate.resolve({ kind: 'finished', loss: 3.25 })
  assert.deepEqual(await waits, { kind: 'finished', loss: 3.25 })
  await store.settle(taken[0].ticket, 3.25, 9)
  assert.equal((await one.ask('GET', `/v2/runs/${id}`)).body.state, 'finished')
  assert.equal(here.begun.length, 1)
  await audit(store)
})

test('what is cancelled is ended at its worker, whichever server is told', async (t) => {
  const url = await postgres().database()
  const [one, two] = [await serverOver(t, url), await serverOver(t, url)]
  let isEnded = false
  const here = await worker(url, {
    make: (_, { signal }) =>
      new Promise((_, reject) =>
        signal?.addEventListener('abort', () => {
          isEnded = true
          reject(signal.reason)
        }),
      ),
  })
  t.after(() => here.stop())
  const { id } = (await one.ask('POST', '/v2/runs', wire(1))).body
  await until(() => here.begun.length === 1, 'it is made')
  const there = asking(two.server.url, one.server.key)
  assert.equal((await there('DELETE', `/v2/runs/${id}`)).body.state, 'cancelled')
  await until(() => isEnded, 'it is ended')
  const keys = await two.server.store.listKeys()
  assert.ok(keys.every(({ used, reserved }) => used === 0n && reserved === 0n))
})
