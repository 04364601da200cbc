import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { random } from '../../../src/core/random.ts'
import { openStore } from '../../../src/server/store/open.ts'
import type { Prediction, Reservation, Store } from '../../../src/server/store/store.ts'
import { anyCodec } from '../../../src/space/any.ts'
import { configOf, costOf, lossOf, runsOf, settledAt } from './examples.ts'
import { storeProperty } from './model.ts'

export const storeUnavailable = { name: 'IsoflopError', code: 'STORE_UNAVAILABLE' }

/** A key `id` with a hash `hash of id`. */
export const addKey = (store: Store, id: string, budget = 2n * 10n ** 18n) =>
  store.addKey({ id, hash: `hash of ${id}`, label: `label of ${id}`, budget, createdAt: 1_700_000_000_123 })

/** Reserves and settles a configuration. */
export async function run(store: Store, keyId: string, index: number, cost = costOf(index)): Promise<bigint> {
  const settled = await store.settle(
    ticketOf(await store.reserve(keyId, configOf(index), cost, 1)),
    lossOf(index),
    settledAt,
  )
  return settled!.used
}

export function ticketOf(reservation: Reservation): bigint {
  if (reservation.kind !== 'reserved') assert.fail(`expected a reservation, got ${reservation.kind}`)
  return reservation.ticket
}

/**
 * What must hold of every key at every moment: its runs are all different and add up to what it used, its reservations to what it has
 * reserved. The store says the same of itself.
 */
export async function audit(store: Store): Promise<void> {
  for (const { id, used, reserved } of await store.listKeys()) {
    const runs = await runsOf(store, id)
    assert.equal(
      runs.reduce((sum, { cost }) => sum + cost, 0n),
      used,
      `sum of the runs of ${id}`,
    )
    assert.equal(new Set(runs.map(({ config }) => anyCodec.identity(config))).size, runs.length)
    assert.deepEqual(await store.prove(id), { used, ran: used, reserved, held: reserved })
  }
}

/** Starts hammer.ts, which waits for `go`; `acknowledged` grows as it prints. */
function hammer(location: string, keyId: string, configurations: number, workers: number, pauseMs = 0) {
  const script = fileURLToPath(new URL('./hammer.ts', import.meta.url))
  const numbers = [configurations, workers, pauseMs].map(String)
  const child = spawn(process.execPath, [script, location, keyId, ...numbers], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const acknowledged: string[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    acknowledged.push(...lines.filter((line) => line !== 'open'))
  })
  const go = () => child.stdin.write('go\n')
  return { child, acknowledged, go, opened: once(child.stdout, 'data'), ended: once(child, 'close') }
}

interface Suite {
  /** The location of a new, empty database. */
  fresh(): Promise<string>
  /** Runs a statement behind the store's back. */
  execute(location: string, sql: string): Promise<void>
  /** How many random sequences of operations are tried. */
  readonly sequences: number
}

