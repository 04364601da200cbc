import { type Deferred, deferred } from '../core/deferred.ts'
import type { Progress } from '../core/trainer.ts'

/** Jobs that wait for their turn, and are done a few at a time. */
export interface FairQueue<Result> {
  /**
   * The result of the job of this name. While it waits or runs it is one job for all who ask for it.
   *
   * Askers are served in turn, each one's jobs in the order they were asked for, so that nobody waits for another's hundred
   * jobs: while an asker waits, no other one has two turns. A job that several ask for stands in the line of each, and starts
   * with the first turn. What nobody asks for (null) has its turn when all the others have had theirs.
   *
   * Whoever gives a signal may leave. While others ask for the job they leave alone, and this rejects with the signal's reason; a job that everybody
   * has left is dropped if it waits. If it runs its own signal is aborted, and its last asker gets what it comes to.
   *
   * Rejects with what `work` rejects with, or with the reason of `close`.
   */
  ask(name: string, asker: string | null, work: Work<Result>, leaving?: Asking): Promise<Result>
  readonly waiting: number
  readonly running: number
  /** Rejects, with a reason, what waits and whatever is asked for from now on. Resolves when nothing runs any more. */
  close(reason: Error): Promise<void>
}

/** What a job does; told when all who asked for it have left, and tells all of them how far it is. */
export type Work<Result> = (signal: AbortSignal, tell: (progress: Progress) => void) => Promise<Result>

/** What comes with a question. */
export interface Asking {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** Somebody who asked for a job and has not left. */
interface Guest extends Asking {
  readonly asker: string | null
}

interface Job<Result> {
  readonly name: string
  readonly work: Work<Result>
  readonly result: Deferred<Result>
  readonly guests: Set<Guest>
  /** Aborted when the last guest has left while it runs. */
  readonly left: AbortController
  /** What its guests were told last. */
  progress: Progress | null
}

/** A queue that does at most `atOnce` jobs at a time. */
export function fairQueue<Result>(atOnce: number): FairQueue<Result> {
  const waiting = new Map<string, Job<Result>>()
  const running = new Map<string, Job<Result>>()
  /** Who waits for which jobs, in order; askers in the order of their turns. */
  const lines = new Map<string | null, string[]>()
  let closed: Error | null = null

  const enqueue = (asker: string | null, name: string) => {
    const line = lines.get(asker) ?? []
    if (!line.includes(name)) lines.set(asker, [...line, name])
  }

  const dequeue = (asker: string | null, name: string) => {
    const line = (lines.get(asker) ?? []).filter((other) => other !== name)
    if (line.length > 0) lines.set(asker, line)
    else lines.delete(asker)
  }

  /** The job whose turn it is, out of all lines; its asker goes to the end. Null where nothing waits. */
  const next = (): Job<Result> | null => {
    const [asker = null] = [...lines.keys()].filter((key) => key !== null)
    const [name] = lines.get(asker) ?? []
    if (name === undefined) return null
    for (const other of [...lines.keys()]) dequeue(other, name)
    const rest = lines.get(asker)
    if (rest && lines.delete(asker)) lines.set(asker, rest)
    const job = waiting.get(name)!
    waiting.delete(name)
    return job
  }

  const tell = (job: Job<Result>, progress: Progress) => {
    job.progress = progress
    for (const { onProgress } of job.guests) onProgress?.(progress)
  }

  /** Tells whose place has changed where they stand; once for all that changes at a moment. */
  let isTelling = false
  const tellPlaces = () => {
    if (isTelling || waiting.size === 0) return
    isTelling = true
    setImmediate(() => {
      isTelling = false
      tellEach()
    })
  }
  const tellEach = () => {
    for (const [ahead, name] of turnsOf(lines).entries()) {
      const job = waiting.get(name)!
      if (job.progress?.kind !== 'waiting' || job.progress.ahead !== ahead) tell(job, { kind: 'waiting', ahead })
    }
  }

  const start = async (job: Job<Result>): Promise<void> => {
    running.set(job.name, job)
    try {
      job.result.resolve(await job.work(job.left.signal, (progress) => tell(job, progress)))
    } catch (error) {
      job.result.reject(error)
    } finally {
      running.delete(job.name)
      startWaiting()
    }
  }

  const startWaiting = () => {
    while (running.size < atOnce) {
      const job = next()
      if (job === null) break
      void start(job)
    }
    tellPlaces()
  }

  /** A guest leaves; gives whether the job goes on for others. */
  const leave = (job: Job<Result>, guest: Guest): boolean => {
    job.guests.delete(guest)
    const isAskersLast = ![...job.guests].some(({ asker }) => asker === guest.asker)
    if (waiting.get(job.name) === job && isAskersLast) dequeue(guest.asker, job.name)
    if (job.guests.size > 0) return true
    if (waiting.get(job.name) === job) {
      waiting.delete(job.name)
      job.result.reject(guest.signal?.reason)
      tellPlaces()
    } else job.left.abort(guest.signal?.reason)
    return false
  }

  /** What becomes of a job for one who asked for it. */
  const resultFor = async (job: Job<Result>, guest: Guest): Promise<Result> => {
    const { signal } = guest
    if (signal === undefined) return job.result.promise
    const leaving = deferred<never>()
    const onAbort = () => {
      if (leave(job, guest)) leaving.reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([job.result.promise, leaving.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  const newJob = (name: string, work: Work<Result>): Job<Result> => {
    const job = { name, work, result: deferred<Result>(), guests: new Set<Guest>() }
    job.result.promise.catch(() => {}) // those who left do not look any more
    return { ...job, left: new AbortController(), progress: null }
  }

  return {
    get waiting() {
      return waiting.size
    },
    get running() {
      return running.size
    },
    async ask(name, asker, work, { signal, onProgress } = {}) {
      // One that everybody has left is ending: whoever comes now begins it anew.
      for (let ending = running.get(name); ending?.left.signal.aborted; ending = running.get(name))
        await ending.result.promise.catch(() => {})
      if (closed) throw closed
      if (signal?.aborted) throw signal.reason
      const job = running.get(name) ?? waiting.get(name) ?? newJob(name, work)
      const guest: Guest = { asker, signal, onProgress }
      job.guests.add(guest)
      if (job.progress !== null) onProgress?.(job.progress)
      if (!running.has(name)) {
        waiting.set(name, job)
        enqueue(asker, name)
        startWaiting()
      }
      return resultFor(job, guest)
    },
    async close(reason) {
      closed = reason
      for (const { result } of waiting.values()) result.reject(reason)
      waiting.clear()
      lines.clear()
      await Promise.allSettled([...running.values()].map(({ result }) => result.promise))
    },
  }
}

/** The jobs in the order of their turns, as they will start if nobody else comes. */
export function turnsOf(lines: ReadonlyMap<string | null, readonly string[]>): string[] {
  const turns = new Set<string>()
  const asked = [...lines].filter(([asker]) => asker !== null).map(([, line]) => line[Symbol.iterator]())
  for (let left = asked; left.length > 0; )
    left = left.filter((line) => {
      for (const name of line)
        if (!turns.has(name)) {
          turns.add(name)
          return true
        }
      return false
    })
  for (const name of lines.get(null) ?? []) turns.add(name)
  return [...turns]
}
