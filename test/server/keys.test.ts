import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { addDrawnKeys, addKey, findKey, replaceKey } from '../../src/server/keys.ts'
import { producerOf } from '../../src/server/producer.ts'
import { openStore } from '../../src/server/store/open.ts'
import type { Store } from '../../src/server/store/store.ts'
import { changeBehind } from './store/behind.ts'

const about = { label: 'Ada', budget: 5n, now: 1 }

async function withStores(work: (...stores: [Store, Store]) => Promise<void>): Promise<void> {
  const stores: [Store, Store] = [await openStore(':memory:'), await openStore(':memory:')]
  await work(...stores)
  await Promise.all(stores.map((store) => store.close()))
}

test('a name tells nothing of its key, and a hash nothing of the same key elsewhere', () =>
  withStores(async (one, two) => {
    const made = [await addKey(one, { ...about, key: '12345678' }), await addKey(two, { ...about, key: '12345678' })]
    assert.notEqual(made[0].id, made[1].id)
    for (const { id } of made) assert.match(id, /^k[0-9a-f]{10}$/)
    const [hashes, others] = [await one.hashes(), await two.hashes()]
    assert.notEqual(hashes[0], others[0])
    const digest = createHash('sha256').update('12345678').digest('hex')
    assert.ok([...hashes, ...others].every((hash) => hash.startsWith('scrypt:') && !hash.includes(digest)))
    assert.equal((await findKey(one, '12345678'))!.id, made[0].id)
    assert.equal(await findKey(one, '12345679'), null)
    assert.equal(await findKey(one, hashes[0]), null, 'who has stolen the hash has no key')
  }))

test('what is no key is refused without being repeated: empty, blank, too long, beyond ASCII', () =>
  withStores(async (store) => {
    for (const key of ['', ' ', 'with blank', 'line\n', 'Schlüssel', '\0', 'x'.repeat(201)])
      await assert.rejects(addKey(store, { ...about, key }), (error: { code?: string; message: string }) => {
        assert.equal(error.code, 'BAD_OPTION')
        assert.ok(key.length < 4 || !error.message.includes(key))
        return true
      })
    assert.deepEqual(await store.listKeys(), [])
    assert.equal((await addKey(store, { ...about, key: '~'.repeat(200) })).was, 'unknown')
  }))

test('a key that is made can be an argument of any command', () =>
  withStores(async (store) => {
    const made = await Promise.all(Array.from({ length: 200 }, () => addKey(store, about)))
    assert.equal(new Set(made.map(({ key }) => key)).size, 200)
    for (const { key } of made) assert.match(key, /^[A-Za-z0-9][\w-]{23}$/)
  }))

test('a key that is there stays as it is, and a revoked one stays revoked and is said to be', () =>
  withStores(async (store) => {
    const { id, key } = await addKey(store, about)
    const [before] = await store.listKeys()
    assert.deepEqual(await addKey(store, { label: 'Eve', budget: 9n, now: 2, key }), { id, key, was: 'known' })
    await store.revokeKey(id, 1)
    assert.deepEqual(await addKey(store, { label: 'Eve', budget: 9n, now: 2, key }), { id, key, was: 'revoked' })
    assert.deepEqual(await store.listKeys(), [{ ...before, revoked: true }])
  }))

