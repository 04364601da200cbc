import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { deferred } from '../../src/core/deferred.ts'
import { addKey, findKey } from '../../src/server/keys.ts'
import { openStore } from '../../src/server/store/open.ts'
import type { Store } from '../../src/server/store/store.ts'
import { watchReservations } from '../../src/server/upkeep.ts'
import { until } from '../until.ts'
import { postgresOfFile, startPostgres } from './postgres.ts'
import { query, type Serving, serving } from './serving.ts'
import { changeBehind } from './store/behind.ts'
import { configOf } from './store/examples.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-upkeep-'))
const postgres = postgresOfFile()
after(() => rmSync(folder, { recursive: true }))

/** Looks so quick that a reservation is dead after 150 ms. */
const upkeep = { lookEvery: 50, looks: 3, proveEvery: 50 }
const quick = { upkeep, onError: () => {} }

const reservedIn = async (store: Store): Promise<bigint> =>
  (await store.listKeys()).reduce((sum, { reserved }) => sum + reserved, 0n)

/** A backend that answers when it is told to. */
function held({ backend }: Serving): () => void {
  const { promise, resolve } = deferred<void>()
  backend.hold = promise
  return resolve
}

test('a reservation is dead when it stood still in so many looks in a row, and never before', () => {
  const watch = watchReservations(2)
  const [a, b] = [1n, 2n]
  assert.deepEqual(watch([{ ticket: a, renewals: 0n }]), [])
  assert.deepEqual(watch([{ ticket: a, renewals: 0n }]), [])
  const both = [
    { ticket: a, renewals: 0n },
    { ticket: b, renewals: 5n },
  ]
  assert.deepEqual(watch(both), [both[0]])
  assert.deepEqual(watch([{ ticket: b, renewals: 5n }]), []) // a is gone
  assert.deepEqual(watch(both), [both[1]]) // a is back: forgotten meanwhile
  assert.deepEqual(watch([{ ticket: b, renewals: 6n }]), []) // renewed
  assert.deepEqual(watch([{ ticket: b, renewals: 6n }]), [])
  assert.deepEqual(watch([{ ticket: b, renewals: 6n }]), [{ ticket: b, renewals: 6n }])
})

for (const [name, place] of [
  ['SQLite', async () => join(folder, `${Math.floor(performance.now() * 1000)}.sqlite`)],
  ['PostgreSQL', () => postgres().database()],
] as const) {
  test(`${name}: what dead processes reserved is freed, whatever the clocks say; what lives stays`, async (t) => {
    const day = 86_400_000
    const location = await place()
    const dead = await openStore(location)
    const server = await serving({ place: location, clock: { now: () => Date.now() - day }, ...quick })
    const other = await serving({ store: await openStore(location), clock: { now: () => Date.now() + day }, ...quick })
    t.after(() => Promise.all([server.close(), other.close(), dead.close()]))
    const answer = held(server)
    const asked = server.get('/loss', query)
    const { id } = (await findKey(server.store, server.key))!
    await dead.reserve(id, configOf(1), 7n, Date.now() + 365 * day)
    await dead.check()
    await until(async () => (await reservedIn(dead)) === 10_000_000_000_000_000n)
    await sleep(12 * upkeep.lookEvery)
    assert.equal(await reservedIn(dead), 10_000_000_000_000_000n)
    assert.match((await server.get('/metrics')).text, /isoflop_reservations_held 1\n/)
    answer()
    assert.equal((await asked).status, 200)
    assert.equal(await reservedIn(dead), 0n)
    assert.equal(server.backend.runs, 1)
  })

  test(`${name}: a run whose reservation was freed meanwhile is answered and charged once, and made once`, async (t) => {
    const server = await serving({ place: await place(), ...quick })
    t.after(() => server.close())
    const answer = held(server)
    const asked = server.get('/loss', query)
    await until(async () => (await reservedIn(server.store)) > 0n)
    const [{ id }] = await server.store.listKeys()
    await server.store.resetKey(id, { submissions: false }, 5)
    assert.equal(await reservedIn(server.store), 0n)
    answer()
    assert.equal((await asked).body.total_flops_used, 1e16)
    assert.equal(server.backend.runs, 1)
    assert.equal((await server.get('/previous_runs')).body.previous_runs.length, 1)
  })

  test(`${name}: who hangs up while an equal query runs elsewhere waits no longer; who stays is answered`, async (t) => {
    const location = await place()
    const [one, two] = [await serving({ place: location, ...quick }), await serving({ place: location, ...quick })]
    t.after(() => Promise.all([one.close(), two.close()]))
    const answer = held(one)
    const first = one.get('/loss', query)
    await until(async () => one.backend.runs === 1)
    const running = async () => (await two.get('/healthz')).body.running as number
    const address = new URL('/loss', two.url)
    for (const [field, value] of Object.entries({ ...query, api_key: one.key }))
      address.searchParams.set(field, `${value}`)
    const leaving = new AbortController()
    const left = fetch(address, { signal: leaving.signal }).catch(() => 'left')
    await until(async () => (await running()) === 1)
    leaving.abort()
    assert.equal(await left, 'left')
    await until(async () => (await running()) === 0)
    const waits = fetch(address)
    await until(async () => (await running()) === 1)
    answer()
    assert.deepEqual(await (await waits).json(), (await first).body)
    assert.equal(two.backend.runs, 0)
  })
}

