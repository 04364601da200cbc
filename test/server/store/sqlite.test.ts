import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { IsoflopError } from '../../../src/core/errors.ts'
import { apiCodec } from '../../../src/cs336/config.ts'
import { migrationsOf } from '../../../src/server/store/migrate.ts'
import { openStore } from '../../../src/server/store/open.ts'
import { addChecksums } from '../../../src/server/store/sqlite-sums.ts'
import { changeBehind } from './behind.ts'
import { addKey, audit, conformance, run, storeUnavailable, ticketOf } from './conformance.ts'
import { configOf, costOf, runsOf } from './examples.ts'
import { checkBroughtUpToDate, firstVersionRows } from './first-version.ts'
import { survivesFlips } from './flips.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-store-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = () => join(folder, `${++files}.db`)

conformance({
  fresh: async () => newFile(),
  execute: async (file, sql) => changeBehind(file, sql),
  sequences: 60,
})

test(':memory: is a store too', async () => {
  const store = await openStore(':memory:')
  await addKey(store, 'a')
  assert.equal(await run(store, 'a', 1, 5n), 5n)
  await store.close()
})

test('what one turn of the event loop does is one transaction, seen by others only when it is durable', async () => {
  const file = newFile()
  const [store, other] = [await openStore(file), await openStore(file)]
  await addKey(store, 'a')
  const ticket = ticketOf(await store.reserve('a', configOf(1), 5n, 1))
  const settled = store.settle(ticket, 3, 9)
  assert.deepEqual((await other.findKey('hash of a'))!.used, 0n)
  const read = store.getKey('a')
  let readDone = false
  read.then(() => {
    readDone = true
  })
  assert.equal((await store.findKey('hash of a'))!.used, 5n)
  assert.equal(readDone, false)
  await settled
  assert.equal((await other.findKey('hash of a'))!.used, 5n)
  assert.equal((await read)!.used, 5n)
  await Promise.all([store.close(), other.close()])
})

test('a database locked by another process: the whole turn is rejected, the next one works', async () => {
  const file = newFile()
  const store = await openStore(file, { lockTimeoutMs: 50 })
  await addKey(store, 'a')
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  const started = performance.now()
  const answers = await Promise.allSettled([
    ...Array.from({ length: 20 }, (_, i) => store.reserve('a', configOf(i), 1n, 1)),
    store.settle(5n, 1, 9),
    store.setBudget('a', 3n),
  ])
  for (const answer of answers) {
    assert.ok(answer.status === 'rejected')
    assert.equal(answer.reason.code, 'STORE_UNAVAILABLE')
  }
  assert.ok(performance.now() - started < 900, 'the lock is waited for once a turn')
  assert.equal((await store.getKey('a'))!.reserved, 0n) // reading goes on
  other.exec('ROLLBACK')
  await new Promise(setImmediate)
  assert.equal(await run(store, 'a', 1, 5n), 5n)
  other.close()
  await store.close()
})

