import assert from 'node:assert/strict'
import fc from 'fast-check'
import { IsoflopError } from '../../../src/core/errors.ts'
import type { SeenReservation, Store, Submission } from '../../../src/server/store/store.ts'
import { configOf, runsOf, settledAt } from './examples.ts'

const keyNames = ['a', 'b'] as const

interface Reserved {
  readonly key: number
  readonly config: number
  readonly cost: bigint
  /** Which store object of this sequence made it, counting reopened ones anew. */
  readonly instance: number
  renewals: bigint
}

interface Key {
  budget: bigint
  revoked: boolean
  runs: { config: number; cost: bigint; loss: number }[]
  submissions: Submission[]
}

const key = fc.nat(keyNames.length - 1)
const process = fc.nat(1)
const flops = fc.oneof(
  fc.bigInt(0n, 5n),
  fc.bigInt(10n ** 18n - 2n, 10n ** 18n),
  fc.bigInt(2n ** 53n, 2n ** 53n + 9n),
  fc.bigInt(2n ** 63n - 2n, 2n ** 63n + 2n),
)

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('reserve'), process, key, config: fc.nat(5), cost: flops }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('settle'), process, which: fc.nat(), loss: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release'), process, which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('budget'), process, key, budget: fc.bigInt(0n, 4n * 10n ** 19n) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset'), process, key, forgets: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('submit'), process, key, config: fc.nat(5), loss: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew'), process, which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('look'), process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reclaim'), process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen'), process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke'), process, key, chance: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore'), process, key }) },
)

type Operation = { do: string; process: number } & Partial<
  Record<'key' | 'config' | 'which' | 'loss' | 'chance', number> &
    Record<'cost' | 'budget', bigint> & { forgets: boolean }
>

let sequence = 0

/** Random operations by two processes on two keys: after each, the store holds what a model in memory holds. */
export const storeProperty = (open: () => Promise<Store>) =>
  fc.asyncProperty(fc.array(operation, { maxLength: 50 }), async (operations) => {
    const ids = keyNames.map((name) => `${name}${sequence}`)
    sequence++
    const stores = [await open(), await open()]
    const model = newModel()
    for (const [index, id] of ids.entries())
      await stores[0].addKey({ id, hash: id, label: '', budget: model.keys[index].budget, createdAt: sequence })
    for (const step of operations as Operation[]) {
      await perform(step, stores, ids, model, open)
      await compare(stores[step.process], ids, model)
    }
    await Promise.all(stores.map((store) => store.close()))
  })

const newModel = () => ({
  keys: keyNames.map((): Key => ({ budget: 2n * 10n ** 18n, revoked: false, runs: [], submissions: [] })),
  reservations: new Map<bigint, Reserved>(),
  /** Every ticket that was ever given, live or not. */
  tickets: [] as bigint[],
  instances: [0, 1],
  /** Reservations as one of the processes saw them last. */
  seen: [] as SeenReservation[],
})

type Model = ReturnType<typeof newModel>

const sum = (costs: { cost: bigint }[]) => costs.reduce((total, { cost }) => total + cost, 0n)
const reservedOf = (model: Model, key: number) => [...model.reservations.values()].filter((one) => one.key === key)

async function perform(step: Operation, stores: Store[], ids: string[], model: Model, open: () => Promise<Store>) {
  const store = stores[step.process]
  const id = ids[step.key ?? 0]
  const key = model.keys[step.key ?? 0]
  const ticket = model.tickets[(step.which ?? 0) % model.tickets.length] ?? 5n
  switch (step.do) {
    case 'reserve':
      return reserve(step as Required<Operation>, store, id, model)
    case 'settle': {
      const taken = model.reservations.get(ticket)
      const answer = await outcome(store.settle(ticket, step.loss!, settledAt))
      if (!taken) return assert.equal(answer, null)
      model.reservations.delete(ticket)
      model.keys[taken.key].runs.push({ config: taken.config, cost: taken.cost, loss: step.loss! })
      return assert.deepEqual(answer, { used: sum(model.keys[taken.key].runs) })
    }
    case 'release':
      model.reservations.delete(ticket)
      return store.release([ticket])
    case 'budget':
      key.budget = step.budget!
      return assert.equal(await store.setBudget(id, step.budget!), true)
    case 'reset':
      key.runs = []
      if (step.forgets) key.submissions = []
      for (const [ticket, one] of model.reservations) if (one.key === step.key) model.reservations.delete(ticket)
      return assert.equal(await store.resetKey(id, { submissions: step.forgets! }), true)
    case 'submit':
      return submit(step as Required<Operation>, store, id, key)
    case 'renew': {
      const renewed = model.reservations.get(ticket)
      if (renewed) renewed.renewals++
      return store.renew([ticket])
    }
    case 'look':
      return look(store, model)
    case 'reclaim':
      return reclaim(store, model)
    case 'reopen': {
      const instance = model.instances[step.process]
      for (const [ticket, one] of model.reservations) if (one.instance === instance) model.reservations.delete(ticket)
      model.instances[step.process] = Math.max(...model.instances) + 1
      await store.close()
      stores[step.process] = await open()
      return
    }
    case 'revoke':
      if (step.chance !== 0) return
      key.revoked = true
      return assert.equal(await store.revokeKey(id), true)
    case 'restore':
      key.revoked = false
      return assert.equal(await store.restoreKey(id), true)
    default:
      assert.fail(step.do)
  }
}