test('a class of 200 is made in a second, all or none, with keys that the store does not have', () =>
  withStores(async (store) => {
    const owners = Array.from({ length: 200 }, (_, k) => ({ label: `学生 ${k}`, budget: BigInt(k) }))
    const started = performance.now()
    const made = await addDrawnKeys(store, owners, 7)
    const took = performance.now() - started
    assert.ok(took < 1000, `${took} ms`)
    assert.equal(new Set(made.flatMap(({ id, key }) => [id, key])).size, 400)
    const { label, budget, createdAt } = (await findKey(store, made[77].key))!
    assert.deepEqual([label, budget, createdAt], ['学生 77', 77n, 84])
    assert.deepEqual(
      (await store.listKeys()).map(({ label }) => label),
      owners.map(({ label }) => label),
    )
    const stored = (await store.hashes()).join()
    assert.ok(made.every(({ key }) => !stored.includes(key)))
    assert.equal(await findKey(store, (await store.hashes())[0].replace('drawn:', '')), null)
    await assert.rejects(
      addDrawnKeys(
        store,
        [
          { label: '', budget: 1n },
          { label: '', budget: -1n },
        ],
        7,
      ),
    )
    assert.equal((await store.listKeys()).length, 200)
    const refuse = () => assert.fail('cannot be handed out')
    await assert.rejects(addDrawnKeys(store, owners, 7, refuse), /cannot be handed out/)
    assert.equal((await store.listKeys()).length, 200)
  }))

test('a drawn key that older versions stored by the slow hash goes on, and is not added twice', () =>
  withStores(async (store, other) => {
    const { key } = await addKey(other, about)
    const [old] = [await addKey(store, { ...about, key })]
    assert.ok((await store.hashes())[0].startsWith('scrypt:'))
    assert.equal((await findKey(store, key))!.id, old.id)
    assert.deepEqual(await addKey(store, { ...about, key }), { id: old.id, key, was: 'known' })
    const drawn = await addKey(store, about)
    assert.deepEqual(await addKey(store, { ...about, key: drawn.key }), { ...drawn, was: 'known' })
  }))

test('who is given another key has all that the first one had, and the first one is nothing', () =>
  withStores(async (store) => {
    for (const key of [undefined, '12345678']) {
      const first = await addKey(store, { ...about, ...(key && { key }) })
      const second = (await replaceKey(store, first.id, 5))!
      assert.equal(await findKey(store, first.key), null)
      assert.equal((await findKey(store, second))!.id, first.id)
    }
    assert.equal(await replaceKey(store, 'k0', 5), null)
  }))

test('a key that two servers add at the same moment is one', () =>
  withStores(async (store) => {
    const made = await Promise.all(Array.from({ length: 8 }, () => addKey(store, { ...about, key: 'the-same-key' })))
    assert.equal(new Set(made.map(({ id }) => id)).size, 1)
    assert.equal(made.filter(({ was }) => was === 'unknown').length, 1)
  }))

test('what a database knows of itself is believed as it was written alone: a flipped bit of it is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-keys-'))
  const file = join(folder, 'facts.sqlite')
  const opened = async <Result>(work: (store: Store) => Promise<Result>) => {
    const store = await openStore(file)
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }
  const write = (name: string, value: string) => {
    changeBehind(file, `UPDATE facts SET value = '${value.replaceAll("'", "''")}' WHERE name = '${name}'`)
  }
  const salt = await opened(async (store) => {
    await addKey(store, { ...about, key: 'the-key' })
    await store.claim('[["backend","simulate"]]', false)
    return (await store.recall('key-salt'))!
  })
  const flipped = (at: number, bit: number) =>
    salt.slice(0, at) + String.fromCharCode(salt.charCodeAt(at) ^ (1 << bit)) + salt.slice(at + 1)
  for (let at = 0; at < salt.length; at += 3) {
    write('key-salt', flipped(at, at % 7))
    await opened((store) => assert.rejects(findKey(store, 'the-key'), { code: 'RECORD_DAMAGED' }, `at ${at}`))
  }
  write('key-salt', salt)
  assert.equal((await opened((store) => findKey(store, 'the-key')))!.label, 'Ada')
  for (const value of ['', '{}', '[["world","seed:7"]]', '[["backend",7]]', '[["backend","simulate"],', 'null']) {
    write('producer', value)
    await opened((store) => assert.rejects(producerOf(store), { code: 'RECORD_DAMAGED' }, value))
  }
  rmSync(folder, { recursive: true })
})
