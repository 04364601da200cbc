import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { deferred } from '../../src/core/deferred.ts'
import { integerAsWritten } from '../../src/core/exact-integer.ts'
import { random } from '../../src/core/random.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { addKey } from '../../src/server/keys.ts'
import { openStore } from '../../src/server/store/open.ts'
import type { TestPostgres } from '../server/postgres.ts'

const program = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))

export interface Hardship {
  readonly trainings: number
  readonly keys: number
  readonly workers: number
  /** kill -9 of a worker, which is started again. */
  readonly kills: number
  /** kill -9 of PostgreSQL, which is started again. */
  readonly restarts: number
  /** One worker is stopped for so long, ms, and goes on. */
  readonly stoppedMs: number
  /** How long each training takes, seconds. */
  readonly seconds: number
  readonly seed: number
}

export interface Survived {
  readonly seconds: number
  /** Kills of workers that made something just then. */
  readonly hits: number
  /** Trainings that were begun, again and again where their worker was killed. */
  readonly begun: number
  /** What workers said of attempts that had become somebody else's. */
  readonly dropped: number
  /** By how many turns a training was begun before one that waited, at worst. */
  readonly unfairness: number
}

const budget = 10n ** 20n
const trainFlops = 1e13

/** A configuration for each training, and the loss that the program gives it. */
const widthOf = (k: number) => 64 + 2 * k
const lossOf = (width: number) => Number(`3.${width}`)

/**
 * Real servers, workers and programs over a real PostgreSQL, in which everything but the server is killed at random. Half of the trainings are
 * asked for by two keys. Every query is answered, once, with the right loss, and every key pays for each once.
 */
