import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { IsoflopError } from '../../../src/core/errors.ts'
import { random } from '../../../src/core/random.ts'
import { openStore } from '../../../src/server/store/open.ts'
import type { Asked } from '../../../src/server/store/requests.ts'
import type { Store } from '../../../src/server/store/store.ts'
import { addKey, run } from './conformance.ts'
import { configOf, costOf, lossOf, runsOf } from './examples.ts'

const runsOfKey = { a: 90, b: 30 } as const
const heldOfA = 40
const asked = 16

/** Fills a store with all that one can have, reservations in flight among it, which it gives back when it is closed. */
export async function fillWithAll(store: Store): Promise<void> {
  for (const id of ['a', 'b', 'c', 'd']) await addKey(store, id, 10n ** 30n)
  await store.addKey({ id: 'i', hash: 'hash of i', label: 'Ida', budget: 7n, createdAt: 5, instructor: true })
  await store.setBudget('c', 123_456_789n)
  await store.revokeKey('d', 1)
  for (let k = 0; k < runsOfKey.a; k++) await run(store, 'a', k)
  for (let k = 0; k < runsOfKey.b; k++) await run(store, 'b', k)
  for (let k = 0; k < heldOfA; k++) await store.reserve('a', configOf(1000 + k), costOf(k), 1)
  for (let k = 0; k < asked; k++) {
    const wish = { config: configOf(2000 + k), cost: costOf(k), name: k % 2 === 0 ? `name ${k}` : null, most: 99 }
    const { ticket } = (await store.ask('b', wish, 1000 + k)) as Asked & { kind: 'opened' }
    if (k % 4 > 0) await store.begin(ticket!, 2000 + k)
    if (k % 4 > 0) await store.noteCurve('b', wish.config, [{ step: k, tokens: 512 * k, loss: 2 + k / 16 }])
    if (k % 4 === 2) await store.end(ticket!, 'failed', { code: 'TRAINING_FAILED', message: `It broke ${k}.` }, 3000)
    if (k % 4 === 3) await store.cancel('b', wish.config, 4000)
  }
  for (let k = 0; k < 4; k++) await run(store, 'c', k, 3n)
  await store.resetKey('c', { submissions: true }, 9)
  await store.rekey('c', 'new hash of c', 10)
  for (let k = 0; k < 9; k++)
    await store.beginSession({ hash: `session ${k}`, keyId: 'b', now: k }, { oldest: 0, most: 9 })
  for (let k = 0; k < 4; k++)
    await store.submit('b', { config: configOf(k), predictedLoss: 2 + k / 8, submittedAt: 1_700_000_000_000 + k }, 9)
  await store.submit('a', { config: configOf(9), predictedLoss: 2.75, submittedAt: 1_700_000_000_009 }, 9)
  await store.remember('key-salt', 'the salt of this database')
  assert.equal((await store.claim('[["backend","simulate"],["world","seed:7"]]', true)).kind, 'held')
  await store.check()
}

/** Whatever a store says and does, as text: what each question is answered, and what runs come to. */
export async function allOf(store: Store): Promise<string> {
  const said: unknown[] = [
    await store.listKeys(),
    (await store.hashes()).sort(),
    await store.listSubmissions(),
    await store.standings(),
    await store.standings(['b', 'a', 'x']),
  ]
  for (const name of ['key-salt', 'producer', 'other']) said.push(await store.recall(name))
  for (const id of ['a', 'b', 'c', 'd', 'i', 'x']) {
    said.push(await store.findKey(`hash of ${id}`), await store.getKey(id), await store.prove(id))
    said.push(await runsOf(store, id), await store.submissions(id))
    said.push(await store.requests(id, { after: 0n, limit: 999 }), [...(await store.changes([id]))])
  }
  for (let k = 0; k < asked; k++) said.push(await store.curve('b', configOf(2000 + k)))
  for (let k = 0; k < 9; k++) said.push(await store.session(`session ${k}`))
  for (const kind of ['rekey', 'reset'] as const)
    said.push(await store.pasts('c'), await store.takeBack('c', kind), await runsOf(store, 'c'))
  said.push((await store.queue(99)).queued)
  said.push(await store.openRequests(), await store.cancel('b', configOf(2000), 5))
  for (const [id, runs] of Object.entries(runsOfKey))
    for (let k = 0; k < runs; k++) said.push(await store.reserve(id, configOf(k), costOf(k), 1))
  for (let k = 0; k < heldOfA; k++) said.push(await store.reserve('a', configOf(1000 + k), costOf(k), 1))
  const tickets = (await store.reservations()).map(({ ticket }) => ticket).sort((p, q) => (p < q ? -1 : 1))
  said.push(tickets)
  for (const [k, ticket] of tickets.entries())
    said.push(await (k % 3 === 0 ? store.release([ticket]) : store.settle(ticket, lossOf(k), 9)))
  said.push(await run(store, 'b', 500, 17n), await store.submit('c', { ...prediction, predictedLoss: 3 }, 1))
  said.push(await store.submit('b', prediction, 5), await store.claim('another', false))
  said.push(await store.listKeys(), await runsOf(store, 'a'), await runsOf(store, 'b'), await store.submissions('b'))
  return JSON.stringify(said, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
}

const prediction = { config: configOf(3), predictedLoss: 2 + 3 / 8, submittedAt: 1_700_000_000_100 }

interface Flipped {
  /** The store refused, or one of its answers was an error that says so. */
  readonly told: number
  /** Everything is said and done as before. */
  readonly harmless: number
}

/**
 * Flips bits of a file of SQLite that holds all that one can, one at a time and evenly over its length, and some of its first page, which describes
 * the rest: each is told, or changes nothing that anybody sees.
 */
export async function survivesFlips(file: string, flips: number, ofFirstPage: number): Promise<Flipped> {
  const filled = await openStore(file)
  await fillWithAll(filled)
  const other = new DatabaseSync(file) // the log's pages into the file, while the reservations are there
  other.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  other.close()
  const whole = readFileSync(file)
  await filled.close()

  const [expected] = await said(file, whole)
  assert.equal(typeof expected, 'string')
  const { uniform, integer } = random(4, flips)
  let [told, harmless] = [0, 0]
  for (let k = 0; k < flips + ofFirstPage; k++) {
    const place = k < flips ? (k + uniform()) / flips : (((k - flips + uniform()) / ofFirstPage) * 4096) / whole.length
    const at = Math.floor(place * whole.length)
    const bit = integer(8)
    const copy = Buffer.from(whole)
    copy[at] ^= 1 << bit
    const [answers, error] = await said(file, copy)
    if (error) {
      assert.ok(error instanceof IsoflopError, `bit ${bit} of byte ${at}: ${error}`)
      assert.match(error.code, /^(RECORD_DAMAGED|STORE_UNAVAILABLE)$/)
      told++
    } else {
      assert.equal(answers, expected, `bit ${bit} of byte ${at} was believed`)
      harmless++
    }
  }
  return { told, harmless }
}

/** What a store of these bytes says, or why it says nothing. */
async function said(file: string, bytes: Buffer): Promise<[string | null, unknown]> {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  writeFileSync(file, bytes)
  try {
    const store = await openStore(file)
    try {
      return [await allOf(store), null]
    } finally {
      await store.close()
    }
  } catch (error) {
    return [null, error]
  }
}
