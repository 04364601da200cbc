import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { configOfWire } from '../../src/api/contract.ts'
import { idOfConfig } from '../../src/api/v2.ts'
import { readEvents } from '../../src/client/event-stream.ts'
import { type Deferred, deferred } from '../../src/core/deferred.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { addKey } from '../../src/server/keys.ts'
import { openStore } from '../../src/server/store/open.ts'
import { type Answer, asking, wire } from './asking.ts'
import { audit } from './store/conformance.ts'
import { runsOf } from './store/examples.ts'

/** A process that was to die after so many steps. */
export interface Mortal {
  readonly child: ChildProcess
  /** Where it listens; null of one that died before, or listens nowhere. */
  readonly url: string | null
  /** The statement that it died after; null where it lived to the end. */
  readonly died: Promise<string | null>
  kill(): void
}

/** Starts a program that dies after `steps` steps: see mortal.ts. Resolves when it says that it listens, or has ended. */
export async function mortal(
  args: readonly string[],
  steps: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Mortal> {
  const lifetime = Number.isFinite(steps) ? { STEPS_TO_LIVE: String(steps) } : {}
  const child = spawn(process.execPath, ['--no-warnings', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env, ...lifetime },
  })
  const listens = deferred<string | null>()
  let last: string | null = null
  createInterface(child.stdout).on('line', (line) => {
    last = /^dies after (.*)/.exec(line)?.[1] ?? last
    const url = /^listening on (\S+)/.exec(line)?.[1]
    if (url) listens.resolve(url)
  })
  const ended = once(child, 'close').then(() => listens.resolve(null))
  return {
    child,
    url: await listens.promise,
    died: ended.then(() => last),
    kill: () => child.kill('SIGKILL'),
  }
}

/** A key's owner, who asks one server until that dies, and then goes on with the one that survives. */
export class Owner {
  readonly key: string
  /** States of the key's runs, as a stream of events told them: number, width and state. */
  readonly told: { readonly number: number; readonly rate: number; readonly state: string }[] = []
  readonly #first: string
  readonly #survivor: Deferred<string>
  readonly #leaving = new AbortController()
  #url: string
  #stream: Promise<void> = Promise.resolve()

  constructor(key: string, url: string, survivor: Deferred<string>) {
    this.key = key
    this.#first = url
    this.#url = url
    this.#survivor = survivor
  }

