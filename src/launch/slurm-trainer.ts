import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { writeWhole } from '../core/durable.ts'
import { outputFailed } from '../core/errors.ts'
import { type Attempt, failedIn, madeIn } from './attempt.ts'
import { batchScript } from './batch-script.ts'
import { elsewhere } from './command-trainer.ts'
import {
  type Ending,
  type FolderTrainer,
  folderTrainer,
  type Launcher,
  type ProgramOptions,
  runsIn,
  type Waiting,
} from './folder-trainer.ts'
import { jobNames } from './job-name.ts'
import type { Order } from './order.ts'
import { Queue, rest } from './queue.ts'
import type { RunFolder, SlurmJob } from './run-folder.ts'
import { stateOf, submit, Unreachable } from './slurm.ts'
import { environment, filled } from './template.ts'

export interface SlurmTrainerOptions<C extends Config = Config> extends ProgramOptions<C> {
  /** Of sbatch: `--partition gpu --gres gpu:1 --time 4:00:00`. */
  readonly slurm: string
  /** How long a file may take to be seen after its job has left the queue, ms; 300,000 by default, as networks' file systems need. */
  readonly filePatienceMs?: number
  /** How often the queue is looked at where nothing happens, ms; 10,000 by default. */
  readonly lookEveryMs?: number
  /** Submits and does not wait: what has no result yet is `interrupted`, and its job goes on. */
  readonly isDetached?: boolean
  readonly clock?: Clock
}

/**
 * Trains with a program of one's own as jobs of Slurm, named by what they train: this process may die or move to another node that sees the same
 * folder, and finds its jobs and results again. Asks `squeue` once for all jobs, never `sacct`.
 *
 * @example slurmTrainer({ slurm: '--gres gpu:1 --time 4:00:00', command: 'python train.py {folder}', folder: 'out', space, parallel: 50 })
 * @throws IsoflopError what `folderTrainer` throws; `train` throws RUN_FAILED where Slurm refuses a job, RUN_ELSEWHERE, OUTPUT_FAILED, RECORD_DAMAGED.
 */
export const slurmTrainer = <C extends Config = Config>(options: SlurmTrainerOptions<C>): FolderTrainer<C> =>
  folderTrainer(options, jobs(options))

/** How often to look for a file that is late, ms. */
const lookForFileMs = 1000
/** `JobHeldUser`, `JobHeldAdmin`, `launch failed requeued held`. */
const isHeld = /held/i
/** States of a job that has not ended: while one is sent back into the queue, there are moments in which squeue does not list it. */
const goesOn = /^(?:PENDING|CONFIGURING|RUNNING|SUSPENDED|STOPPED|SIGNALING|RESIZING|COMPLETING|STAGE_OUT|REQUEUE\w*)$/
/** How long jobs that were cancelled are waited for, ms: Slurm gives them 30 s by default. */
const mostSavingMs = 120_000

