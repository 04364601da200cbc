import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { CurvePoint, Outcome, Trainer } from '../core/trainer.ts'
import { anyCodec } from '../space/any.ts'
import type { Jobs } from './jobs.ts'
import type { Facts } from './kinds.ts'
import type { KnownQueue, Result, Taken } from './trainings.ts'

export interface WorkerOptions {
  readonly jobs: Jobs
  /** Who it is, for people: the machine and its process. */
  readonly name: string
  /** Trainings at a time. */
  readonly parallel: number
  readonly tags: readonly string[]
  /** Bytes that each training may need. */
  readonly memory: number
  /** How long an attempt goes on at most, ms: it then saves a checkpoint and goes back into the line. */
  readonly legMs: number
  /** What makes trainings of these facts here; null where this worker cannot. */
  readonly open: (facts: Facts) => Promise<Trainer<Config> | null>
  /** Aborted when it is to end: it gives back what it has. */
  readonly signal: AbortSignal
  readonly onEvent?: (event: WorkerEvent) => void
}

/** What happens to a worker, for whoever looks on. */
export type WorkerEvent =
  | { readonly kind: 'took'; readonly config: string; readonly training: string; readonly attempt: number }
  | { readonly kind: 'answered'; readonly training: string; readonly result: Result }
  /** Another worker has it by now, or nobody wants it: what was made here is dropped. */
  | { readonly kind: 'void'; readonly training: string }
  | { readonly kind: 'gave-back'; readonly training: string; readonly why: 'leg' | 'stop' }
  | { readonly kind: 'failed'; readonly training: string; readonly words: string; readonly isDead: boolean }
  | { readonly kind: 'idle'; readonly others: number }
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'reached' }

/** How often to look whether something waits that nobody told of, such as what a worker that died had, ms. */
const lookEveryMs = 5_000
/** How often to look for queues that are new, ms. */
const queuesEveryMs = 15_000
/** How long to wait where the database is away, ms: doubling from the first to the last. */
const away = { first: 500, last: 10_000 } as const
/** How long an answer may wait for a database that is away once the worker is to end, ms. */
const lastWordMs = 5_000

/**
 * Takes trainings that it can make, makes them, and answers, until its signal is aborted.
 * @throws what a trainer throws where nothing can be made here any more: RUN_FAILED, DEVICE_UNAVAILABLE.
 */
export async function work(options: WorkerOptions): Promise<void> {
  const { jobs, parallel, signal, onEvent = () => {} } = options
  const ending = new AbortController()
  const stop = AbortSignal.any([signal, ending.signal])
  const attempts = new Map<string, Attempt>()
  let fatal: unknown = null
  let wake = () => {}
  const doable = doableQueues(options)
  const connection = connectionEvents(onEvent)
  const health = new Health()

  const start = (taken: Taken, queue: DoableQueue) => {
    const attempt = new Attempt(options, taken, queue, { stop, connection, health })
    attempts.set(taken.training, attempt)
    attempt.done
      .catch((error) => {
        fatal ??= error
        ending.abort()
      })
      .finally(() => {
        attempts.delete(taken.training)
        wake()
      })
  }

  const silence = jobs.database.listen(
    ['isoflop_waits', 'isoflop_ended'],
    (channel, about) => {
      if (channel === 'isoflop_waits') {
        doable.heard(about)
        wake()
      } else void attempts.get(about)?.beat()
    },
    () => {
      for (const attempt of attempts.values()) void attempt.beat()
      wake()
    },
  )
  try {
    while (!stop.aborted) {
      const news = new Promise<void>((resolve) => {
        wake = resolve
      })
      const found = attempts.size < parallel && (await takeNext(options, doable, connection))
      if (found) start(found.taken, found.queue)
      else await Promise.race([news, rest(lookEveryMs, stop)])
    }
  } catch (error) {
    // What is made just now is saved and given back all the same.
    fatal ??= error
    ending.abort()
  } finally {
    await Promise.allSettled([...attempts.values()].map(({ done }) => done))
    silence()
  }
  if (fatal !== null) throw fatal
}

interface DoableQueue extends KnownQueue {
  readonly trainer: Trainer<Config>
}

interface Doable {
  next(): Promise<DoableQueue[]>
  /** Something waits in a queue, which may be a new one. */
  heard(queue: string): void
}

