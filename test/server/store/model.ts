import assert from 'node:assert/strict'
import fc from 'fast-check'
import { IsoflopError } from '../../../src/core/errors.ts'
import { isOpen, type RequestState } from '../../../src/server/store/requests.ts'
import type { HeldReservation, SeenReservation, Store, Submission } from '../../../src/server/store/store.ts'
import { configOf, runsOf, settledAt } from './examples.ts'

const left = 'left'
/** When the model's requests begin and end. */
const begunAt = 1_700_000_000_777
const mostOpen = 3

const keyNames = ['a', 'b'] as const

interface Reserved {
  readonly key: number
  readonly config: number
  readonly cost: bigint
  /** Which store object of this sequence made it, counting reopened ones anew; `left` to whoever takes it over. */
  instance: number | typeof left
  renewals: bigint
}

interface Requested {
  readonly config: number
  state: RequestState
  number: bigint
  ticket: bigint | null
  name: string | null
  startedAt: number | null
}

interface Key {
  budget: bigint
  revoked: boolean
  changes: bigint
  requests: Map<number, Requested>
  runs: { config: number; cost: bigint; loss: number }[]
  submissions: Submission[]
  /** What was reset, the last one last. */
  pasts: Pick<Key, 'requests' | 'runs' | 'submissions'>[]
}

const key = fc.nat(keyNames.length - 1)
const process = fc.nat(1)
const flops = fc.oneof(
  fc.bigInt(0n, 5n),
  fc.bigInt(10n ** 18n - 2n, 10n ** 18n),
  fc.bigInt(2n ** 53n, 2n ** 53n + 9n),
  fc.bigInt(2n ** 63n - 2n, 2n ** 63n + 2n),
)

const name = fc.constantFrom(null, 'n', 'm')

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('ask'), process, key, config: fc.nat(5), cost: flops, name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('begin'), process, which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end'), process, which: fc.nat(), forgets: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel'), process, key, config: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('takeOver'), process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('curve'), process, key, config: fc.nat(5) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('reserve'), process, key, config: fc.nat(5), cost: flops }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('settle'), process, which: fc.nat(), loss: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release'), process, which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('budget'), process, key, budget: fc.bigInt(0n, 4n * 10n ** 19n) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset'), process, key, forgets: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('takeBack'), process, key }) },
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
    Record<'cost' | 'budget', bigint> & { forgets: boolean; name: string | null }
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

const newKey = (): Key => ({
  ...{ budget: 2n * 10n ** 18n, revoked: false, changes: 0n },
  ...{ requests: new Map(), runs: [], submissions: [], pasts: [] },
})