  /** Listens to what happens from now on. Resolves when the stream is open. */
  async listen(): Promise<void> {
    const open = deferred<void>()
    this.#stream = this.#listen(open.resolve)
    await Promise.race([open.promise, this.#survivor.promise])
  }

  async #listen(opened: () => void): Promise<void> {
    let after: string | null = null
    const listen = async (url: string) => {
      const events = readEvents({
        address: () => new URL(`/v2/events${after === null ? '' : `?after=${after}`}`, url),
        headers: { 'x-api-key': this.key },
        ...{ retries: 0, backoffMs: 10, signal: this.#leaving.signal },
        expectStream: async ({ status }) => assert.equal(status, 200),
      })
      for await (const { event, data, id } of events) {
        opened()
        after = id ?? after
        if (event !== 'run') continue
        const { number, learning_rate: rate, state } = JSON.parse(data)
        this.told.push({ number, rate, state })
      }
    }
    await listen(this.#first).catch(() => {})
    const next = await this.#survivor.promise
    // One that heard nothing of the first one asks for all there is.
    after ??= '0'
    await listen(next)
  }

  /** Asks until somebody answers; each question may be repeated. */
  async ask(method: string, path: string, body?: object): Promise<Answer> {
    while (!this.#leaving.signal.aborted)
      try {
        const answer = await asking(this.#url, this.key)(method, path, body)
        if (answer.status < 500) return answer
        await sleep(50)
      } catch {
        this.#url = this.#url === this.#first ? await this.#survivor.promise : this.#url
        await sleep(50)
      }
    throw new Error('left')
  }

  async until(path: string, state: string): Promise<Answer> {
    for (;;) {
      const answer = await this.ask('GET', path)
      assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`)
      if (answer.body.state === state) return answer
      assert.ok(['waiting', 'running'].includes(answer.body.state), `${path} is ${answer.body.state}, not ${state}`)
      await sleep(20)
    }
  }

  /** Until the stream has told of everything up to a number; then it is closed. */
  async heard(number: number): Promise<void> {
    for (let waited = 0; (this.told.at(-1)?.number ?? 0) < number; waited += 50) {
      assert.ok(waited < 30_000, `the stream told ${this.told.at(-1)?.number} of ${number}`)
      await sleep(50)
    }
    this.leave()
    await this.#stream
  }

  readonly leave = () => {
    this.#leaving.abort()
  }
}

/** Numbers only grow; each run goes on from where it was, or begins again where its server died; after its end nothing is told. */
function assertInOrder(told: Owner['told']): void {
  const states = new Map<number, string>()
  let last = 0
  for (const { number, rate, state } of told) {
    assert.ok(number > last, `${number} after ${last}`)
    last = number
    assert.ok([undefined, 'waiting', 'running'].includes(states.get(rate)), `${state} after ${states.get(rate)}`)
    states.set(rate, state)
  }
}

/** Makes one victim after another, `atOnce` at a time, each of which lives a step longer, until one lived to the end; gives what each died after, in order. */
export async function everyStep(atOnce: number, live: (steps: number) => Promise<string | null>): Promise<string[]> {
  const deaths: string[] = []
  let hasLived = false
  let next = 0
  const victims = async () => {
    while (!hasLived) {
      const steps = ++next
      const death = await live(steps)
      if (death === null) hasLived = true
      else deaths[steps - 1] = death
      assert.ok(steps < 200, 'no victim lived to the end')
    }
  }
  await Promise.all(Array.from({ length: atOnce }, victims))
  return deaths.filter((death) => death !== undefined)
}

/** What a key asks for: a run that is made, one that is cancelled while it runs, and one of GET /loss. */
type Wishes = readonly [made: Wire, cancelled: Wire, queried: Wire]
type Wire = ReturnType<typeof wire>

/** The same for all victims, or others for each; one with 24 layers must run until nobody wants it any more. */
export const wishesOf = (victim: number): Wishes => [
  wire(3 * victim),
  { ...wire(3 * victim + 1), num_layers: 24 },
  wire(3 * victim + 2),
]

const pathOf = (wish: Wire) => `/v2/runs/${idOfConfig(configOfWire(wish))}`

/** All that happens to a key: everything is asked until it is answered. Another key asks for one of the same runs. */
async function live(owner: Owner, other: Owner, [made, cancelled, queried]: Wishes, lossOf: LossOf): Promise<void> {
  await owner.listen()
  const both = [owner, other].map(async (one) => {
    assert.ok((await one.ask('POST', '/v2/runs', made)).status <= 202)
    assert.equal((await one.until(pathOf(made), 'finished')).body.loss, lossOf(configOfWire(made)))
  })
  await Promise.all(both)
  assert.ok((await owner.ask('POST', '/v2/runs', cancelled)).status <= 202)
  await owner.until(pathOf(cancelled), 'running')
  await owner.ask('DELETE', pathOf(cancelled)) // 409 where only the answer was lost
  assert.equal((await owner.ask('GET', pathOf(cancelled))).body.state, 'cancelled')
  const fields = Object.entries({ ...queried, api_key: owner.key })
  const query = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, String(value)]))
  assert.equal((await owner.ask('GET', `/loss?${query}`)).body.loss, lossOf(configOfWire(queried)))
}

type LossOf = (config: TrainingConfig) => number

interface Servers {
  readonly location: string
  /** Starts one that dies after so many steps, or one that survives and soon goes on with what the others have left. */
  readonly start: (steps: number) => Promise<Mortal>
  readonly lossOf: LossOf
  readonly wishes: (victim: number) => Wishes
}

/**
 * A server that dies between any two of its steps: whoever asked it asks the one that survives, and every run comes to one end, is charged once, and is told in order.
 * Gives after what servers died.
 */
export async function survivesEveryStep(
  t: TestContext,
  { location, start, lossOf, wishes }: Servers,
): Promise<string[]> {
  const store = await openStore(location)
  t.after(() => store.close())
  const survivor = deferred<string>()
  const pairs: { owner: Owner; other: Owner; life: Promise<void> }[] = []
  const deaths = await everyStep(3, async (steps) => {
    const keys = [`the-key-of-victim-${steps}`, `the-other-key-of-victim-${steps}`]
    for (const key of keys) await addKey(store, { label: key, budget: 10n ** 18n, now: steps, key })
    const victim = await start(steps)
    t.after(victim.kill)
    const [owner, other] = keys.map((key) => new Owner(key, victim.url!, survivor))
    for (const one of [owner, other]) t.after(one.leave)
    const life = live(owner, other, wishes(steps), lossOf)
    life.catch(() => {})
    pairs.push({ owner, other, life })
    const death = await Promise.race([victim.died, life.then(() => null)])
    victim.kill()
    return death
  })
  const last = await start(Number.POSITIVE_INFINITY)
  t.after(last.kill)
  survivor.resolve(last.url!)
  await Promise.all(pairs.map(({ life }) => life))

  for (const { owner } of pairs) {
    const { runs, last } = (await owner.ask('GET', '/v2/runs')).body
    const states = runs.map(({ state }: { state: string }) => state)
    assert.deepEqual(states, ['finished', 'cancelled', 'finished'])
    await owner.heard(last)
    assertInOrder(owner.told)
  }
  for (const { id, label, used, reserved } of await store.listKeys()) {
    const runs = label.startsWith('the-key') ? 2n : 1n
    assert.deepEqual([used, reserved], [runs * 10n ** 16n, 0n], label)
    assert.equal(BigInt((await runsOf(store, id)).length), runs)
  }
  await audit(store)
  assert.deepEqual(await store.openRequests(), { waiting: 0, running: 0 })
  return deaths
}
