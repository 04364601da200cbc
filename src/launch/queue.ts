import { setTimeout as sleep } from 'node:timers/promises'
import { cancelAll, type Manner, type QueuedJob, queuedJobs, Unreachable } from './slurm.ts'

/** How long to wait for a controller that does not answer, ms: doubling from the first to the last, for ever. */
const patience = { first: 1000, last: 60_000 } as const

/** The first look after a job came or went, ms; then twice as long each time, up to the usual. */
const soonMs = 500

type Jobs = readonly QueuedJob[]

/** Slurm's queue, looked at once for all who wait. Answers are null where nobody waits any more, which the signal of whoever asks first says. */
export class Queue {
  readonly #everyMs: number
  readonly #onUnreachable: (message: string) => void
  #now: Promise<Jobs | null> | null = null
  #next: Promise<Jobs | null> | null = null
  #wait: number
  readonly #cancels = new Map<Manner, { ids: string[]; done: Promise<void> }>()

  constructor(everyMs: number, onUnreachable: (message: string) => void) {
    this.#everyMs = everyMs
    this.#wait = Math.min(soonMs, everyMs)
    this.#onUnreachable = onUnreachable
  }

  /** As of a look that begins after this call. */
  now(signal?: AbortSignal): Promise<Jobs | null> {
    this.#now ??= Promise.resolve().then(() => {
      this.#now = null
      return this.answered(queuedJobs, signal)
    })
    return this.#now
  }

  /** A job came or went: others may soon, so that the next look comes soon. */
  changed(): void {
    this.#wait = Math.min(soonMs, this.#everyMs)
  }

  /** Ends a job, by one command with all that are to end at the same time. Where Slurm does not answer they go on. */
  cancel(id: string, manner: Manner): Promise<void> {
    const ids: string[] = []
    const batch = this.#cancels.get(manner) ?? {
      ids,
      done: Promise.resolve().then(() => {
        this.#cancels.delete(manner)
        this.changed()
        return cancelAll(ids, manner).catch(() => {})
      }),
    }
    this.#cancels.set(manner, batch)
    batch.ids.push(id)
    return batch.done
  }

  /** As of the next time to look. */
  next(signal?: AbortSignal): Promise<Jobs | null> {
    this.#next ??= rest(this.#wait, signal).then(() => {
      this.#next = null
      this.#wait = Math.min(2 * this.#wait, this.#everyMs)
      return this.now(signal)
    })
    return this.#next
  }

  /** What Slurm answers, however long that takes. */
  async answered<Answer>(ask: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer | null> {
    for (let wait = patience.first as number; ; wait = Math.min(2 * wait, patience.last)) {
      try {
        return await ask()
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        if (wait === patience.first) this.#onUnreachable(error.message)
      }
      if (signal?.aborted) return null
      await rest(wait, signal)
    }
  }
}

/** Rests, not longer than somebody waits. */
export const rest = (ms: number, signal?: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => {})