const newModel = () => ({
  keys: keyNames.map(newKey),
  reservations: new Map<bigint, Reserved>(),
  /** Every ticket that was ever given, live or not. */
  tickets: [] as bigint[],
  instances: [0, 1],
  /** Reservations as one of the processes saw them last. */
  seen: [] as HeldReservation[],
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
      change(model.keys[taken.key], taken.config, { state: 'finished', ticket: null })
      return assert.deepEqual(answer, { used: sum(model.keys[taken.key].runs) })
    }
    case 'release':
      giveBack(model, ticket)
      return store.release([ticket])
    case 'ask':
      return ask(step as Required<Operation>, store, id, model)
    case 'begin': {
      const open = openOf(model, ticket)
      if (open?.request.state === 'waiting')
        change(open.key, open.request.config, { state: 'running', startedAt: begunAt })
      return store.begin(ticket, begunAt)
    }
    case 'end': {
      const open = openOf(model, ticket)
      const state = step.forgets ? 'failed' : 'diverged'
      const failure = step.forgets ? { code: 'TRAINING_FAILED', message: 'It "broke" off.' } : null
      assert.equal(await store.end(ticket, state, failure, settledAt), open !== null)
      if (open === null) return
      model.reservations.delete(ticket)
      return change(open.key, open.request.config, { state, ticket: null })
    }
    case 'cancel': {
      const request = key.requests.get(step.config!)
      const answer = await store.cancel(id, configOf(step.config!), settledAt)
      if (!request) return assert.equal(answer, null)
      if (!isOpen(request.state)) return assert.deepEqual(answer, { kind: 'ended' })
      assert.deepEqual(answer, { kind: 'cancelled' })
      return cancelled(model, key, request)
    }
    case 'takeOver':
      return takeOver(step, store, ids, model)
    case 'curve': {
      const request = key.requests.get(step.config!)
      const curve = [{ step: 1, tokens: 512, loss: 2.5 }]
      await store.noteCurve(id, configOf(step.config!), curve)
      if (request && isOpen(request.state)) assert.deepEqual(await store.curve(id, configOf(step.config!)), curve)
      return
    }
    case 'budget':
      key.budget = step.budget!
      key.changes++
      return assert.equal(await store.setBudget(id, step.budget!), true)
    case 'reset':
      reset(key, step.forgets!)
      for (const [ticket, one] of model.reservations) if (one.key === step.key) model.reservations.delete(ticket)
      return assert.equal(await store.resetKey(id, { submissions: step.forgets! }, 5), true)
    case 'takeBack':
      assert.equal(await store.takeBack(id, 'reset'), key.pasts.length > 0)
      return takeBack(model, step.key!)
    case 'submit':
      return submit(step as Required<Operation>, store, id, key)
    case 'renew': {
      const renewed = model.reservations.get(ticket)
      if (renewed) renewed.renewals++
      return assert.deepEqual(await store.renew([ticket]), renewed ? [] : [ticket])
    }
    case 'look':
      return look(store, model)
    case 'reclaim':
      return reclaim(store, model)
    case 'reopen': {
      const instance = model.instances[step.process]
      for (const [ticket, one] of model.reservations) if (one.instance === instance) giveBack(model, ticket)
      model.instances[step.process] = Math.max(...model.instances) + 1
      await store.close()
      stores[step.process] = await open()
      return
    }
    case 'revoke':
      if (step.chance !== 0) return
      key.changes++
      for (const request of key.requests.values()) if (isOpen(request.state)) cancelled(model, key, request, true)
      key.revoked = true
      return assert.equal(await store.revokeKey(id, settledAt), true)
    case 'restore':
      key.revoked = false
      key.changes++
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

/** Forgets what a key did, and keeps it aside where there is anything. */
function reset(key: Key, forgets: boolean) {
  const ended = [...key.requests].filter(([, { state }]) => !isOpen(state))
  const past = { requests: new Map(ended), runs: key.runs, submissions: forgets ? key.submissions : [] }
  if (ended.length + past.submissions.length > 0) key.pasts.push(past)
  key.runs = []
  key.requests = new Map()
  if (forgets) key.submissions = []
  key.changes++
}

/** Puts back what the last reset forgot, beside what came since. */
function takeBack(model: Model, index: number) {
  const key = model.keys[index]
  const past = key.pasts.pop()
  if (past === undefined) return
  key.changes++
  const inFlight = new Set(reservedOf(model, index).map(({ config }) => config))
  for (const one of [...past.requests.values()].sort((p, q) => (p.number < q.number ? -1 : 1))) {
    const since = key.requests.get(one.config)?.state
    if (inFlight.has(one.config) || since === 'finished' || (since && one.state !== 'finished')) continue
    if (one.state === 'finished') key.runs.push(past.runs.find(({ config }) => config === one.config)!)
    change(key, one.config, one)
  }
  key.submissions = [...past.submissions, ...key.submissions]
}

/** The open request that a ticket is the fence of. */
function openOf(model: Model, ticket: bigint) {
  const reserved = model.reservations.get(ticket)
  const key = reserved && model.keys[reserved.key]
  const request = reserved && key!.requests.get(reserved.config)
  return request?.ticket === ticket ? { key: key!, request } : null
}

function change(key: Key, config: number, by: Partial<Requested>) {
  key.changes++
  const before = key.requests.get(config) ?? { config, name: null, startedAt: null, state: 'waiting', ticket: null }
  key.requests.set(config, { ...before, ...by, number: key.changes })
}

/** A reservation goes, unless an open request needs it. */
function giveBack(model: Model, ticket: bigint) {
  const reserved = model.reservations.get(ticket)
  const request = reserved && model.keys[reserved.key].requests.get(reserved.config)
  if (request && isOpen(request.state)) {
    reserved.instance = left
    reserved.renewals = 0n
    request.ticket = ticket
  } else model.reservations.delete(ticket)
}

/** In which order a revoked key's requests end is not promised. */
function cancelled(model: Model, key: Key, { ticket, config }: Requested, isAnyOrder = false) {
  if (ticket !== null) model.reservations.delete(ticket)
  change(key, config, { state: 'cancelled', ticket: null })
  if (isAnyOrder) key.requests.get(config)!.number = anyNumber
}
const anyNumber = -1n

async function ask(step: Required<Operation>, store: Store, id: string, model: Model) {
  const key = model.keys[step.key]
  const wish = { config: configOf(step.config), cost: step.cost, name: step.name, most: mostOpen }
  const answer = await outcome(store.ask(id, wish, 1000))
  if (key.revoked) return assert.equal(answer, 'KEY_INVALID')
  assert.ok(typeof answer === 'object')
  const known = key.requests.get(step.config)
  const cameToNothing = known?.state === 'failed' || known?.state === 'cancelled'
  if (known && !(cameToNothing && (step.name === null || step.name !== known.name)))
    return assert.equal(answer.kind, 'known')
  const open = [...key.requests.values()].filter(({ state }) => isOpen(state)).length
  if (open >= mostOpen) return assert.deepEqual(answer, { kind: 'too-many', open })
  const shares = reservedOf(model, step.key).some(({ config }) => config === step.config)
  const used = sum(key.runs)
  const free = key.budget - used - sum(reservedOf(model, step.key))
  if (!shares && step.cost > free)
    return assert.deepEqual(answer, { kind: 'refused', left: free > 0n ? free : 0n, budget: key.budget, used })
  assert.ok(answer.kind === 'opened' && (answer.ticket === null) === shares)
  const state = shares ? 'running' : 'waiting'
  change(key, step.config, { state, ticket: answer.ticket, name: step.name, startedAt: shares ? 1000 : null })
  if (answer.ticket === null) return
  const { key: keyIndex, config, cost } = step
  const instance = model.instances[step.process]
  model.tickets.push(answer.ticket)
  model.reservations.set(answer.ticket, { key: keyIndex, config, cost, instance, renewals: 0n })
}

async function takeOver(step: Operation, store: Store, ids: string[], model: Model) {
  const taken = await store.takeOver(model.seen)
  const expected = model.seen.filter((seen) => {
    const reserved = isSeen(model, seen) ? model.reservations.get(seen.ticket)! : null
    const request = reserved && model.keys[reserved.key].requests.get(reserved.config)
    return request && isOpen(request.state)
  })
  assert.equal(taken.length, expected.length)
  const nameOf = (keyId: string, config: object) => `${keyId} ${JSON.stringify(config)}`
  const ticketFor = new Map(taken.map(({ keyId, config, ticket }) => [nameOf(keyId, config), ticket]))
  // The numbers of one key's requests are drawn in the order of their tickets or of their seeing.
  for (const { ticket } of expected) {
    const reserved = model.reservations.get(ticket)!
    const mine = ticketFor.get(nameOf(ids[reserved.key], configOf(reserved.config)))!
    model.reservations.delete(ticket)
    model.reservations.set(mine, { ...reserved, instance: model.instances[step.process], renewals: 0n })
    model.tickets.push(mine)
    change(model.keys[reserved.key], reserved.config, { state: 'waiting', ticket: mine })
    model.keys[reserved.key].requests.get(reserved.config)!.number = anyNumber
  }
}

const isSeen = (model: Model, { ticket, renewals }: SeenReservation) =>
  model.reservations.get(ticket)?.renewals === renewals

function isNeeded(model: Model, ticket: bigint): boolean {
  const { key, config } = model.reservations.get(ticket)!
  const request = model.keys[key].requests.get(config)
  return request !== undefined && isOpen(request.state)
}

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
  if (kind === 'kept') {
    key.submissions.push({ ...prediction, used: sum(key.runs) })
    key.changes++
  }
  const expected = { kind, attempts: key.submissions.length }
  assert.deepEqual(await store.submit(id, prediction, mostSubmissions), expected)
}