test('waiting for the lock leaves the event loop free; what waits is done in its order once the lock is there', async () => {
  const file = newFile()
  const store = await openStore(file)
  await addKey(store, 'a', 100n)
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  let ticks = 0
  const ticking = setInterval(() => ticks++, 5)
  const done: string[] = []
  const steps = {
    reserve: store.reserve('a', configOf(1), 60n, 1),
    budget: store.setBudget('a', 70n),
    again: store.reserve('a', configOf(2), 11n, 1),
    reset: store.resetKey('a', { submissions: true }, 5),
  }
  for (const [name, step] of Object.entries(steps)) step.then(() => done.push(name))
  for (let k = 0; k < 20; k++) {
    assert.equal((await store.findKey('hash of a'))!.reserved, 0n)
    assert.equal((await store.getKey('a'))!.budget, 100n)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  clearInterval(ticking)
  assert.ok(ticks >= 20, `${ticks} ticks of 5 ms while it waited for 200 ms`)
  assert.deepEqual(done, [])
  other.exec('ROLLBACK')
  assert.deepEqual(await steps.again, { kind: 'refused', left: 10n, budget: 70n, used: 0n })
  assert.equal(await steps.reset, true)
  assert.equal(done[0], 'reserve')
  assert.equal((await store.getKey('a'))!.reserved, 0n)
  other.close()
  await store.close()
})

test('a file of a newer version, a file that is no database, a folder that is not there: STORE_UNAVAILABLE', async () => {
  const newer = newFile()
  const db = new DatabaseSync(newer)
  db.exec('PRAGMA user_version = 99')
  db.close()
  await assert.rejects(openStore(newer), storeUnavailable)
  const advised = async (place: string, advice: RegExp) =>
    assert.rejects(openStore(place), (error: IsoflopError) => {
      assert.equal(error.code, 'STORE_UNAVAILABLE')
      assert.ok(error.message.startsWith(`${place} cannot be opened`), error.message)
      assert.match(error.advice, advice)
      return true
    })
  await advised(fileURLToPath(import.meta.url), /something else, or damaged: name another file/)
  await advised(join(folder, 'no', 'such.db'), /Its folder is not there/)
  await advised(folder, /It is a folder/)
  await advised('/dev/null', /something else/)
})

test('a file of the first version keeps its keys, runs, reservations and submissions, and then takes more than 2^63', async () => {
  const file = newFile()
  const old = new DatabaseSync(file)
  old.exec(`${migrationsOf('sqlite')[0].sql}; PRAGMA user_version = 1`)
  for (const statement of firstVersionRows('')) old.exec(statement)
  old.close()
  await checkBroughtUpToDate(file)
  const db = new DatabaseSync(file)
  assert.deepEqual(db.prepare('PRAGMA foreign_key_check').all(), [])
  assert.throws(
    () => db.exec("INSERT INTO runs (key_id, config, cost, loss) VALUES ('nobody', 'c', '1', 2)"),
    /FOREIGN/,
  )
  db.close()
})

test('what was damaged in a file of an older version is so in this one; the rest is whole', async () => {
  const file = newFile()
  const old = new DatabaseSync(file)
  addChecksums(old)
  for (const { version, sql } of migrationsOf('sqlite')) if (version <= 7) old.exec(sql)
  old.exec(`PRAGMA user_version = 7;
    INSERT INTO keys VALUES ('a', 'h', 'Ada', '9', '3', '0', 0, 1, 0, row_checksum('a', 'h', 'Ada', '9', '3', '0', 0, 0, 1))`)
  const texts = [1, 2].map((index) => apiCodec.identity(configOf(index)))
  for (const [k, text] of texts.entries())
    old.exec(`INSERT INTO runs (key_id, config, cost, loss, checksum)
      VALUES ('a', '${text}', '${k + 1}', 2.5, row_checksum('a', '${text}', '${k + 1}', ${k === 0 ? 2.5 : 2.25}))`)
  old.close()
  const store = await openStore(file)
  assert.deepEqual((await store.runs('a', 0n, 1)).runs, [{ config: configOf(1), cost: 1n, loss: 2.5, settledAt: null }])
  await assert.rejects(store.runs('a', 1n, 5), { code: 'RECORD_DAMAGED' })
  await assert.rejects(store.standings(), { code: 'RECORD_DAMAGED' })
  await store.close()
})

test('of 60 flipped bits in a file none is believed (5,000 of them: npm run soak)', async (t) => {
  const { told, harmless } = await survivesFlips(newFile(), 60, 20)
  t.diagnostic(`${told} told, ${harmless} without a meaning`)
  assert.ok(told > 15)
})

// A limit on the size of files, which Linux lets another process change, stands for the full disk.
const prlimit = spawnSync('prlimit', ['--version']).status === 0
test('disk full: rejected and nothing changed; room again: works, nothing lost', { skip: !prlimit }, async () => {
  const file = newFile()
  const script = fileURLToPath(new URL('./full-disk.ts', import.meta.url))
  const child = spawn(process.execPath, [script, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    const limit = text.includes('ready') ? 200_000 : text.includes('full') ? 'unlimited' : null
    if (!limit) return
    const { status, stderr } = spawnSync('prlimit', ['--pid', `${child.pid}`, `--fsize=${limit}:unlimited`])
    assert.equal(status, 0, String(stderr))
    child.stdin.write('limit set\n')
  })
  assert.deepEqual(await closed, [0, null])
  const report = JSON.parse(output.split('\n').find((line) => line.startsWith('{'))!)
  assert.deepEqual(report.codes, ['STORE_UNAVAILABLE'])
  assert.ok(report.before > 0 && report.after > 0, JSON.stringify(report))
  const store = await openStore(file)
  await audit(store)
  const runs = await runsOf(store, 'a')
  assert.equal(runs.length, report.before + report.after)
  const expected = report.settled.map(costOf).reduce((sum: bigint, cost: bigint) => sum + cost)
  assert.equal((await store.getKey('a'))!.used, expected)
  await store.close()
})
