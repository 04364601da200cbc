import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { type Attempt, failedIn, madeIn } from './attempt.ts'
import { claimFolder } from './claim.ts'
import {
  type Ending,
  type FolderTrainer,
  folderTrainer,
  type Launcher,
  type ProgramOptions,
  runsIn,
  type Waiting,
} from './folder-trainer.ts'
import type { Order } from './order.ts'
import { isRunning, signalProgram, startProgram } from './program.ts'
import { type Job, jobsIn, type ProcessJob, type RunFolder } from './run-folder.ts'
import { Slots } from './slots.ts'
import { environment, filled } from './template.ts'
import { type Stopping, watch } from './watch.ts'

export interface CommandTrainerOptions<C extends Config = Config> extends ProgramOptions<C> {
  /** How long a program may run, ms; for ever by default. */
  readonly timeLimitMs?: number | null
  /**
   * Whether a program belongs to this process, as that of a worker does: it ends with it, gets SIGKILL a minute after it was told to end, and what
   * another process or machine began in its folder, which somebody has found to be gone, is ended where that can be seen and begun anew. By default
   * programs outlive this process, and are waited for.
   */
  readonly isOwn?: boolean
  readonly clock?: Clock
}

/**
 * Trains with a program of one's own on this machine: one process a run, in a folder that says what is asked for. Programs outlive this process:
 * after kill -9 the next one takes the results that are there and waits for what still runs.
 *
 * @example commandTrainer({ command: 'python train.py {folder}', folder: 'out', space, parallel: 8 })
 * @throws IsoflopError what `folderTrainer` throws; `train` throws RUN_ELSEWHERE, OUTPUT_FAILED, RECORD_DAMAGED besides.
 */
export const commandTrainer = <C extends Config = Config>(options: CommandTrainerOptions<C>): FolderTrainer<C> =>
  folderTrainer(options, processes(options))

/** Programs as processes of this machine. */
function processes<C extends Config>(options: CommandTrainerOptions<C>): Launcher {
  const { command, folder, parallel = 1, timeLimitMs = null, isOwn = false } = options
  const { clock = systemClock, onEvent = () => {} } = options
  const slots = new Slots(parallel, isOwn ? [] : jobsIn(runsIn(folder)).filter(isHere))

  async function start(
    order: Order,
    place: RunFolder,
    slot: number,
  ): Promise<{ job: ProcessJob; ended: Promise<unknown> }> {
    const logFrom = place.clear()
    const values = { ...order.constants, ...order.fields, id: order.id, folder: place.path, slot }
    let job: ProcessJob | null = null
    const { ended } = await startProgram({
      command: filled(command, values),
      environment: environment(values),
      log: place.log,
      exit: place.exit,
      isLeashed: isOwn,
      onProcess(process) {
        job = { kind: 'process', process, slot, startedAt: clock.now(), logFrom }
        place.started(job)
      },
    })
    return { job: job!, ended }
  }

  async function attempt(order: Order, place: RunFolder, { begin, cancel, ending: wished }: Waiting): Promise<Attempt> {
    const ending = cancelling(wished, cancel)
    const there = place.job()
    if (there !== null && !isHere(there)) throw elsewhere(place, there)
    const isFound = there !== null && isRunning(there.process)
    if (isFound) onEvent({ kind: 'found', folder: place.path })
    // It failed while nobody looked. Where its shell was ended with it, as with the whole machine, nobody knows whether it would have.
    if (there !== null && !isFound && place.ending() !== null) return endedAlone(place, there)
    const slot = isFound ? null : await slots.take(either(begin, cancel))
    if (slot === null && !isFound) return { kind: 'interrupted' }
    try {
      const begun = isFound ? { job: there } : await start(order, place, slot!)
      const hasResult = () => madeIn(place) !== null
      const stopping = await watch({ ...begun, hasResult, timeLimitMs, clock, ending })
      const end = endOf(place, begun.job, stopping, timeLimitMs)
      endedAs(place, begun.job)
      return end
    } finally {
      if (slot !== null) slots.give(slot)
    }
  }

  return {
    name: 'command',
    names: ['slot'],
    how: '',
    isUnattended: false,
    attempt: (order, place, waiting) =>
      isOwn
        ? claimed(place, waiting.ending, (ending) => attempt(order, place, { ...waiting, ending }))
        : attempt(order, place, waiting),
  }
}

