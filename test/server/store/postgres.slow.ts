import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { migrationsOf } from '../../../src/server/store/migrate.ts'
import { openStore } from '../../../src/server/store/open.ts'
import { embeddedPostgres, isOurs, postgresOfFile } from '../postgres.ts'
import { addKey, audit, conformance, run, storeUnavailable, ticketOf } from './conformance.ts'
import { configOf, costOf, lossOf, runsOf } from './examples.ts'
import { checkBroughtUpToDate, firstVersionRows } from './first-version.ts'
import { survivesFlipsOfPostgres } from './postgres-flips.ts'

const postgres = postgresOfFile()

conformance({
  fresh: () => postgres().database(),
  execute: async (url, sql) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`SET search_path = isoflop; ${sql}`)
    await client.end()
  },
  sequences: 20,
})

test('lost connections: rejected meanwhile, then it works by itself and every acknowledged run is there', async () => {
  const url = await postgres().database()
  const store = await openStore(url)
  await addKey(store, 'a', 9_200_000_000_000_000_000n)
  const acknowledged: number[] = []
  const codes = new Set<string>()
  let working = true
  const work = async (start: number) => {
    for (let index = start; working && index < 900; index += 8)
      try {
        const ticket = ticketOf(await store.reserve('a', configOf(index), costOf(index), 1))
        await store.settle(ticket, lossOf(index), 9)
        acknowledged.push(index)
      } catch (error) {
        codes.add((error as { code: string }).code)
      }
  }
  const workers = Array.from({ length: 8 }, (_, i) => work(i))
  while (acknowledged.length < 20) await new Promise(setImmediate)
  await postgres().restart(async () => {
    working = false
    await assert.rejects(store.getKey('a'), storeUnavailable)
    await assert.rejects(store.reserve('a', configOf(0), 1n, 1), storeUnavailable)
    await assert.rejects(openStore(url), storeUnavailable)
  })
  await Promise.all(workers)
  assert.deepEqual([...codes], ['STORE_UNAVAILABLE'])
  await audit(store)
  const losses = new Set((await runsOf(store, 'a')).map(({ loss }) => loss))
  for (const index of acknowledged) assert.ok(losses.has(lossOf(index)), `run ${index} was acknowledged and is gone`)
  const usedBefore = (await store.getKey('a'))!.used
  assert.equal(await run(store, 'a', 901, 5n), usedBefore + 5n)
  await store.close()
})

test('a row lock that is held for too long: STORE_UNAVAILABLE, then it works', async () => {
  const url = await postgres().database()
  const store = await openStore(url, { lockTimeoutMs: 50 })
  await addKey(store, 'a')
  const other = new pg.Client(url)
  await other.connect()
  await other.query("BEGIN; SELECT FROM isoflop.keys WHERE id = 'a' FOR UPDATE")
  await assert.rejects(store.reserve('a', configOf(1), 1n, 1), storeUnavailable)
  await other.query('ROLLBACK')
  assert.equal(await run(store, 'a', 1, 1n), 1n)
  await other.end()
  await store.close()
})

test('a dozen locked keys: their queries are rejected in time, and every other key goes on meanwhile', async () => {
  const url = await postgres().database()
  const store = await openStore(url, { lockTimeoutMs: 2000 })
  const locked = Array.from({ length: 12 }, (_, k) => `locked ${k}`)
  for (const id of [...locked, 'free']) await addKey(store, id, 10n ** 20n)
  const other = new pg.Client(url)
  await other.connect()
  await other.query("BEGIN; SELECT FROM isoflop.keys WHERE id LIKE 'locked%' FOR UPDATE")
  const started = performance.now()
  const waiting = Promise.allSettled(
    locked.flatMap((id) => Array.from({ length: 20 }, (_, k) => store.reserve(id, configOf(k), 1n, 1))),
  ).then((answers) => ({ answers, took: performance.now() - started }))
  let isOver = false
  waiting.then(() => {
    isOver = true
  })
  const took: number[] = []
  for (let k = 0; !isOver; k++) {
    const begun = performance.now()
    await run(store, 'free', k, 1n)
    assert.equal((await store.findKey('hash of locked 3'))!.used, 0n)
    took.push(performance.now() - begun)
  }
  const { answers, took: all } = await waiting
  for (const answer of answers) {
    assert.ok(answer.status === 'rejected')
    assert.equal(answer.reason.code, 'STORE_UNAVAILABLE')
  }
  assert.ok(all < 6000, `${all} ms until the last was rejected`)
  took.sort((p, q) => p - q)
  const [median, slowest] = [took[Math.floor(took.length / 2)], took[took.length - 1]]
  assert.ok(
    took.length >= 10 && median < 500 && slowest < 4500,
    `${took.length} runs: ${median}, at most ${slowest} ms`,
  )
  await other.query('ROLLBACK')
  await other.end()
  assert.equal(await run(store, 'locked 3', 1, 1n), 1n)
  await audit(store)
  await store.close()
})

test('a database of the first version keeps its keys, runs, reservations and submissions, and then takes more than 2^63', async () => {
  const url = await postgres().database()
  const old = new pg.Client(url)
  await old.connect()
  await old.query('CREATE SCHEMA isoflop; CREATE TABLE isoflop.migrations (version int PRIMARY KEY)')
  await old.query(migrationsOf('postgres')[0].sql)
  await old.query('INSERT INTO isoflop.migrations VALUES (1)')
  for (const statement of firstVersionRows('isoflop.')) await old.query(statement)
  await old.end()
  await checkBroughtUpToDate(url)
})

test('a database of a newer version, or none at all: STORE_UNAVAILABLE, without the address', async () => {
  const url = await postgres().database()
  await (await openStore(url)).close()
  const other = new pg.Client(url)
  await other.connect()
  await other.query('INSERT INTO isoflop.migrations VALUES (99)')
  await other.end()
  await assert.rejects(openStore(url), storeUnavailable)
  await assert.rejects(openStore('postgres://user:secret@127.0.0.1:1/x'), (error: Error) => {
    assert.equal((error as { code?: string }).code, 'STORE_UNAVAILABLE')
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
})

const skip = isOurs ? false : 'the PostgreSQL at DATABASE_URL_TEST is not ours to damage'

test('of flipped bits in its files none is believed (200 of them: npm run soak)', { skip }, async (t) => {
  const { told, harmless } = await survivesFlipsOfPostgres(await postgres().database(), 10)
  t.diagnostic(`${told} told, ${harmless} without a meaning`)
  assert.ok(told > 5)
})

test('one without checksums of its pages is used, and said to have none', { skip }, async () => {
  const cautionsOf = async (url: string) => {
    const store = await openStore(url)
    await store.close()
    return store.cautions
  }
  assert.deepEqual(await cautionsOf(await postgres().database()), [])
  const bare = await embeddedPostgres({ checksums: false })
  try {
    assert.match((await cautionsOf(bare.url)).join(), /no checksums of its pages.*pg_checksums --enable/)
  } finally {
    await bare.stop()
  }
})