/** The queues that a worker can serve, in an order that goes round: each is asked first in its turn. */
function doableQueues({ jobs, tags, memory, open, onEvent = () => {} }: WorkerOptions): Doable {
  const trainers = new Map<string, Promise<Trainer<Config> | null>>()
  let known: DoableQueue[] = []
  let isFresh = false
  let names: ReadonlySet<string> = new Set()
  let others = -1
  const trainerOf = ({ producer, facts }: KnownQueue) => {
    const trainer = trainers.get(producer) ?? open(facts)
    trainers.set(producer, trainer)
    return trainer
  }
  const next = async () => {
    if (!isFresh || known.length === 0) {
      const queues = await jobs.trainings.queues()
      names = new Set(queues.map(({ name }) => name))
      const able = queues.filter((queue) => queue.memory <= memory && queue.tags.every((tag) => tags.includes(tag)))
      const opened = await Promise.all(able.map(async (queue) => ({ ...queue, trainer: await trainerOf(queue) })))
      known = opened.filter((queue): queue is DoableQueue => queue.trainer !== null)
      isFresh = true
      setTimeout(() => {
        isFresh = false
      }, queuesEveryMs).unref()
      if (known.length === 0 && others !== queues.length) onEvent({ kind: 'idle', others: queues.length })
      others = queues.length
    }
    const [first, ...rest] = known
    if (first) known = [...rest, first]
    return known
  }
  return {
    next,
    heard(queue) {
      if (!names.has(queue)) isFresh = false
    },
  }
}

async function takeNext(
  { jobs, name }: WorkerOptions,
  doable: Doable,
  connection: Connection,
): Promise<{ taken: Taken; queue: DoableQueue } | null> {
  try {
    for (const queue of await doable.next()) {
      const taken = await jobs.trainings.take(queue.name, name)
      connection.reached()
      if (taken !== null) return { taken, queue }
    }
  } catch (error) {
    if (!isAway(error)) throw error
    connection.failed(error)
  }
  return null
}

/** Says once that the database is away, and once that it is there again. */
interface Connection {
  reached(): void
  failed(error: Error): void
}

function connectionEvents(onEvent: (event: WorkerEvent) => void): Connection {
  let isAway = false
  return {
    reached() {
      if (isAway) onEvent({ kind: 'reached' })
      isAway = false
    },
    failed({ message }) {
      if (!isAway) onEvent({ kind: 'unreachable', message })
      isAway = true
    },
  }
}

const isAway = (error: unknown): error is IsoflopError =>
  error instanceof IsoflopError && error.code === 'STORE_UNAVAILABLE'

/** Resolves early where the signal is aborted. */
const rest = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {})

/** What an attempt shares with the others of its worker. */
interface Surroundings {
  readonly stop: AbortSignal
  readonly connection: Connection
  readonly health: Health
}

/** One attempt at a training: beats while it goes on, and ends as an answer, a failure, back in the line, or as nothing where it is void. */
class Attempt {
  readonly done: Promise<void>
  readonly #options: WorkerOptions
  readonly #taken: Taken
  readonly #connection: Connection
  readonly #stop: AbortSignal
  readonly #health: Health
  readonly #left = new AbortController()
  #why: 'void' | 'leg' | 'stop' | null = null
  #curve: readonly CurvePoint[] | null = null
  #beating: Promise<void> | null = null

  constructor(options: WorkerOptions, taken: Taken, queue: DoableQueue, { stop, connection, health }: Surroundings) {
    this.#options = options
    this.#taken = taken
    this.#stop = stop
    this.#connection = connection
    this.#health = health
    this.done = this.#make(queue)
  }