export async function survivesHardship(postgres: TestPostgres, hardship: Hardship): Promise<Survived> {
  const { trainings, keys: keyCount, kills, restarts, stoppedMs, seed } = hardship
  const url = await postgres.database()
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-workers-'))
  const { integer } = random(seed, trainings)
  const pool = new Pool(folder, url, hardship)
  const startedAt = performance.now()
  pool.failed.promise.catch(() => {})
  try {
    const keys = await makeKeys(url, keyCount)
    const server = await pool.serve()
    const asked = keys.map((_, key) =>
      Array.from({ length: trainings }, (_, k) => k).filter(
        (k) => k % keyCount === key || (k % 2 === 0 && (k + 1) % keyCount === key),
      ),
    )
    let open = asked.flat().length
    const answers = Promise.all(
      asked.map((own, key) =>
        Promise.all(
          own.map(async (k) => {
            const loss = await answerOf(server, keys[key], widthOf(k))
            open--
            return { key, k, loss }
          }),
        ),
      ),
    )
    answers.catch(() => {})
    await pool.untilWaiting(trainings)
    for (let k = 0; k < hardship.workers; k++) pool.start(k)

    const events = [...Array(kills).fill('kill'), ...Array(restarts).fill('restart')]
    for (const left = [...events]; left.length > 0 && open > 0; ) {
      await sleep(integer(1000 * hardship.seconds))
      const [event] = left.splice(integer(left.length), 1)
      if (event === 'kill') await pool.kill(integer(hardship.workers))
      else await postgres.kill('postmaster')
      if (left.length === Math.floor(events.length / 2) && stoppedMs > 0)
        await pool.stopFor(integer(hardship.workers), stoppedMs)
    }
    const given = (await Promise.race([answers, pool.failed.promise])).flat()
    for (const { k, loss } of given) assert.equal(loss, lossOf(widthOf(k)))
    await pool.stops
    await checkLedger(url, asked)
    await checkTrainings(url, trainings)
    return {
      seconds: (performance.now() - startedAt) / 1000,
      hits: pool.hits,
      begun: pool.begun.length,
      dropped: pool.dropped,
      unfairness: await unfairness(url, pool.begun),
    }
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${pool.log.slice(-60).join('\n')}`, { cause: error })
  } finally {
    await pool.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The processes of a server and of workers. */
class Pool {
  readonly begun: string[] = []
  readonly log: string[] = []
  dropped = 0
  hits = 0
  /** Rejects where a worker ends by itself. */
  readonly failed = deferred<never>()
  stops: Promise<unknown> = Promise.resolve()
  readonly #folder: string
  readonly #url: string
  readonly #hardship: Hardship
  readonly #workers: ChildProcess[] = []
  readonly #isBusy: boolean[] = []
  #stopped: number | null = null
  #server: ChildProcess | null = null

  constructor(folder: string, url: string, hardship: Hardship) {
    this.#folder = folder
    this.#url = url
    this.#hardship = hardship
  }

  async serve(): Promise<string> {
    const flags = [
      '--port',
      '0',
      '--backend',
      'workers',
      '--program',
      'tiny',
      '--worker-patience',
      '10s',
      '--tries',
      '9',
    ]
    this.#server = this.#spawn(['serve', '--db', this.#url, ...flags])
    for await (const line of createInterface(this.#server.stdout!)) {
      const [, address] = /listening on (\S+)/.exec(line) ?? []
      if (address) return address
    }
    throw new Error('the server ended')
  }

  start(k: number): void {
    const { seconds } = this.#hardship
    const result = '{folder}/result.json'
    const run = `sleep ${seconds}; printf '{"loss": 3.%s}' {d_model} > ${result}.new; mv ${result}.new ${result}`
    const child = this.#spawn([
      ...['worker', '--db', this.#url, '--program', 'tiny', '--run', run, '--runs', join(this.#folder, `worker${k}`)],
    ])
    this.#workers[k] = child
    child.on('exit', (status) => {
      if (status !== null) this.failed.reject(new Error(`worker ${k} ended by itself, with status ${status}`))
    })
    createInterface(child.stderr!).on('line', (line) => {
      this.log.push(`${k}: ${line}`)
      const [, width] = /: begun, (?:attempt \d+, )?d(\d+)-/.exec(line) ?? []
      if (width) this.begun.push(width)
      this.#isBusy[k] = width !== undefined
      if (line.includes('dropped')) this.dropped++
    })
  }

  #spawn(args: readonly string[]): ChildProcess {
    // Without the launcher, so that what is killed is the process that works.
    const child = spawn(process.execPath, ['--no-warnings', program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.#folder,
      env: { ...process.env, DATABASE_URL: '' },
    })
    child.stderr!.on('data', () => {})
    return child
  }

  /** Kills a worker, if possible one that makes something just now. */
  async kill(chosen: number): Promise<void> {
    const k = chosen === this.#stopped ? (chosen + 1) % this.#hardship.workers : chosen
    for (let waited = 0; !this.#isBusy[k] && waited < 10_000; waited += 10) await sleep(10)
    const child = this.#workers[k]
    if (this.#isBusy[k]) this.hits++
    this.#isBusy[k] = false
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    this.start(k)
  }

  /** Stops a worker that makes something just now; nothing else kills it meanwhile. */
  async stopFor(k: number, ms: number): Promise<void> {
    for (let waited = 0; !this.#isBusy[k] && waited < 10_000; waited += 10) await sleep(10)
    this.#stopped = k
    this.#workers[k].kill('SIGSTOP')
    this.stops = sleep(ms).then(() => {
      this.#workers[k].kill('SIGCONT')
      this.#stopped = null
    })
  }

  async untilWaiting(trainings: number): Promise<void> {
    for (let waited = 0; ; waited += 50) {
      const [{ count }] = await rows(this.#url, 'SELECT count(*)::int AS count FROM isoflop_jobs.trainings').catch(
        () => [{ count: 0 }],
      )
      if (count === trainings) return
      assert.ok(waited < 30_000, `${count} of ${trainings} wait`)
      await sleep(50)
    }
  }

  async end(): Promise<void> {
    for (const child of [...this.#workers, this.#server]) {
      if (!child || child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
  }
}

async function makeKeys(url: string, count: number): Promise<string[]> {
  const store = await openStore(url)
  const keys: string[] = []
  for (let k = 0; k < count; k++) keys.push((await addKey(store, { label: `key ${k}`, budget, now: k })).key)
  await store.close()
  return keys
}

/** The answer of a client that asks again for as long as the server says that it could not. */
async function answerOf(server: string, key: string, width: number): Promise<number> {
  const query = `d_model=${width}&num_layers=2&num_heads=2&batch_size=128&learning_rate=0.001&train_flops=${integerAsWritten(trainFlops)}`
  for (;;) {
    const response = await fetch(`${server}/loss?${query}&api_key=${key}`).catch(() => null)
    if (response?.status === 200) return ((await response.json()) as { loss: number }).loss
    if (response !== null && response.status !== 503) throw new Error(`${response.status}: ${await response.text()}`)
    await sleep(500)
  }
}

/** Every key has each of its runs once, and has paid for them exactly. */
async function checkLedger(url: string, asked: readonly (readonly number[])[]): Promise<void> {
  const store = await openStore(url)
  try {
    for (const key of await store.listKeys()) {
      const own = asked[Number(/\d+$/.exec(key.label)?.[0])]
      const { runs } = await store.runs(key.id, 0n, 10_000)
      assert.deepEqual(
        runs.map(({ config, loss }) => [(config as TrainingConfig).dModel, loss]).sort(),
        own.map((k) => [widthOf(k), lossOf(widthOf(k))]).sort(),
      )
      const spent = BigInt(own.length) * BigInt(trainFlops)
      assert.deepEqual(await store.prove(key.id), { used: spent, ran: spent, reserved: 0n, held: 0n })
    }
  } finally {
    await store.close()
  }
}

async function checkTrainings(url: string, trainings: number): Promise<void> {
  const states = await rows(url, 'SELECT state, count(*)::int AS count FROM isoflop_jobs.trainings GROUP BY 1')
  assert.deepEqual(states, [{ state: 'finished', count: trainings }])
  const [{ askers }] = await rows(url, 'SELECT count(*)::int AS askers FROM isoflop_jobs.askers')
  assert.equal(askers, 0, 'nobody waits any more')
  const [{ jobs }] = await rows(url, 'SELECT count(*)::int AS jobs FROM isoflop_boss.job')
  assert.equal(jobs, 0, 'pg-boss carries nothing any more')
}

/** By how many turns a training was begun for the first time before one that had an earlier turn, at worst. */
async function unfairness(url: string, begun: readonly string[]): Promise<number> {
  const turns = new Map(
    (await rows(url, 'SELECT config, turn FROM isoflop_jobs.trainings')).map(({ config, turn }) => [
      String(config).split('/')[0],
      Number(turn),
    ]),
  )
  const order = [...new Set(begun)].map((width) => turns.get(width)!)
  let worst = 0
  for (let k = 0; k < order.length; k++) worst = Math.max(worst, order[k] - Math.min(...order.slice(k)))
  return worst
}

async function rows(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
