import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readEvents } from '../../src/client/event-stream.ts'
import { type Deferred, deferred } from '../../src/core/deferred.ts'
import { type Answer, asking } from './asking.ts'

const slowServer = fileURLToPath(new URL('./slow-server.ts', import.meta.url))

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

/** A server of slow-server.ts; `lookEvery` so long that it takes nothing over from others that died, unless it is the one that survives. */
export const serverOf = (location: string, key: string, steps: number): Promise<Mortal> =>
  mortal([slowServer, location, '0', key, '20', Number.isFinite(steps) ? '600000' : '100'], steps)

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
    const events = readEvents({
      address: (after) => new URL(`/v2/events${after === undefined ? '' : `?after=${after}`}`, this.#url),
      headers: { 'x-api-key': this.key },
      retries: 100_000,
      backoffMs: 100,
      signal: this.#leaving.signal,
      expectStream: async ({ status }) => assert.equal(status, 200),
    })
    for await (const { event, data } of events) {
      opened()
      if (event !== 'run') continue
      const { number, learning_rate: rate, state } = JSON.parse(data)
      this.told.push({ number, rate, state })
    }
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
export function assertInOrder(told: Owner['told']): void {
  const states = new Map<number, string>()
  let last = 0
  for (const { number, rate, state } of told) {
    assert.ok(number > last, `${number} after ${last}`)
    last = number
    assert.ok([undefined, 'waiting', 'running'].includes(states.get(rate)), `${state} after ${states.get(rate)}`)
    states.set(rate, state)
  }
}

/** Makes one victim after another, `atOnce` at a time, each of which lives a step longer, until one lived to the end; gives what each died after. */
export async function everyStep(atOnce: number, live: (steps: number) => Promise<string | null>): Promise<string[]> {
  const deaths: string[] = []
  let hasLived = false
  let next = 0
  const victims = async () => {
    while (!hasLived) {
      const death = await live(++next)
      if (death === null) hasLived = true
      else deaths.push(death)
      assert.ok(next < 200, 'no victim lived to the end')
    }
  }
  await Promise.all(Array.from({ length: atOnce }, victims))
  return deaths
}