async function reserve(step: Required<Operation>, store: Store, id: string, model: Model) {
  const key = model.keys[step.key]
  const answer = await outcome(store.reserve(id, configOf(step.config), step.cost, 1000))
  if (key.revoked) return assert.equal(answer, 'KEY_INVALID')
  const used = sum(key.runs)
  const left = key.budget - used - sum(reservedOf(model, step.key))
  const settled = key.runs.find(({ config }) => config === step.config)
  if (settled) return assert.deepEqual(answer, { kind: 'settled', loss: settled.loss, used })
  if (reservedOf(model, step.key).some(({ config }) => config === step.config))
    return assert.deepEqual(answer, { kind: 'in-flight' })
  if (step.cost > left) {
    const expected = { kind: 'refused', left: left > 0n ? left : 0n, budget: key.budget, used }
    return assert.deepEqual(answer, expected)
  }
  assert.ok(typeof answer === 'object' && answer.kind === 'reserved')
  assert.ok(!model.tickets.includes(answer.ticket), 'a ticket never comes twice')
  model.tickets.push(answer.ticket)
  const { key: keyIndex, config, cost } = step
  const instance = model.instances[step.process]
  model.reservations.set(answer.ticket, { key: keyIndex, config, cost, instance, renewals: 0n })
}

const isSeen = (model: Model, { ticket, renewals }: SeenReservation) =>
  model.reservations.get(ticket)?.renewals === renewals

const mostSubmissions = 3

async function submit(step: Required<Operation>, store: Store, id: string, key: Key) {
  const prediction = { config: configOf(step.config), predictedLoss: step.loss, submittedAt: 1000 }
  const { used: _, ...last } = key.submissions.at(-1) ?? {}
  const kind =
    JSON.stringify(last) === JSON.stringify(prediction)
      ? 'repeated'
      : key.submissions.length >= mostSubmissions
        ? 'refused'
        : 'kept'
  if (kind === 'kept') key.submissions.push({ ...prediction, used: sum(key.runs) })
  const expected = { kind, attempts: key.submissions.length }
  assert.deepEqual(await store.submit(id, prediction, mostSubmissions), expected)
}

/** Other sequences have left reservations of other keys in the same database. */
async function look(store: Store, model: Model) {
  const all = await store.reservations()
  model.seen = all.filter(({ ticket }) => model.tickets.includes(ticket))
  assert.equal(model.seen.length, model.reservations.size)
  assert.ok(model.seen.every((seen) => isSeen(model, seen)))
}

async function reclaim(store: Store, model: Model) {
  const standing = model.seen.filter((seen) => isSeen(model, seen))
  assert.equal(await store.reclaim(model.seen), standing.length)
  for (const { ticket } of standing) model.reservations.delete(ticket)
}

/** The result, or the code of the public error. */
const outcome = <T>(promise: Promise<T>): Promise<T | string> =>
  promise.catch((error) => {
    if (error instanceof IsoflopError) return error.code
    throw error
  })

async function compare(store: Store, ids: string[], model: Model): Promise<void> {
  const standings = new Map((await store.standings()).map((standing) => [standing.key.id, standing]))
  for (const [index, { budget, revoked, runs, submissions }] of model.keys.entries()) {
    const key = (await store.findKey(ids[index]))!
    assert.deepEqual(
      [key.budget, key.used, key.reserved, key.revoked],
      [budget, sum(runs), sum(reservedOf(model, index)), revoked],
    )
    const expected = runs.map(({ config, cost, loss }) => ({ config: configOf(config), cost, loss, settledAt }))
    assert.deepEqual(await runsOf(store, ids[index]), expected)
    assert.deepEqual(await store.submissions(ids[index]), submissions)
    assert.deepEqual(standings.get(ids[index]), {
      ...{ key: await store.getKey(ids[index]), runs: runs.length, lastRunAt: runs.length > 0 ? settledAt : null },
      bestLoss: runs.length > 0 ? Math.min(...runs.map(({ loss }) => loss)) : null,
      ...{ submission: submissions.at(-1) ?? null, attempts: submissions.length },
    })
  }
}