/** Other sequences have left reservations of other keys in the same database. */
async function look(store: Store, model: Model) {
  const all = await store.reservations()
  model.seen = all.filter(({ ticket }) => model.tickets.includes(ticket))
  assert.equal(model.seen.length, model.reservations.size)
  for (const { ticket, renewals, isLeft } of model.seen) {
    const reserved = model.reservations.get(ticket)!
    assert.deepEqual([renewals, isLeft], [reserved.renewals, reserved.instance === left])
  }
}

async function reclaim(store: Store, model: Model) {
  const standing = model.seen.filter((seen) => isSeen(model, seen) && !isNeeded(model, seen.ticket))
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
    await compareRequests(store, ids[index], model.keys[index])
    assert.deepEqual(standings.get(ids[index]), {
      ...{ key: await store.getKey(ids[index]), runs: runs.length, lastRunAt: runs.length > 0 ? settledAt : null },
      bestLoss: runs.length > 0 ? Math.min(...runs.map(({ loss }) => loss)) : null,
      ...{ submission: submissions.at(-1) ?? null, attempts: submissions.length },
    })
  }
}

async function compareRequests(store: Store, id: string, { requests, runs, changes, revoked }: Key) {
  const list = await store.requests(id, { after: 0n, limit: 100 })
  const numbers = list.map(({ number }) => number)
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].sort((p, q) => (p < q ? -1 : 1)),
  )
  assert.equal((await store.changes([id])).get(id), revoked ? undefined : changes)
  assert.ok(numbers.every((number) => number <= changes))
  for (const one of list) {
    const model = [...requests.values()].find(({ config }) => same(configOf(config), one.config))!
    if (model.number === anyNumber) model.number = one.number
    const run = runs.find(({ config }) => config === model.config)
    const { state, number, name, startedAt, loss, charged } = one
    const isFinished = state === 'finished'
    assert.deepEqual(
      { state, number, name, startedAt, loss, charged },
      {
        ...{ state: model.state, number: model.number, name: model.name, startedAt: model.startedAt },
        ...{ loss: isFinished ? run!.loss : null, charged: isFinished ? run!.cost : 0n },
      },
    )
    assert.equal(one.failure?.code, state === 'failed' ? 'TRAINING_FAILED' : undefined)
    assert.deepEqual(await store.request(id, one.config), one)
  }
  assert.equal(list.length, requests.size)
  const open = await store.requests(id, { states: ['waiting', 'running'], after: 0n, limit: 100 })
  assert.deepEqual(
    open,
    list.filter(({ state }) => isOpen(state)),
  )
}

const same = (p: object, q: object) => JSON.stringify(p) === JSON.stringify(q)