  /** Says that it goes on, and hears whether it is still wanted. */
  beat(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = null
    })
    return this.#beating
  }

  async #beat(): Promise<void> {
    const curve = this.#curve
    try {
      const isOn = await this.#options.jobs.trainings.beat(this.#taken, curve)
      this.#connection.reached()
      if (this.#curve === curve) this.#curve = null
      if (!isOn) this.#leave('void')
    } catch (error) {
      this.#connection.failed(error as Error)
    }
  }

  #leave(why: 'void' | 'leg' | 'stop'): void {
    if (this.#why === null || why === 'void') this.#why = why
    this.#left.abort(new Error(why))
  }

  async #make({ trainer, patience }: DoableQueue): Promise<void> {
    const { training, attempt, config } = this.#taken
    this.#tell({ kind: 'took', config, training, attempt })
    const beating = setInterval(() => void this.beat(), (patience * 1000) / 4)
    const leg = setTimeout(() => this.#leave('leg'), this.#options.legMs)
    const onStop = () => this.#leave('stop')
    this.#stop.addEventListener('abort', onStop, { once: true })
    if (this.#stop.aborted) onStop()
    try {
      await this.#settle(await this.#outcome(trainer))
    } finally {
      clearInterval(beating)
      clearTimeout(leg)
      this.#stop.removeEventListener('abort', onStop)
    }
  }

  /** What the trainer gives, or what it throws as a failure. */
  async #outcome(trainer: Trainer<Config>): Promise<Outcome | { kind: 'thrown'; error: Error }> {
    const { training, config } = this.#taken
    const parsed = anyCodec.configOfIdentity(config)
    if (parsed === null) return { kind: 'refused', error: strangeConfig(config) }
    try {
      return await trainer.train(parsed, {
        asker: training,
        signal: this.#left.signal,
        onProgress: (progress) => {
          if (progress.kind === 'running') this.#curve = progress.curve
        },
      })
    } catch (error) {
      return { kind: 'thrown', error: error as Error }
    }
  }

  async #settle(outcome: Outcome | { kind: 'thrown'; error: Error }): Promise<void> {
    switch (outcome.kind) {
      case 'finished':
        return this.#answer({ kind: 'finished', loss: outcome.loss })
      case 'diverged':
        return this.#answer({ kind: 'diverged', at: outcome.at ?? null })
      case 'refused':
        return this.#answer({ kind: 'refused', words: outcome.error.message })
      case 'interrupted':
        return this.#giveBack()
      default:
        if (this.#why !== null) return this.#giveBack()
        await this.#fail(outcome.error)
        this.#health.failed(this.#taken.training, outcome.error)
    }
  }

  async #answer(result: Result): Promise<void> {
    const { training } = this.#taken
    this.#health.succeeded()
    const isTaken = await this.#insist((trainings) => trainings.answer(this.#taken, result))
    if (isTaken !== null) this.#tell(isTaken ? { kind: 'answered', training, result } : { kind: 'void', training })
  }

  async #giveBack(): Promise<void> {
    const { training } = this.#taken
    const why = this.#why
    const state = why === 'void' ? 'void' : await this.#insist((trainings) => trainings.giveBack(this.#taken, null))
    if (state === 'void') this.#tell({ kind: 'void', training })
    else if (state !== null) this.#tell({ kind: 'gave-back', training, why: why === 'leg' ? 'leg' : 'stop' })
  }

  async #fail({ message, cause }: Error): Promise<void> {
    const { training } = this.#taken
    const said = cause instanceof Error && !message.includes(cause.message) ? `${message}\n${cause.message}` : message
    const words = `${this.#options.name}: ${said}`.replaceAll('\0', '').slice(0, mostWords)
    const state = await this.#insist((trainings) => trainings.giveBack(this.#taken, words))
    if (state === 'void') this.#tell({ kind: 'void', training })
    else if (state !== null) this.#tell({ kind: 'failed', training, words: said, isDead: state === 'dead' })
  }

  /** Says it until the database hears it; null where the worker has to end before that. */
  async #insist<Said>(say: (trainings: Jobs['trainings']) => Promise<Said>): Promise<Said | null> {
    let left = lastWordMs as number
    for (let wait = away.first as number; ; wait = Math.min(2 * wait, away.last)) {
      try {
        const said = await say(this.#options.jobs.trainings)
        this.#connection.reached()
        return said
      } catch (error) {
        if (!isAway(error)) throw error
        this.#connection.failed(error)
      }
      if (!this.#stop.aborted) await rest(wait, this.#stop)
      else if (left <= 0) return null
      else {
        left -= away.first
        await sleep(away.first)
      }
    }
  }

  #tell(event: WorkerEvent): void {
    this.#options.onEvent?.(event)
  }
}

/** What is kept of why a training failed, in characters. */
const mostWords = 4000

/** So many different trainings that failed one after another are this machine's fault: it must not bring all that wait to the dead letters. */
const mostInARow = 3

/** Tells a machine where nothing can be made from trainings that fail. */
class Health {
  /** One that fails each time it is tried counts once: others may be sound. */
  readonly #inARow = new Set<string>()

  succeeded(): void {
    this.#inARow.clear()
  }

  /** @throws what failed, where nothing else can be made here either. */
  failed(training: string, error: Error): void {
    this.#inARow.add(training)
    if (error instanceof IsoflopError && ['RUN_FAILED', 'DEVICE_UNAVAILABLE', 'OUTPUT_FAILED'].includes(error.code))
      throw error
    if (this.#inARow.size < mostInARow) return
    throw new IsoflopError(
      'TRAINING_FAILED',
      `${this.#inARow.size} trainings failed here one after another, the last one: ${error.message}`,
      'This worker takes no more of them. Mend what is wrong on this machine, and start it again.',
      { cause: error.cause ?? error },
    )
  }
}

const strangeConfig = (config: string): IsoflopError =>
  new IsoflopError(
    'CONFIG_INVALID',
    `${JSON.stringify(config.slice(0, 80))} is no configuration.`,
    'The server that asked for it is of another version: use the same isoflop for servers and workers.',
  )
