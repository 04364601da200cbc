import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../core/config.ts'
import { type Deferred, deferred } from '../core/deferred.ts'
import { IsoflopError } from '../core/errors.ts'
import { type Outcome, outcomeOf, type TrainingRequest, waitedElsewhere } from '../core/trainer.ts'
import { type Jobs, openJobs } from '../jobs/jobs.ts'
import { type Facts, producerText, type Queue, queueOf } from '../jobs/kinds.ts'
import type { Standing } from '../jobs/trainings.ts'
import { anyCodec } from '../space/any.ts'
import type { Backend, Producer } from './backend.ts'
import { unwanted } from './unwanted.ts'

export interface WorkersBackendOptions {
  /** The PostgreSQL that has the queue. */
  readonly url: string
  /** What is trained, for whoever runs the server. */
  readonly name: string
  /** What the answers come from: workers that make trainings of the same facts take them. */
  readonly producer: Producer & Facts
  /** What a worker needs to have for any of them. */
  readonly tags?: readonly string[]
  /** What a configuration needs, or its refusal. */
  readonly needs?: (config: Config) => { readonly memory: number } | (Outcome & { readonly kind: 'refused' })
  /** Failures after which a training is dead, and only `isoflop jobs retry` has it tried again; 3 by default. */
  readonly tries?: number
  /** How long a worker may be silent until another one gets what it has, ms; 60,000 by default, 10,000 at least. */
  readonly patienceMs?: number
  /** How often to look where nothing was told, ms; 5,000 by default. */
  readonly lookEveryMs?: number
}

/** Somebody who waits for a training. */
interface Waiter {
  readonly asker: string
  readonly config: Config
  readonly onProgress: TrainingRequest['onProgress']
  readonly end: Deferred<Standing>
}

/** How many trainings are asked for in one statement. */
const page = 500
/** How long news are gathered before they are looked at, ms: many answers are then one statement. */
const gatherMs = 10

/**
 * Answers by trainings that workers on any machine make: `isoflop worker`. A configuration is trained once, whoever asks and on whichever server,
 * and its answer is kept in the database. Closing leaves in the queue what is there.
 *
 * `train` rejects with TRAINING_FAILED where a training is dead or was cancelled, with TRAINING_STOPPED where the backend was closed. A
 * database that is away is waited for.
 *
 * @throws IsoflopError PACKAGE_MISSING, STORE_UNAVAILABLE, BAD_OPTION.
 */
export async function workersBackend(options: WorkersBackendOptions): Promise<Backend<Config>> {
  const { producer, tags = [], needs = () => ({ memory: 0 }), tries = 3, patienceMs = 60_000 } = options
  const jobs = await openJobs(options.url, { creates: true, connections: 6 })
  const waiting = new Waiting(jobs, options.lookEveryMs ?? 5_000)
  const prepared = new Map<string, Promise<void>>()
  let closing: Promise<void> | null = null

  const prepare = (queue: Queue): Promise<void> => {
    const known = prepared.get(queue.name)
    if (known) return known
    const promise = jobs.trainings.prepare(queue, Math.max(10, Math.round(patienceMs / 1000)))
    prepared.set(queue.name, promise)
    promise.catch(() => prepared.delete(queue.name))
    return promise
  }

  return {
    name: options.name,
    producer,
    trainings: waiting,
    jobs: () => jobs.office.counts(),
    async asked() {
      const all = await jobs.trainings.asked(producerText(producer))
      return all.flatMap(({ training, config, asker }) => {
        const parsed = anyCodec.configOfIdentity(config)
        return parsed === null ? [] : [{ asker, config: parsed, leave: () => jobs.trainings.leave(training, asker) }]
      })
    },
    async train(config, { asker = '', signal, onProgress } = {}) {
      const need = needs(config)
      if ('kind' in need) return need
      const queue = queueOf({ facts: producer, tags, memory: need.memory })
      const ask = async () => {
        await prepare(queue)
        return jobs.trainings.ask(queue, anyCodec.identity(config), asker, tries)
      }
      for (let wait = away.first as number; ; ) {
        if (closing) throw stopped()
        if (signal?.aborted) return { kind: 'interrupted', error: unwanted() }
        const asked = await ask().catch(onlyAway)
        if (asked === null) {
          await sleep(wait, undefined, { ref: false })
          wait = Math.min(2 * wait, away.last)
          continue
        }
        const { training, standing } = asked
        const end = await waiting.end(training, standing, { asker, config, onProgress, signal })
        if (end === 'left') return { kind: 'interrupted', error: unwanted() }
        if (end !== 'unknown') return outcomeIn(end)
      }
    },
    close() {
      closing ??= (async () => {
        waiting.close(stopped())
        await jobs.close()
      })()
      return closing
    },
  }
}