test('sums that are wrong are an alarm, once, and a metric; what is reserved is set right', async (t) => {
  const file = join(folder, 'unbalanced.sqlite')
  const errors: string[] = []
  const server = await serving({ place: file, upkeep, onError: ({ message }) => errors.push(message) })
  t.after(() => server.close())
  await server.get('/loss', query)
  const metric = async () => /isoflop_unbalanced_keys (\d+)/.exec((await server.get('/metrics')).text)?.[1]
  assert.equal(await metric(), '0')
  changeBehind(file, "UPDATE keys SET used = '9', reserved = '5'")
  await until(async () => (await metric()) === '1' && (await reservedIn(server.store)) === 0n)
  await sleep(5 * upkeep.proveEvery)
  assert.equal(errors.length, 2, errors.join('\n'))
  assert.match(
    errors[0],
    /has used 9 FLOPs, but its runs add up to 10{16}, and has reserved 5 FLOPs, .* add up to 0\.$/,
  )
  assert.match(errors[1], /has used 9 FLOPs, but its runs add up to 10{16}\.$/)
  changeBehind(file, "UPDATE keys SET used = '10000000000000000'")
  await until(async () => (await metric()) === '0')
})

test('a row that is damaged while a server runs is an alarm, once, and answers nothing; other keys go on', async (t) => {
  const file = join(folder, 'damaged.sqlite')
  const errors: string[] = []
  const server = await serving({ place: file, upkeep, onError: ({ message }) => errors.push(message) })
  t.after(() => server.close())
  const { key: other } = await addKey(server.store, { label: '', budget: 10n ** 18n, now: 1 })
  const metric = async () => /isoflop_unbalanced_keys (\d+)/.exec((await server.get('/metrics')).text)?.[1]
  const db = new DatabaseSync(file)
  const budget = (sql: string) => db.exec(`UPDATE keys SET budget = ${sql} WHERE label <> ''`)
  const { budget: before } = db.prepare("SELECT budget FROM keys WHERE label <> ''").get() as { budget: string }
  budget("'9' || budget")
  await until(async () => (await metric()) === '1')
  await sleep(5 * upkeep.proveEvery)
  assert.equal(errors.length, 1, errors.join('\n'))
  assert.match(errors[0], /is not what was written/)
  assert.equal((await server.get('/loss', query)).status, 500)
  assert.equal((await server.get('/loss', { ...query, api_key: other })).status, 200)
  budget(`'${before}'`)
  await until(async () => (await metric()) === '0')
  assert.equal((await server.get('/loss', query)).status, 200)
  db.close()
})

test('PostgreSQL dies with releases on the way: all that was reserved is given back when it is there again', async (t) => {
  const own = await startPostgres()
  t.after(() => own.stop())
  const server = await serving({ store: await openStore(own.url), ...quick })
  t.after(() => server.close())
  const answer = held(server)
  const asked = Array.from({ length: 20 }, (_, k) => server.get('/loss', { ...query, learning_rate: 1e-4 + 1e-6 * k }))
  await until(async () => server.backend.runs === 20)
  await own.restart(async () => {
    answer()
    for (const { status } of await Promise.all(asked)) assert.equal(status, 503)
    assert.equal(server.backend.runs, 20)
  })
  await until(async () => (await reservedIn(server.store).catch(() => 1n)) === 0n)
  assert.equal((await server.get('/total_flops_used')).status, 422)
  const again = await Promise.all(
    Array.from({ length: 20 }, (_, k) => server.get('/loss', { ...query, learning_rate: 1e-4 + 1e-6 * k })),
  )
  assert.ok(again.every(({ status }) => status === 200))
  assert.equal((await server.get('/total_flops_used')).text, '200000000000000000')
})