function jobs<C extends Config>(options: SlurmTrainerOptions<C>): Launcher {
  const { command, clock = systemClock, onEvent = () => {}, isDetached = false } = options
  const { filePatienceMs = 300_000, lookEveryMs = 10_000 } = options
  const queue = new Queue(lookEveryMs, (message) => onEvent({ kind: 'unreachable', message }))
  const nameOf = jobNames(runsIn(options.folder))

  /** The job that runs for a run as far as is on record. Errors: RUN_ELSEWHERE. */
  function jobOf(place: RunFolder): SlurmJob | null {
    const there = place.job()
    if (there !== null && there.kind !== 'slurm') throw elsewhere(place, there)
    if (there !== null && !isDetached) onEvent({ kind: 'found', folder: place.path })
    return there
  }

  /** Looks for a job of the name before each try: an sbatch that got no answer may have submitted. */
  async function submitted(
    order: Order,
    place: RunFolder,
    signal?: AbortSignal,
    cancel?: AbortSignal,
  ): Promise<SlurmJob | null> {
    if (signal?.aborted || cancel?.aborted) return null
    const name = nameOf(order)
    for (;;) {
      const found = (await queue.now(signal))?.find((job) => job.name === name)
      if (found === undefined && signal?.aborted) return null
      const begin = { kind: 'slurm', startedAt: clock.now(), logFrom: found ? 0 : place.clear() } as const
      try {
        const id = found?.id ?? (await submit(scriptOf(order, place), { name, log: place.log }))
        const job: SlurmJob = { ...begin, id }
        place.started(job)
        queue.changed()
        return job
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        onEvent({ kind: 'unreachable', message: error.message })
        await rest(lookEveryMs, signal)
      }
    }
  }

  function scriptOf(order: Order, place: RunFolder): string {
    const values = { ...order.constants, ...order.fields, id: order.id, folder: place.path }
    const file = join(place.path, 'job.sh')
    const script = batchScript({
      slurm: options.slurm,
      command: filled(command, values),
      environment: environment(values),
      cwd: process.cwd(),
      exit: place.exit,
      result: join(place.path, 'result.json'),
    })
    try {
      writeWhole(file, script)
    } catch (cause) {
      throw outputFailed(file, cause, 'Make room, or name an --out that can be written to.')
    }
    return file
  }

  /** Waits until a job has left its result or the queue, or is to end. A controller that was away may list for minutes what has ended. */
  async function left(
    place: RunFolder,
    job: SlurmJob,
    { save }: Ending,
    cancel?: AbortSignal,
  ): Promise<'left' | 'to-end'> {
    let isToldHeld = false
    for (let first = true; ; first = false) {
      // The look is shared with runs that are wanted: it goes on where this one is cancelled meanwhile.
      const found = await unless(cancel, first ? queue.now(save) : queue.next(save))
      if (madeIn(place) !== null || found?.every(({ id }) => id !== job.id)) {
        queue.changed()
        return 'left'
      }
      if (save.aborted || cancel?.aborted) return 'to-end'
      const reason = found?.find(({ id }) => id === job.id)?.reason ?? ''
      if (!isToldHeld && isHeld.test(reason)) onEvent({ kind: 'held', folder: place.path, job: job.id, reason })
      isToldHeld ||= isHeld.test(reason)
    }
  }

  /** Cancels a job and waits until it has ended; where that, or the answer of Slurm, takes too long for whoever waits, it is found again. */
  async function end(place: RunFolder, job: SlurmJob, { kill }: Ending): Promise<Attempt> {
    place.started({ ...job, isCancelled: true })
    const enough = AbortSignal.any([kill, AbortSignal.timeout(mostSavingMs)])
    await queue.cancel(job.id, 'leisure')
    while (!enough.aborted) {
      const found = await queue.next(enough)
      if (found?.every(({ id }) => id !== job.id)) break
    }
    if (kill.aborted) await queue.cancel(job.id, 'once')
    return madeIn(place) ?? { kind: 'interrupted' }
  }

  /** What came of a job that has left the queue; null where it was cancelled by us. Its files may be seen late. */
  async function endOf(place: RunFolder, job: SlurmJob, { save }: Ending): Promise<Attempt | 'goes-on' | null> {
    const answer = madeIn(place)
    if (answer !== null) return answer
    const state = await queue.answered(() => stateOf(job.id), save)
    if (state !== null && goesOn.test(state)) {
      await rest(lookForFileMs, save)
      return 'goes-on'
    }
    // The status is written behind the result: once it is seen, one look more is enough.
    let isSeen = false
    for (const end = clock.now() + filePatienceMs; ; await rest(lookForFileMs, save)) {
      touch(place)
      const made = madeIn(place)
      if (made !== null) return made
      if (job.isCancelled) return null
      if (save.aborted) return { kind: 'interrupted' }
      if (isSeen || clock.now() >= end) break
      isSeen = place.ending() !== null
    }
    if (state === 'TIMEOUT') return { kind: 'timed-out', reason: 'not ready after the time that Slurm gives it' }
    const how = state === null ? 'its job ended, nobody knows how,' : `its job ended as ${state}`
    const mayGoOn = place.ending()?.isSignalled === true && state !== 'CANCELLED'
    return { ...failedIn(place, job.logFrom, how), mayGoOn }
  }

  async function attempt(order: Order, place: RunFolder, waiting: Waiting): Promise<Attempt> {
    const { begin, cancel, ending } = waiting
    const there = jobOf(place)
    const job = there ?? (await submitted(order, place, begin, cancel))
    if (job === null) return { kind: 'interrupted' }
    const isCancelled = cancel?.aborted === true
    if (isDetached && !isCancelled && (there === null || (await queue.now(begin))?.some(({ id }) => id === job.id)))
      return { kind: 'interrupted' }
    for (;;) {
      if ((await left(place, job, ending, cancel)) === 'to-end') return end(place, job, ending)
      const came = await endOf(place, job, ending)
      if (came === 'goes-on') continue
      if (came?.kind !== 'interrupted') place.ended()
      return came ?? attempt(order, place, waiting)
    }
  }

  return { name: 'command', names: [], how: options.slurm, isUnattended: isDetached, attempt }
}

/** What comes of work; null as soon as a signal is aborted. */
async function unless<Result>(signal: AbortSignal | undefined, work: Promise<Result>): Promise<Result | null> {
  if (signal === undefined) return work
  if (signal.aborted) return null
  const over = new AbortController()
  const aborted = once(signal, 'abort', { signal: over.signal }).then(
    () => null,
    () => null,
  )
  try {
    return await Promise.race([work, aborted])
  } finally {
    over.abort()
  }
}

/** Some file systems of networks look for new names in a folder only when it is written to. */
function touch(place: RunFolder): void {
  const file = join(place.path, '.look')
  try {
    if (statSync(place.path, { throwIfNoEntry: false })) writeFileSync(file, '')
  } catch {
    // It is a help where it works.
  }
}