/** How long a program may take to save what it has before it is killed, ms. */
const savingMs = 60_000

/** Nobody waits for a program of ours for ever. */
function endingSoon({ save, kill }: Ending): Ending {
  const late = new AbortController()
  const patience = () => setTimeout(() => late.abort(), savingMs).unref()
  if (save.aborted) patience()
  else save.addEventListener('abort', patience, { once: true })
  return { save, kill: AbortSignal.any([kill, late.signal]) }
}

/** What is cancelled has as long to save what it has. */
function cancelling(ending: Ending, cancel: AbortSignal | undefined): Ending {
  if (cancel === undefined) return ending
  const { kill } = endingSoon({ save: cancel, kill: ending.kill })
  return { save: AbortSignal.any([ending.save, cancel]), kill }
}

const either = (...signals: (AbortSignal | undefined)[]): AbortSignal =>
  AbortSignal.any(signals.filter((signal) => signal !== undefined))

/** How long a program may go on once another worker has claimed its folder, and how long that one waits for it to go, ms. */
const [yieldingMs, unheardMs] = [10_000, 15_000]

/** Does work in a folder that is ours until another worker claims it: what has it now goes first, and ours goes when another one comes. */
async function claimed(
  place: RunFolder,
  { save, kill }: Ending,
  work: (ending: Ending) => Promise<Attempt>,
): Promise<Attempt> {
  const claim = claimFolder(place.path)
  const late = new AbortController()
  claim.lost.addEventListener('abort', () => setTimeout(() => late.abort(), yieldingMs).unref(), { once: true })
  try {
    await takeOver(place)
    return await work(endingSoon({ save: either(save, claim.lost), kill: either(kill, late.signal) }))
  } finally {
    claim.end()
  }
}

/** Says that a program has ended, unless another worker's is there by now. */
function endedAs(place: RunFolder, { process: { host, pid, started } }: ProcessJob): void {
  const there = place.job()
  if (there?.kind !== 'process') return
  const now = there.process
  if (now.host === host && now.pid === pid && now.started === started) place.ended()
}

/** How often to look whether a program that is to go has gone, ms. */
const lookMs = 100

/** Ends what another process began in a folder: what runs here, and where its machine still sees the folder, what runs there. */
async function takeOver(place: RunFolder): Promise<void> {
  const there = place.job()
  if (there === null) return
  if (!isHere(there)) {
    for (let waited = 0; place.job() !== null && waited < unheardMs; waited += lookMs) await sleep(lookMs)
  } else {
    signalProgram(there.process, 'SIGTERM')
    for (let waited = 0; isRunning(there.process); waited += lookMs) {
      if (waited > savingMs) signalProgram(there.process, 'SIGKILL')
      await sleep(lookMs)
    }
  }
  if (madeIn(place) === null) place.clear()
  place.ended()
}

function endedAlone(place: RunFolder, job: ProcessJob): Attempt {
  const end = endOf(place, job, null, null)
  place.ended()
  return end
}

const isHere = (job: Job): job is ProcessJob => job.kind === 'process' && job.process.host === hostname()

function endOf(place: RunFolder, { logFrom }: ProcessJob, stopping: Stopping, timeLimitMs: number | null): Attempt {
  const made = madeIn(place)
  if (made !== null) return made
  if (stopping === 'interrupted') return { kind: 'interrupted' }
  if (stopping === 'time-limit')
    return { kind: 'timed-out', reason: `not ready after its time of ${(timeLimitMs ?? 0) / 1000} s` }
  return failedIn(place, logFrom, 'it was ended from outside')
}

/** Of a job that nobody can see from here. */
export function elsewhere(place: RunFolder, job: Job): IsoflopError {
  const where =
    job.kind === 'slurm'
      ? `handed to Slurm as job ${job.id}`
      : `started on ${job.process.host} as process ${job.process.pid}`
  return new IsoflopError(
    'RUN_ELSEWHERE',
    `The run in ${place.path} was ${where}, and nobody can see from here whether it still runs.`,
    `Go on as the campaign was begun, ${job.kind === 'slurm' ? 'with --slurm' : `on ${job.process.host} and without --slurm`}; where it cannot run any more, delete job.json in the folder of the run.`,
  )
}
