import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { apiCodec } from '../../../src/cs336/config.ts'
import { findKey } from '../../../src/server/keys.ts'
import { openStore } from '../../../src/server/store/open.ts'
import type { KeyRecord, Store } from '../../../src/server/store/store.ts'
import { audit, run } from './conformance.ts'
import { configOf, costOf, lossOf, runsOf } from './examples.ts'

const used = costOf(1) + costOf(2)
const budget = 9_200_000_000_000_000_000n
const text = (index: number) => `'${apiCodec.identity(configOf(index))}'`

/** SHA-256 of a key, and the name that was the beginning of it. */
export const oldKey = 'old-key-of-the-first-version'
const oldHash = createHash('sha256').update(oldKey).digest('hex')
const oldName = `k${oldHash.slice(0, 8)}`

/**
 * What a server of the first version left behind: two runs, a reservation in flight, a submission, a key that did nothing, and one with
 * a name that tells of its hash.
 */
export const firstVersionRows = (schema: string): string[] => [
  `INSERT INTO ${schema}keys (id, hash, label, budget, used, reserved, created_at)
   VALUES ('a', 'hash of a', 'Ada', ${budget}, ${used}, ${costOf(3)}, 1700000000123), ('b', 'hash of b', '', 5, 0, 0, 7),
     ('${oldName}', '${oldHash}', 'Old', 7, 2, 1, 9)`,
  ...[1, 2].map(
    (index) => `INSERT INTO ${schema}runs (key_id, config, cost, loss)
                VALUES ('a', ${text(index)}, ${costOf(index)}, ${lossOf(index)})`,
  ),
  `INSERT INTO ${schema}reservations VALUES (77, 'a', ${text(3)}, ${costOf(3)}, 'gone', 1000)`,
  `INSERT INTO ${schema}runs (key_id, config, cost, loss) VALUES ('${oldName}', ${text(1)}, 2, ${lossOf(1)})`,
  `INSERT INTO ${schema}reservations VALUES (78, '${oldName}', ${text(3)}, 1, 'gone', 1000)`,
  `INSERT INTO ${schema}submissions VALUES ('${oldName}', ${text(5)}, 2.25, 5)`,
  `INSERT INTO ${schema}submissions VALUES ('a', ${text(4)}, 2.5, 1700000000999)`,
]

/** Opens a database that holds these rows: all of them are there to the FLOP, and it takes budgets beyond 2^63. */
export async function checkBroughtUpToDate(location: string): Promise<void> {
  const store = await openStore(location)
  const a = {
    id: 'a',
    label: 'Ada',
    budget,
    used,
    reserved: costOf(3),
    revoked: false,
    instructor: false,
    createdAt: 1_700_000_000_123,
  }
  const b = { id: 'b', label: '', budget: 5n, used: 0n, reserved: 0n, revoked: false, instructor: false, createdAt: 7 }
  const keys = await store.listKeys()
  assert.deepEqual([keys[0], keys[2]], [b, a])
  await checkOldKey(store, keys[1])
  const runs = [1, 2].map((index) => ({
    config: configOf(index),
    cost: costOf(index),
    loss: lossOf(index),
    settledAt: null,
  }))
  assert.deepEqual(await runsOf(store, 'a'), runs)
  assert.deepEqual(await store.submissions('a'), [
    { config: configOf(4), predictedLoss: 2.5, submittedAt: 1_700_000_000_999, used: null },
  ])
  const asked = await store.reserve('a', configOf(1), costOf(1), 1)
  assert.deepEqual(asked, { kind: 'settled', loss: lossOf(1), used })

  assert.equal(await store.reclaim(await store.reservations()), 2)
  assert.equal(await store.settle(77n, 2, 9), null)
  assert.equal((await store.getKey('a'))!.reserved, 0n)
  await store.setBudget('a', 10n ** 20n + used)
  for (let index = 5; index < 15; index++) await run(store, 'a', index, 10n ** 19n)
  assert.equal((await store.reserve('a', configOf(15), 1n, 1)).kind, 'refused')
  assert.equal((await store.getKey('a'))!.used, 10n ** 20n + used)
  await audit(store)
  await store.close()
}

/** The key has a name that tells nothing of it, all that it had, and works; the quick hash of it is gone. */
async function checkOldKey(store: Store, key: KeyRecord): Promise<void> {
  const { id } = key
  assert.match(id, /^k[0-9a-f]{10}$/)
  assert.ok(!oldHash.startsWith(id.slice(1, 9)))
  assert.deepEqual(key, { ...key, label: 'Old', budget: 7n, used: 2n, reserved: 1n, revoked: false, createdAt: 9 })
  assert.deepEqual(await runsOf(store, id), [{ config: configOf(1), cost: 2n, loss: lossOf(1), settledAt: null }])
  assert.equal((await store.submissions(id))[0].predictedLoss, 2.25)
  assert.equal((await findKey(store, oldKey))!.id, id)
  assert.equal(await findKey(store, oldHash), null)
  const hashes = await store.hashes()
  assert.ok(!hashes.includes(oldHash) && hashes.some((hash) => hash.startsWith('scrypt:')))
}
