import { type Deferred, deferred } from '../core/deferred.ts'

/** Jobs that wait for their turn, and are done a few at a time. */
export interface FairQueue<Result> {
  /**
   * The result of the job of this name. While it waits or runs it is one job for all who ask for it.
   *
   * Askers are served in turn, each one's jobs in the order they were asked for, so that nobody waits for another's hundred
   * jobs: while an asker waits, no other one has two turns. A job that several ask for stands in the line of each, and starts
   * with the first turn. What nobody asks for (null) has its turn when all the others have had theirs.
   *
   * Rejects with what `work` rejects with, or with the reason of `close`.
   */
  ask(name: string, asker: string | null, work: () => Promise<Result>): Promise<Result>
  readonly waiting: number
  readonly running: number
  /** Rejects, with a reason, what waits and whatever is asked for from now on. Resolves when nothing runs any more. */
  close(reason: Error): Promise<void>
}

interface Job<Result> {
  readonly name: string
  readonly work: () => Promise<Result>
  readonly result: Deferred<Result>
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
    const line = lines.get(asker)!.filter((other) => other !== name)
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

  const start = async (job: Job<Result>): Promise<void> => {
    running.set(job.name, job)
    try {
      job.result.resolve(await job.work())
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
      if (job === null) return
      void start(job)
    }
  }

  return {
    get waiting() {
      return waiting.size
    },
    get running() {
      return running.size
    },
    async ask(name, asker, work) {
      if (closed) throw closed
      const known = running.get(name) ?? waiting.get(name)
      const job = known ?? { name, work, result: deferred<Result>() }
      if (!running.has(name)) {
        waiting.set(name, job)
        enqueue(asker, name)
        startWaiting()
      }
      return job.result.promise
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
