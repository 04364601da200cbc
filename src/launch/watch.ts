import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../core/clock.ts'
import type { Ending } from './folder-trainer.ts'
import { isRunning, signalProgram } from './program.ts'
import type { ProcessJob } from './run-folder.ts'

export interface WatchOptions {
  readonly job: ProcessJob
  /** Resolves at its end, where this process started it. */
  readonly ended?: Promise<unknown>
  readonly hasResult: () => boolean
  readonly timeLimitMs: number | null
  readonly ending: Ending
  readonly clock: Clock
}

/** Why a program was told to end; null where it ended by itself. */
export type Stopping = 'interrupted' | 'time-limit' | 'answered' | null

/** How often to look, ms: doubling from the first to the last. */
const look = { first: 20, last: 500 } as const
/** How long a program may take to save what it has once its time is up, or to end once it has left its result, ms. */
const patience = { 'time-limit': 60_000, answered: 60_000 } as const

/**
 * Waits until nothing of a program runs. It is told to end by SIGTERM when that is wished, when its time is up, or when it has left its result and
 * does not end; the latter two by SIGKILL a minute later, the first when that is wished, too.
 */
export async function watch({ job, ended, hasResult, timeLimitMs, ending, clock }: WatchOptions): Promise<Stopping> {
  const deadline = job.startedAt + (timeLimitMs ?? Number.POSITIVE_INFINITY)
  const wake = new AbortController()
  const waken = () => wake.abort()
  ended?.then(waken, waken)
  for (const signal of [ending.save, ending.kill]) signal.addEventListener('abort', waken, { once: true })
  let stopping: Stopping = null
  let killAt = Number.POSITIVE_INFINITY
  let answeredAt: number | null = null
  const stop = (why: Exclude<Stopping, null>, killsAfterMs: number) => {
    stopping = why
    killAt = clock.now() + killsAfterMs
    signalProgram(job.process, 'SIGTERM')
  }
  for (let wait = look.first as number; isRunning(job.process); wait = Math.min(2 * wait, look.last)) {
    const now = clock.now()
    if (answeredAt === null && hasResult()) answeredAt = now
    if (ending.kill.aborted) killAt = now
    if (stopping !== null && now >= killAt) signalProgram(job.process, 'SIGKILL')
    else if (stopping === null && ending.save.aborted) stop('interrupted', Number.POSITIVE_INFINITY)
    else if (stopping === null && now >= deadline) stop('time-limit', patience['time-limit'])
    else if (stopping === null && answeredAt !== null && now >= answeredAt + patience.answered) stop('answered', 0)
    await rest(wait, wake.signal)
  }
  for (const signal of [ending.save, ending.kill]) signal.removeEventListener('abort', waken)
  return stopping
}

/** Rests; shorter where something happens that is waited for. */
async function rest(ms: number, wake: AbortSignal): Promise<void> {
  if (wake.aborted) await sleep(Math.min(ms, 50))
  else await sleep(ms, undefined, { signal: wake }).catch(() => {})
}