/** What every store must do. */
export function conformance({ fresh, execute, sequences }: Suite): void {
  /** A test with a new database, opened as often as the test wants; each is closed and audited at the end. */
  const storeTest = (
    name: string,
    body: (open: (instance?: string) => Promise<Store>, location: string) => Promise<void>,
  ) =>
    test(name, async () => {
      const location = await fresh()
      const stores: Store[] = []
      const open = async (instance?: string) => {
        const store = await openStore(location, instance ? { instance } : {})
        stores.push(store)
        return store
      }
      try {
        await body(open, location)
        await audit(await open())
      } finally {
        await Promise.all(stores.map((store) => store.close()))
      }
    })

  storeTest('keys: added, found by hash and id, listed, given another budget, revoked', async (open) => {
    const store = await open()
    assert.equal(await store.findKey('hash of a'), null)
    assert.deepEqual(await store.listKeys(), [])
    await addKey(store, 'b')
    await addKey(store, 'a', 9_200_000_000_000_000_000n)
    const a = {
      id: 'a',
      label: 'label of a',
      budget: 9_200_000_000_000_000_000n,
      used: 0n,
      reserved: 0n,
      revoked: false,
      instructor: false,
      createdAt: 1_700_000_000_123,
    }
    assert.deepEqual(await store.findKey('hash of a'), a)
    assert.deepEqual(await store.getKey('a'), a)
    assert.deepEqual(
      (await store.listKeys()).map(({ id }) => id),
      ['a', 'b'],
    )
    await assert.rejects(addKey(store, 'a'), { code: 'BAD_OPTION' })
    const sameHash = { id: 'c', hash: 'hash of a', label: '', budget: 1n, createdAt: 1 }
    await assert.rejects(store.addKey(sameHash), { code: 'BAD_OPTION' })
    assert.equal(await store.setBudget('a', 7n), true)
    assert.equal(await store.revokeKey('a', 1), true)
    assert.deepEqual(await store.findKey('hash of a'), { ...a, budget: 7n, revoked: true })
    await assert.rejects(store.reserve('a', configOf(1), 1n, 1), { code: 'KEY_INVALID' })
    for (const missing of [
      store.setBudget('x', 1n),
      store.revokeKey('x', 1),
      store.resetKey('x', { submissions: true }, 5),
    ])
      assert.equal(await missing, false)
    assert.equal(await store.getKey('x'), null)
    await assert.rejects(store.reserve('x', configOf(1), 1n, 1), { code: 'KEY_INVALID' })
  })

  storeTest('many keys at once: all of them, or none where one is taken or comes twice', async (open) => {
    const store = await open()
    const keyOf = (k: number) => ({
      id: `k${k}`,
      hash: `hash ${k}`,
      label: `学生 ${k}`,
      budget: 10n ** 20n,
      createdAt: 7,
    })
    const many = Array.from({ length: 200 }, (_, k) => keyOf(k))
    await store.addKeys(many)
    await store.addKeys([])
    const keys = await store.listKeys()
    assert.deepEqual([keys.length, keys.find(({ id }) => id === 'k77')!.label], [200, '学生 77'])
    const wishes = [
      [keyOf(300), keyOf(5)],
      [keyOf(300), { ...keyOf(301), hash: 'hash 9' }],
      [keyOf(300), keyOf(300)],
      [keyOf(300), { ...keyOf(301), hash: 'hash 300' }],
    ]
    for (const wish of wishes) await assert.rejects(store.addKeys(wish), { code: 'BAD_OPTION' })
    await assert.rejects(store.addKeys([keyOf(300), { ...keyOf(301), budget: -1n }]), { code: 'CONFIG_INVALID' })
    assert.equal((await store.listKeys()).length, 200)
  })

  storeTest(
    'a key that was revoked works again; another key takes the place of one, with all that it had',
    async (open) => {
      const [store, other] = [await open(), await open()]
      await addKey(store, 'a', 20n)
      await run(store, 'a', 1, 9n)
      await store.revokeKey('a', 1)
      assert.equal(await other.restoreKey('a'), true)
      assert.equal(await other.rekey('a', 'another hash', 5), true)
      assert.equal(await store.findKey('hash of a'), null)
      const { id, used, revoked } = (await store.findKey('another hash'))!
      assert.deepEqual([id, used, revoked], ['a', 9n, false])
      assert.equal((await store.reserve('a', configOf(1), 9n, 1)).kind, 'settled')
      for (const missing of [store.restoreKey('x'), store.rekey('x', 'h', 5)]) assert.equal(await missing, false)
    },
  )

  storeTest(
    'a reset is taken back, beside what came since: what was run again stays as it is, the last prediction counts',
    async (open) => {
      const [store, other] = [await open(), await open()]
      await addKey(store, 'a')
      for (const k of [1, 2]) await run(store, 'a', k)
      const prediction = (k: number) => ({ config: configOf(k), predictedLoss: k, submittedAt: k })
      await store.submit('a', prediction(2), 5)
      assert.deepEqual(await store.pasts('a'), [])
      await store.resetKey('a', { submissions: true }, 77)
      await store.resetKey('a', { submissions: true }, 78) // of nothing: nothing to take back
      assert.deepEqual(await other.pasts('a'), [{ kind: 'reset', at: 77, runs: 2, submissions: 1 }])
      assert.equal(await store.takeBack('a', 'rekey'), false)
      await run(store, 'a', 2)
      await run(store, 'a', 3)
      await store.submit('a', prediction(3), 5)
      const before = (await store.changes(['a'])).get('a')!
      assert.equal(await other.takeBack('a', 'reset'), true)
      assert.deepEqual(
        (await runsOf(store, 'a')).map(({ config }) => config),
        [2, 3, 1].map(configOf),
      )
      assert.equal((await store.getKey('a'))!.used, costOf(1) + costOf(2) + costOf(3))
      assert.deepEqual(
        (await store.submissions('a')).map(({ predictedLoss }) => predictedLoss),
        [2, 3],
      )
      const told = await store.requests('a', { after: before, limit: 9 })
      assert.deepEqual(
        told.map(({ config }) => config),
        [configOf(1)],
        'who follows the key is told what is back',
      )
      assert.deepEqual([await store.takeBack('a', 'reset'), await store.takeBack('x', 'reset')], [false, false])
      await audit(store)
    },
  )

  storeTest('what another world answered comes back no more', async (open) => {
    const store = await open()
    await addKey(store, 'a')
    await store.claim('one', true)
    await run(store, 'a', 1)
    await store.resetKey('a', { submissions: true }, 5)
    assert.equal((await store.claim('one', true)).kind, 'held')
    assert.equal((await store.pasts('a')).length, 1)
    assert.equal((await store.claim('two', true)).kind, 'held')
    assert.deepEqual([await store.pasts('a'), await store.takeBack('a', 'reset')], [[], false])
  })

  storeTest('another secret of a key is taken back, unless the earlier one is another key by now', async (open) => {
    const store = await open()
    await addKey(store, 'a')
    await store.rekey('a', 'second', 6)
    await store.rekey('a', 'third', 7)
    assert.deepEqual(
      (await store.pasts('a')).map(({ kind, at }) => [kind, at]),
      [
        ['rekey', 7],
        ['rekey', 6],
      ],
    )
    assert.equal(await store.takeBack('a', 'rekey'), true)
    assert.deepEqual([(await store.findKey('second'))?.id, await store.findKey('third')], ['a', null])
    await store.addKey({ id: 'b', hash: 'hash of a', label: '', budget: 1n, createdAt: 1 })
    await assert.rejects(store.takeBack('a', 'rekey'), { code: 'BAD_OPTION' })
    assert.equal((await store.findKey('second'))!.id, 'a')
  })

  storeTest('sessions end one by one, with their key, after their time, and the first of too many', async (open) => {
    const [store, other] = [await open(), await open()]
    for (const id of ['a', 'b']) await addKey(store, id)
    const limits = { oldest: 0, most: 3 }
    const begin = (hash: string, keyId: string, now: number) => store.beginSession({ hash, keyId, now }, limits)
    const whose = async (...hashes: string[]) =>
      (await Promise.all(hashes.map((hash) => other.session(hash)))).map((one) => one?.key.id ?? null)
    await begin('b1', 'b', 1)
    for (const now of [1, 2, 3, 4]) await begin(`a${now}`, 'a', now)
    assert.deepEqual(await whose('a1', 'a2', 'a4', 'b1', 'x'), [null, 'a', 'a', 'b', null])
    assert.equal((await store.session('a4'))!.begunAt, 4)
    await store.endSession('a4')
    await store.endSession('x')
    assert.deepEqual(await whose('a3', 'a4', 'b1'), ['a', null, 'b'])
    for (const end of [
      () => store.revokeKey('a', 9),
      () => store.rekey('a', 'another', 9),
      () => store.takeBack('a', 'rekey'),
    ]) {
      await begin('again', 'a', 5)
      await end()
      await store.restoreKey('a')
      assert.deepEqual(await whose('again', 'b1'), [null, 'b'])
    }
    await store.beginSession({ hash: 'late', keyId: 'a', now: 100 }, { oldest: 50, most: 3 })
    assert.deepEqual(await whose('late', 'b1'), ['a', null])
  })

  storeTest(
    'what waits and runs is listed in order, of all keys, and its end as well as every other change is another mark',
    async (open) => {
      const [store, other] = [await open(), await open()]
      for (const id of ['a', 'b']) await addKey(store, id)
      const marks = [await store.mark()]
      let ofKeys = await store.keyMarks()
      /** Whose mark is another one, which is a key's alone that was changed: nobody's where what was changed is of no key. */
      const isNew = async (what: string, whose: readonly string[]) => {
        const mark = await store.mark()
        assert.ok(!marks.includes(mark), what)
        assert.equal(await other.mark(), mark, 'the same for everybody')
        marks.push(mark)
        const now = await other.keyMarks()
        assert.deepEqual(
          [...now.keys()].filter((id) => now.get(id) !== ofKeys.get(id)),
          whose,
          what,
        )
        ofKeys = now
      }
      const wish = (k: number) => ({ config: configOf(k), cost: costOf(k), name: null, most: 9 })
      const asked = await store.ask('b', wish(1), 20)
      await isNew('asked', ['b'])
      const query = ticketOf(await store.reserve('a', configOf(2), costOf(2), 10))
      await isNew('a query in flight', ['a'])
      await store.ask('a', wish(3), 30)
      await isNew('asked by another', ['a'])
      assert.ok(asked.kind === 'opened')
      await store.begin(asked.ticket!, 25)
      await isNew('begun', ['b'])
      const { queued, total } = await other.queue(2)
      assert.equal(total, 3)
      assert.deepEqual(queued, [
        { keyId: 'a', config: configOf(2), cost: costOf(2), state: 'query', askedAt: 10, startedAt: null },
        { keyId: 'b', config: configOf(1), cost: costOf(1), state: 'running', askedAt: 20, startedAt: 25 },
      ])
      const changes: [string, () => Promise<unknown>][] = [
        ['settled', () => store.settle(query, 3, 40)],
        ['cancelled', () => store.cancel('a', configOf(3), 40)],
        ['budget', () => store.setBudget('a', 5n)],
        ['predicted', () => store.submit('a', { config: configOf(1), predictedLoss: 2, submittedAt: 1 }, 5)],
        ['reset', () => store.resetKey('a', { submissions: false }, 5)],
        ['taken back', () => store.takeBack('a', 'reset')],
        ['revoked', () => store.revokeKey('a', 5)],
        ['restored', () => store.restoreKey('a')],
        ['another secret', () => store.rekey('a', 'h', 5)],
        ['a fact', () => store.note('deadline', 'soon')],
        ['another fact', () => store.note('deadline', 'late')],
        ['a key', () => addKey(store, 'c')],
      ]
      for (const [what, change] of changes) {
        await change()
        await isNew(what, what.endsWith('fact') ? [] : what === 'a key' ? ['c'] : ['a'])
      }
      assert.equal(await store.mark(), marks.at(-1))
      assert.deepEqual(
        (await store.queue(9)).queued.map(({ keyId }) => keyId),
        ['b'],
      )
    },
  )

  test('a database that is not there is made only where that may be', async () => {
    const location = await fresh()
    const missing = { name: 'IsoflopError', code: 'DATABASE_MISSING' }
    for (let again = 0; again < 2; again++) await assert.rejects(openStore(location, { create: false }), missing)
    await (await openStore(location)).close()
    const store = await openStore(location, { create: false })
    assert.deepEqual(await store.listKeys(), [])
    await store.close()
  })

  storeTest('standings: what every key did, also nothing', async (open) => {
    const store = await open()
    for (const id of ['a', 'b']) await addKey(store, id)
    for (const index of [3, 1, 2]) await run(store, 'a', index)
    const prediction = { config: configOf(4), predictedLoss: 2, submittedAt: 8 }
    await store.submit('b', prediction, 5)
    const nothing = { runs: 0, bestLoss: null, lastRunAt: null, submission: null, attempts: 0 }
    const [a, b] = [await store.getKey('a'), await store.getKey('b')]
    assert.deepEqual(await store.standings(), [
      { ...nothing, key: a, runs: 3, bestLoss: lossOf(3), lastRunAt: settledAt },
      { ...nothing, key: b, submission: { ...prediction, used: 0n }, attempts: 1 },
    ])
    const all = await store.standings()
    assert.deepEqual(await store.standings(['b', 'nobody']), [all[1]], 'of some keys, as far as they are there')
    assert.deepEqual(await store.standings(['a']), [all[0]])
    assert.deepEqual(await store.standings([]), [])
  })

  storeTest('hashes: all of them, and one replaced by another', async (open) => {
    const store = await open()
    for (const id of ['a', 'b']) await addKey(store, id)
    assert.deepEqual((await store.hashes()).sort(), ['hash of a', 'hash of b'])
    await store.replaceHash('hash of a', 'slow hash of a')
    await store.replaceHash('hash of a', 'another')
    assert.deepEqual((await store.hashes()).sort(), ['hash of b', 'slow hash of a'])
    assert.equal(await store.findKey('hash of a'), null)
    assert.equal((await store.findKey('slow hash of a'))!.id, 'a')
  })

  storeTest('what is remembered under a name is what came first, for every process', async (open) => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => open()))
    const answers = await Promise.all(stores.map((store, k) => store.remember('salt', `value ${k}`)))
    assert.equal(new Set(answers).size, 1)
    assert.match(answers[0], /^value [0-3]$/)
    assert.equal(await stores[1].remember('other', 'x'), 'x')
    assert.equal(await stores[2].remember('salt', 'x'), answers[0])
    assert.deepEqual(await Promise.all([stores[3].recall('salt'), stores[3].recall('none')]), [answers[0], null])
  })

  storeTest('what is noted under a name counts for every process, whatever was there', async (open) => {
    const [one, two] = [await open(), await open()]
    await one.note('deadline', 'a')
    assert.equal(await two.recall('deadline'), 'a')
    await two.note('deadline', 'b')
    assert.deepEqual([await one.recall('deadline'), await one.remember('deadline', 'c')], ['b', 'b'])
  })

  storeTest('a new database belongs to whoever claims it first; one with answers to nobody else ever', async (open) => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => open()))
    const claims = await Promise.all(stores.map((store, k) => store.claim(`world ${k}`, false)))
    assert.equal(claims.filter(({ kind }) => kind === 'held').length, 1)
    assert.ok(claims.every(({ answered }) => !answered))
    const [store] = stores
    assert.deepEqual(await store.claim('another', false), { kind: 'not-held', answered: false })
    assert.deepEqual(await store.claim('another', true), { kind: 'held', answered: false })
    assert.equal(await store.recall('producer'), 'another')
    await addKey(store, 'a')
    assert.deepEqual(await store.claim('keys are no answers', true), { kind: 'held', answered: false })
    const answers = [
      async () => run(store, 'a', 1),
      async () => store.submit('a', { config: configOf(1), predictedLoss: 2, submittedAt: 1 }, 5),
      async () => {
        await store.reserve('a', configOf(2), 1n, 1)
        await store.check()
      },
    ]
    for (const answer of answers) {
      await answer()
      assert.deepEqual(await stores[1].claim('other', false), { kind: 'not-held', answered: true })
      assert.deepEqual(await stores[1].claim('other', true), { kind: 'not-held', answered: true })
      assert.deepEqual(await stores[1].claim('keys are no answers', false), { kind: 'held', answered: true })
      await store.resetKey('a', { submissions: true }, 5)
    }
    assert.equal((await stores[1].claim('other', true)).kind, 'held')
  })

  storeTest('a database with answers of which nothing was noted is claimed with a word alone', async (open) => {
    const store = await open()
    await addKey(store, 'a')
    await run(store, 'a', 1)
    assert.deepEqual(await store.claim('world', false), { kind: 'not-held', answered: true })
    assert.equal(await store.recall('producer'), null)
    assert.deepEqual(await store.claim('world', true), { kind: 'held', answered: true })
    assert.deepEqual(await store.claim('other', true), { kind: 'not-held', answered: true })
  })

  storeTest('negative FLOPs and losses that are no numbers are refused', async (open) => {
    const store = await open()
    await assert.rejects(addKey(store, 'a', -1n), { code: 'CONFIG_INVALID' })
    await addKey(store, 'a')
    await assert.rejects(store.setBudget('a', -1n), { code: 'CONFIG_INVALID' })
    await assert.rejects(store.reserve('a', configOf(1), -1n, 1), { code: 'CONFIG_INVALID' })
    await assert.rejects(store.settle(1n, Number.NaN, 9), { code: 'INTERNAL' })
  })

  storeTest('a budget of 1e20 holds ten runs of 1e19, and not a FLOP more', async (open) => {
    const store = await open()
    const [cost, budget] = [10n ** 19n, 10n ** 20n]
    await addKey(store, 'a', budget)
    for (let index = 1; index <= 10; index++) assert.equal(await run(store, 'a', index, cost), BigInt(index) * cost)
    const refused = { kind: 'refused', left: 0n, budget, used: budget }
    assert.deepEqual(await store.reserve('a', configOf(11), cost, 1), refused)
    assert.deepEqual(await store.reserve('a', configOf(11), 1n, 1), refused)
    assert.deepEqual(
      (await runsOf(store, 'a')).map((settled) => settled.cost),
      Array(10).fill(cost),
    )
  })

  storeTest(
    'FLOPs of any size: 1e30 and one more, reserved, released, settled and taken back exactly',
    async (open) => {
      const store = await open()
      const cost = 10n ** 30n + 1n
      await addKey(store, 'a', 2n * cost)
      const first = ticketOf(await store.reserve('a', configOf(1), cost, 1))
      const second = ticketOf(await store.reserve('a', configOf(2), cost, 1))
      assert.deepEqual(await store.reserve('a', configOf(3), 1n, 1), {
        ...{ kind: 'refused', left: 0n, budget: 2n * cost, used: 0n },
      })
      await store.release([second])
      assert.deepEqual(await store.settle(first, 2, 9), { used: cost })
      assert.equal(await run(store, 'a', 3, 1n), cost + 1n)
      const key = (await store.getKey('a'))!
      assert.deepEqual([key.budget, key.used, key.reserved], [2n * cost, cost + 1n, 0n])
      await store.resetKey('a', { submissions: true }, 5)
      assert.equal((await store.getKey('a'))!.used, 0n)
    },
  )

  storeTest(
    'reserve, settle, ask again: charged once, the configuration and the loss come back exactly',
    async (open) => {
      const store = await open()
      await addKey(store, 'a')
      await addKey(store, 'b')
      const first = await store.reserve('a', configOf(3), 5n, 1)
      assert.deepEqual(await store.reserve('a', configOf(3), 5n, 1), { kind: 'in-flight' })
      assert.deepEqual(
        [(await store.getKey('a'))!.used, (await store.getKey('a'))!.reserved, await runsOf(store, 'a')],
        [0n, 5n, []],
      )
      assert.deepEqual(await store.settle(ticketOf(first), Math.PI, settledAt), { used: 5n })
      assert.deepEqual(await store.reserve('a', configOf(3), 5n, 1), { kind: 'settled', loss: Math.PI, used: 5n })
      assert.equal(await run(store, 'a', 1, 7n), 12n)
      assert.deepEqual(await runsOf(store, 'a'), [
        { config: configOf(3), cost: 5n, loss: Math.PI, settledAt },
        { config: configOf(1), cost: 7n, loss: lossOf(1), settledAt },
      ])
      assert.deepEqual(
        (await store.listKeys()).map(({ used, reserved }) => [used, reserved]),
        [
          [12n, 0n],
          [0n, 0n],
        ],
      )
      assert.equal((await store.reserve('b', configOf(3), 5n, 1)).kind, 'reserved')
    },
  )

  storeTest('release gives a reservation back; a ticket counts once', async (open) => {
    const store = await open()
    await addKey(store, 'a', 10n)
    const ticket = ticketOf(await store.reserve('a', configOf(1), 10n, 1))
    assert.equal((await store.reserve('a', configOf(2), 1n, 1)).kind, 'refused')
    await store.release([ticket])
    await store.release([ticket, 77n])
    await store.release([])
    assert.equal(await store.settle(ticket, 3, 9), null)
    assert.equal(await run(store, 'a', 2, 10n), 10n)
    const key = (await store.getKey('a'))!
    assert.deepEqual([key.used, key.reserved], [10n, 0n])
  })

  storeTest('the edge of the budget is exact: 1e18 twice fits 2e18, one more FLOP does not', async (open) => {
    const store = await open()
    await addKey(store, 'a', 2n * 10n ** 18n)
    assert.equal(await run(store, 'a', 1, 10n ** 18n), 10n ** 18n)
    const tooMuch = await store.reserve('a', configOf(2), 10n ** 18n + 1n, 1)
    assert.deepEqual(tooMuch, { kind: 'refused', left: 10n ** 18n, budget: 2n * 10n ** 18n, used: 10n ** 18n })
    const second = ticketOf(await store.reserve('a', configOf(2), 10n ** 18n, 1))
    const whileReserved = await store.reserve('a', configOf(3), 1n, 1)
    assert.deepEqual(whileReserved, { kind: 'refused', left: 0n, budget: 2n * 10n ** 18n, used: 10n ** 18n })
    assert.deepEqual(await store.settle(second, 2, 9), { used: 2n * 10n ** 18n })
    await store.setBudget('a', 1n)
    const afterCut = await store.reserve('a', configOf(4), 1n, 1)
    assert.deepEqual(afterCut, { kind: 'refused', left: 0n, budget: 1n, used: 2n * 10n ** 18n })
    assert.equal((await store.reserve('a', configOf(2), 10n ** 18n, 1)).kind, 'settled')
  })

  storeTest('sums above 2^53 are exact', async (open) => {
    const store = await open()
    await addKey(store, 'a', 10n ** 18n)
    for (let index = 0; index < 50; index++) await run(store, 'a', index)
    const expected = Array.from({ length: 50 }, (_, index) => costOf(index)).reduce((sum, cost) => sum + cost)
    assert.notEqual(BigInt(Number(expected)), expected)
    assert.equal((await store.getKey('a'))!.used, expected)
  })

  storeTest('64 at once at the edge of a budget: never one too many, not a FLOP lost', async (open) => {
    const stores = [await open(), await open()]
    const cost = 2n ** 53n + 1n
    await addKey(stores[0], 'a', 20n * cost + cost - 1n)
    const reserveAll = () =>
      Promise.all(Array.from({ length: 64 }, (_, i) => stores[i % 2].reserve('a', configOf(i), cost, 1)))
    const answers = await reserveAll()
    const tickets = answers.filter(({ kind }) => kind === 'reserved').map(ticketOf)
    assert.equal(tickets.length, 20)
    assert.equal(answers.filter(({ kind }) => kind === 'refused').length, 44)
    await Promise.all(
      tickets.map((ticket, i) => (i % 4 === 0 ? stores[i % 2].release([ticket]) : stores[i % 2].settle(ticket, i, 9))),
    )
    const key = (await stores[1].getKey('a'))!
    assert.deepEqual([key.used, key.reserved], [15n * cost, 0n])
    assert.equal((await reserveAll()).filter(({ kind }) => kind === 'reserved').length, 5)
  })

  storeTest('equal queries at once: one is reserved, the others are in flight', async (open) => {
    const stores = [await open(), await open()]
    await addKey(stores[0], 'a')
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, i) => stores[i % 2].reserve('a', configOf(1), 3n, 1)),
    )
    const kinds = answers.map(({ kind }) => kind).sort()
    assert.deepEqual(kinds, [...Array(31).fill('in-flight'), 'reserved'])
    const ticket = ticketOf(answers.find(({ kind }) => kind === 'reserved')!)
    const settled = await Promise.all(stores.map((store) => store.settle(ticket, 4, 9)))
    assert.equal(settled.filter((one) => one === null).length, 1)
    assert.equal((await stores[0].getKey('a'))!.used, 3n)
  })

  storeTest(
    'reset forgets runs, reservations and what was spent, of that key alone, and its submissions when asked',
    async (open) => {
      const store = await open()
      await addKey(store, 'a', 20n)
      await addKey(store, 'b')
      await run(store, 'a', 1, 9n)
      await run(store, 'b', 1)
      await store.submit('a', { config: configOf(1), predictedLoss: 2, submittedAt: 1 }, 5)
      const ticket = ticketOf(await store.reserve('a', configOf(2), 11n, 1))
      const other = ticketOf(await store.reserve('b', configOf(2), 11n, 1))
      assert.equal(await store.resetKey('a', { submissions: false }, 5), true)
      const kept = { config: configOf(1), predictedLoss: 2, submittedAt: 1, used: 9n }
      assert.deepEqual([await runsOf(store, 'a'), await store.submissions('a')], [[], [kept]])
      assert.equal(await store.resetKey('a', { submissions: true }, 5), true)
      assert.deepEqual(await store.submissions('a'), [])
      const key = (await store.getKey('a'))!
      assert.deepEqual([key.used, key.reserved], [0n, 0n])
      assert.equal(await store.settle(ticket, 3, 9), null)
      assert.equal(await run(store, 'a', 2, 20n), 20n)
      assert.deepEqual(await store.settle(other, 3, 9), { used: costOf(1) + 11n })
    },
  )

  storeTest(
    'submissions: all are kept in their order, the last one counts, and is none when it comes again',
    async (open) => {
      const store = await open()
      for (const id of ['b', 'a', 'c']) await addKey(store, id)
      assert.deepEqual(await store.submissions('a'), [])
      const after7 = (prediction: Prediction) => ({ ...prediction, used: 7n })
      const submission = { config: configOf(5), predictedLoss: 2.345678901234567, submittedAt: 1_700_000_000_999 }
      const first = { config: configOf(4), predictedLoss: 9, submittedAt: 1_800_000_000_000 }
      await run(store, 'a', 1, 7n)
      assert.deepEqual(await store.submit('a', first, 3), { kind: 'kept', attempts: 1 })
      assert.deepEqual(await store.submit('b', submission, 3), { kind: 'kept', attempts: 1 })
      assert.deepEqual(await store.submit('a', submission, 3), { kind: 'kept', attempts: 2 })
      assert.deepEqual(await store.submit('a', { ...submission, submittedAt: 5 }, 3), { kind: 'repeated', attempts: 2 })
      assert.deepEqual(await store.submissions('a'), [first, submission].map(after7))
      await run(store, 'a', 2, 4n)
      assert.deepEqual(await store.submit('a', first, 3), { kind: 'kept', attempts: 3 })
      assert.deepEqual(await store.submit('a', submission, 3), { kind: 'refused', attempts: 3 })
      assert.deepEqual(await store.submit('a', first, 1), { kind: 'repeated', attempts: 3 })
      assert.deepEqual(await store.submissions('a'), [after7(first), after7(submission), { ...first, used: 11n }])
      assert.deepEqual(await store.listSubmissions(), [
        { key: await store.getKey('a'), submission: { ...first, used: 11n }, attempts: 3 },
        { key: await store.getKey('b'), submission: { ...submission, used: 0n }, attempts: 1 },
      ])
      await assert.rejects(store.submit('x', submission, 3), { code: 'KEY_INVALID' })
      await assert.rejects(store.submit('a', { ...submission, predictedLoss: Number.NaN }, 3), { code: 'INTERNAL' })
    },
  )

  storeTest('32 predictions at once by two servers: as many are kept as there may be', async (open) => {
    const stores = [await open(), await open()]
    await addKey(stores[0], 'a')
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, k) =>
        stores[k % 2].submit('a', { config: configOf(k), predictedLoss: 2, submittedAt: k }, 5),
      ),
    )
    assert.equal(answers.filter(({ kind }) => kind === 'kept').length, 5)
    assert.equal(answers.filter(({ kind }) => kind === 'refused').length, 27)
    assert.equal((await stores[1].submissions('a')).length, 5)
  })

  storeTest('an instructor is one wherever the key is seen', async (open) => {
    const store = await open()
    await addKey(store, 'a')
    await store.addKey({ id: 'i', hash: 'hash of i', label: '', budget: 1n, createdAt: 1, instructor: true })
    const all = await Promise.all([store.getKey('i'), store.findKey('hash of i'), store.getKey('a')])
    assert.deepEqual(
      all.map((key) => key?.instructor),
      [true, true, false],
    )
  })

  storeTest('reclaim frees what was not renewed since it was seen, and only that', async (open) => {
    const [mine, other] = [await open('mine'), await open('other')]
    await addKey(mine, 'a', 100n)
    await addKey(mine, 'b', 100n)
    const tickets = [
      await mine.reserve('a', configOf(1), 1n, 1),
      await other.reserve('a', configOf(2), 2n, 1),
      await other.reserve('a', configOf(3), 4n, 1),
      await other.reserve('b', configOf(3), 8n, 1),
    ].map(ticketOf)
    await other.renew([tickets[1], 77n])
    await other.check() // durable, so that others see it
    const seen = await mine.reservations()
    const renewals = new Map(seen.map(({ ticket, renewals }) => [ticket, renewals]))
    assert.deepEqual(
      tickets.map((ticket) => renewals.get(ticket)),
      [0n, 1n, 0n, 0n],
    )
    await Promise.all([mine.renew([tickets[0]]), other.renew([tickets[1]])])
    const young = ticketOf(await other.reserve('a', configOf(4), 16n, 1))
    assert.equal(await mine.reclaim([...seen, { ticket: 77n, renewals: 0n }]), 2)
    assert.equal(await other.reclaim(seen), 0)
    assert.equal(await other.reclaim([]), 0)
    assert.deepEqual(
      (await mine.listKeys()).map(({ reserved }) => reserved),
      [19n, 0n],
    )
    assert.equal(await other.settle(tickets[2], 3, 9), null)
    assert.equal(await run(other, 'b', 3, 100n), 100n)
    assert.deepEqual(await mine.settle(tickets[0], 3, 9), { used: 1n })
    assert.deepEqual(await other.settle(young, 3, 9), { used: 17n })
  })

  storeTest('sums that somebody has changed are found out; what is reserved is set right', async (open, location) => {
    const store = await open()
    await addKey(store, 'a', 100n)
    await run(store, 'a', 1, 7n)
    await store.reserve('a', configOf(2), 2n, 1)
    await store.check() // durable, so that others see it
    await execute(location, 'UPDATE keys SET used = 8, reserved = 90')
    assert.deepEqual(await store.prove('a'), { used: 8n, ran: 7n, reserved: 90n, held: 2n })
    await store.reconcile('a')
    assert.deepEqual(await store.prove('a'), { used: 8n, ran: 7n, reserved: 2n, held: 2n })
    await execute(location, 'UPDATE keys SET used = 7')
    assert.equal(await store.prove('x'), null)
    await store.reconcile('x')
  })

  storeTest('check writes, and changes nothing that anybody sees', async (open) => {
    const stores = [await open(), await open()]
    await addKey(stores[0], 'a')
    const before = await stores[0].listKeys()
    await Promise.all([...stores, ...stores].map((store) => store.check()))
    assert.deepEqual(await stores[0].listKeys(), before)
  })

  storeTest('a process that closes leaves no reservation, and nothing is lost', async (open) => {
    const before = await open()
    await addKey(before, 'a')
    await run(before, 'a', 1)
    await before.submit('a', { config: configOf(1), predictedLoss: 2, submittedAt: 1 }, 5)
    const other = await open()
    const kept = ticketOf(await other.reserve('a', configOf(2), 3n, 1))
    await before.reserve('a', configOf(3), 5n, 1)
    const runs = await runsOf(before, 'a')
    await Promise.all([before.close(), before.close()])
    await assert.rejects(before.getKey('a'), storeUnavailable)
    await assert.rejects(before.reserve('a', configOf(9), 1n, 1), storeUnavailable)

    const after = await open()
    const key = (await after.getKey('a'))!
    assert.deepEqual([key.used, key.reserved], [costOf(1), 3n])
    assert.deepEqual(await runsOf(after, 'a'), runs)
    assert.equal((await after.submissions('a')).at(-1)!.predictedLoss, 2)
    await other.settle(kept, 1, 9)
  })

  storeTest('any sequence of operations does what a model in memory does', async (open) => {
    await fc.assert(storeProperty(open), { seed: 336, numRuns: sequences })
  })

  test('several processes open a new database at the same moment', async () => {
    const location = await fresh()
    const children = Array.from({ length: 3 }, () => hammer(location, 'nobody', 0, 1))
    const stores = await Promise.all(Array.from({ length: 3 }, () => openStore(location)))
    for (const { opened, go, ended } of children) {
      await opened
      go()
      assert.deepEqual(await ended, [0, null])
    }
    await Promise.all(stores.map((store) => store.close()))
  })

  storeTest('two processes share one budget to the last run', async (open, location) => {
    const store = await open()
    const configurations = 600
    const all = Array.from({ length: configurations }, (_, index) => costOf(index)).reduce((a, b) => a + b)
    await addKey(store, 'a', all / 2n)
    const children = [1, 2].map(() => hammer(location, 'a', configurations, 8, 2))
    await Promise.all(children.map(({ opened }) => opened))
    for (const { go } of children) go()
    for (const { ended } of children) assert.deepEqual(await ended, [0, null])
    const key = (await store.getKey('a'))!
    const runs = await runsOf(store, 'a')
    const acknowledged = children.flatMap((child) => child.acknowledged.map((line) => line.split(' ')[0]))
    assert.deepEqual(acknowledged.sort(), runs.map(({ config }) => anyCodec.identity(config)).sort())
    assert.ok(key.used <= key.budget && key.budget - key.used < costOf(configurations), `${key.budget - key.used} left`)
    assert.equal(key.reserved, 0n)
    for (const { acknowledged } of children) assert.ok(acknowledged.length > 0, 'both processes had a share')
  })

  const kills = process.env.SOAK ? 100 : 10
  storeTest(`killed ${kills} times while it works: every acknowledged run is there`, async (open, location) => {
    const store = await open()
    const stream = random(9)
    const acknowledged: [string, string[]][] = []
    for (let kill = 1; kill <= kills; kill++) {
      const id = `key ${kill}`
      await addKey(store, id, 9_200_000_000_000_000_000n)
      const { child, opened, go, ended, acknowledged: lines } = hammer(location, id, 1000, 16)
      await opened
      go()
      // By what is done, not by the clock: a slow machine is killed in the middle, too.
      const enough = stream.integer(200)
      while (lines.length < enough && child.exitCode === null) await sleep(1)
      child.kill('SIGKILL')
      await ended
      acknowledged.push([id, lines])
      assert.ok((await store.getKey(id))!.reserved <= 16n * costOf(1000))
      // PostgreSQL may still be doing the last query of a client that is gone.
      for (let again = 0; again === 0 || ((await store.getKey(id))!.reserved > 0n && again < 100); again++) {
        await store.reclaim(await store.reservations())
        await sleep(10)
      }
      assert.equal((await store.getKey(id))!.reserved, 0n)
    }
    for (const [id, lines] of acknowledged) {
      const stored = new Set((await runsOf(store, id)).map(({ config }) => anyCodec.identity(config)))
      for (const line of lines) assert.ok(stored.has(line.split(' ')[0]), `${line} was acknowledged and is gone`)
    }
    assert.ok(
      acknowledged.some(([, lines]) => lines.length > 0 && lines.length < 1000),
      'killed in the middle',
    )
  })
}