/** How long to wait before a database that is away is asked again, ms: doubling from the first to the last. */
const away = { first: 250, last: 5_000 } as const

/** A database that is away is no answer: what was asked for was reserved, and is asked for again. */
function onlyAway(error: unknown): null {
  if (error instanceof IsoflopError && error.code === 'STORE_UNAVAILABLE') return null
  throw error
}

/** Those who wait here, and what becomes of what they wait for. */
class Waiting {
  readonly #jobs: Jobs
  readonly #waiters = new Map<string, Set<Waiter>>()
  readonly #known = new Map<string, Standing['kind']>()
  readonly #told = new Set<string>()
  /** Trainings that ended lately: of one that was asked for meanwhile, the news came before whoever waits for it. */
  readonly #ended = new Set<string>()
  readonly #silence: () => void
  readonly #looking: NodeJS.Timeout
  #gathering: NodeJS.Timeout | null = null

  constructor(jobs: Jobs, lookEveryMs: number) {
    this.#jobs = jobs
    this.#silence = jobs.database.listen(
      ['isoflop_ended'],
      (_, training) => this.#hear(training),
      () => this.#lookAtAll(),
    )
    this.#looking = setInterval(() => this.#lookAtAll(), lookEveryMs)
  }

  get waiting(): number {
    return this.#count('waiting')
  }

  get running(): number {
    return this.#count('running')
  }

  #count(kind: Standing['kind']): number {
    return [...this.#known.values()].filter((known) => known === kind).length
  }

  /** How a training ends; `left` where this asker did not wait for it, `unknown` where the database has forgotten it. */
  async end(
    training: string,
    standing: Standing,
    { signal, ...asking }: Omit<Waiter, 'end'> & { readonly signal: AbortSignal | undefined },
  ): Promise<Standing | 'left' | 'unknown'> {
    if (isOver(standing)) return standing
    const waiter: Waiter = { ...asking, end: deferred<Standing>() }
    const all = this.#waiters.get(training) ?? new Set()
    this.#waiters.set(training, all.add(waiter))
    this.#tell(training, standing)
    if (this.#ended.has(training)) this.#hear(training)
    const left = deferred<'left'>()
    const leave = () => left.resolve('left')
    signal?.addEventListener('abort', leave, { once: true })
    if (signal?.aborted) leave()
    try {
      return await Promise.race([waiter.end.promise, left.promise])
    } catch (error) {
      if (error === unknown) return 'unknown'
      throw error
    } finally {
      signal?.removeEventListener('abort', leave)
      this.#forget(training, waiter)
      if (signal?.aborted && signal.reason !== waitedElsewhere) await this.#leave(training, waiter)
    }
  }

  #forget(training: string, waiter: Waiter): void {
    const all = this.#waiters.get(training)
    all?.delete(waiter)
    if (all?.size !== 0) return
    this.#waiters.delete(training)
    this.#known.delete(training)
  }

  /** Says that this asker does not wait any more, unless it asked twice. Where the database is away the training goes on, and its answer is kept. */
  async #leave(training: string, { asker }: Waiter): Promise<void> {
    const others = [...(this.#waiters.get(training) ?? [])]
    if (others.some((other) => other.asker === asker)) return
    await this.#jobs.trainings.leave(training, asker).catch(() => {})
  }

  #hear(training: string): void {
    this.#ended.add(training)
    if (this.#ended.size > 2 * page) this.#ended.delete(this.#ended.values().next().value!)
    if (!this.#waiters.has(training)) return
    this.#told.add(training)
    this.#gathering ??= setTimeout(() => {
      this.#gathering = null
      const told = [...this.#told]
      this.#told.clear()
      void this.#look(told)
    }, gatherMs)
  }

  #lookAtAll(): void {
    void this.#look([...this.#waiters.keys()])
  }

  async #look(trainings: readonly string[]): Promise<void> {
    for (let from = 0; from < trainings.length; from += page) {
      const some = trainings.slice(from, from + page)
      try {
        const standings = await this.#jobs.trainings.standings(some)
        const isWaited = some.filter(
          (training) => standings.get(training)?.kind === 'waiting' && this.#isWatched(training),
        )
        const ahead = isWaited.length > 0 ? await this.#jobs.trainings.ahead(isWaited) : new Map<string, number>()
        for (const training of some) this.#tell(training, standings.get(training) ?? null, ahead.get(training))
      } catch {
        return // the database is away; it is looked at again soon
      }
    }
  }

  #isWatched(training: string): boolean {
    return [...(this.#waiters.get(training) ?? [])].some(({ onProgress }) => onProgress !== undefined)
  }

  #tell(training: string, standing: Standing | null, ahead?: number): void {
    const waiters = this.#waiters.get(training)
    if (waiters === undefined) return
    if (standing !== null && !isOver(standing)) this.#known.set(training, standing.kind)
    for (const { end, onProgress } of [...waiters]) {
      if (standing === null) end.reject(unknown)
      else if (isOver(standing)) end.resolve(standing)
      else if (standing.kind === 'running') onProgress?.({ kind: 'running', curve: standing.curve })
      else onProgress?.({ kind: 'waiting', ...(ahead !== undefined && { ahead }) })
    }
  }

  close(reason: Error): void {
    clearInterval(this.#looking)
    if (this.#gathering !== null) clearTimeout(this.#gathering)
    this.#silence()
    for (const waiters of this.#waiters.values()) for (const { end } of waiters) end.reject(reason)
  }
}

/** The database has not got a training that was asked for: the power went before it was on its disk. */
const unknown = new Error('unknown')

const isOver = ({ kind }: Standing): boolean => kind !== 'waiting' && kind !== 'running'

function outcomeIn(standing: Standing): Outcome {
  switch (standing.kind) {
    case 'finished':
      return outcomeOf(standing.loss)
    case 'diverged':
      return { kind: 'diverged', ...(standing.at !== null && { at: standing.at }) }
    case 'refused':
      return { kind: 'refused', error: refusedByWorker(standing.words) }
    case 'dead':
      throw dead(standing.words)
    default:
      throw cancelled()
  }
}

const refusedByWorker = (words: string): IsoflopError =>
  new IsoflopError('CONFIG_INVALID', words, 'Ask for another configuration.')

const dead = (words: string): IsoflopError =>
  new IsoflopError(
    'TRAINING_FAILED',
    'Training of this configuration failed as often as it may. Nothing was charged.',
    'Whoever runs the server sees why with "isoflop jobs", and has it tried again with "isoflop jobs retry".',
    { cause: new Error(words) },
  )

const cancelled = (): IsoflopError =>
  new IsoflopError(
    'TRAINING_FAILED',
    'Training of this configuration was cancelled. Nothing was charged.',
    'Ask again, and it waits for a worker anew.',
  )

const stopped = (): IsoflopError =>
  new IsoflopError(
    'TRAINING_STOPPED',
    'The server stops before this training has ended, which goes on. Nothing was charged; ask again for its answer.',
    'Start the server again.',
  )
