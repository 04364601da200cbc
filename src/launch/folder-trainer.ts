import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { cancelledRun, type Outcome, type Trainer, type TrainingRequest } from '../core/trainer.ts'
import type { Space } from '../space/space.ts'
import type { Attempt, Failed } from './attempt.ts'
import { Failures } from './failures.ts'
import { type Standing, standingOf } from './history.ts'
import { type Order, orderNames, orderOf } from './order.ts'
import { tellProgress } from './progress.ts'
import { type Lost, lostRun, type RunFolder, runFolder, type Tries, usedFlops } from './run-folder.ts'
import { Stopped } from './stopped.ts'
import { checkCommand } from './template.ts'

/** What trainers by a program of one's own have in common, wherever it runs. */
export interface ProgramOptions<C extends Config = Config> {
  /** For the shell, with placeholders: `python train.py --width {d_model} --out {folder}`. */
  readonly command: string
  /** Every run gets a folder in `runs/` in it. */
  readonly folder: string
  readonly space: Space<C>
  /** Runs at once; 1 by default. */
  readonly parallel?: number
  /** How often a run that left no result is tried again; 1 by default. */
  readonly retries?: number
  /** Where a run that failed or was lost is asked for again: `campaign`, the default, knows that, and tries no more than is left; `request` tries as if it never had been. */
  readonly triesOf?: 'campaign' | 'request'
  /** Has what runs end. Without it programs get SIGTERM where the signal of a request is aborted; with it that signal only begins no more. */
  readonly ending?: Ending
  readonly onEvent?: (event: RunEvent) => void
}

/** Two wishes, one after the other. */
export interface Ending {
  /** Programs get SIGTERM, jobs are cancelled: they have time to save what they have. */
  readonly save: AbortSignal
  /** They get SIGKILL. */
  readonly kill: AbortSignal
}

/** Who still waits, for whoever starts programs. */
export interface Waiting {
  /** Aborted when no program is to be started any more. */
  readonly begin?: AbortSignal | undefined
  /** Aborted when this very run is not wanted any more. */
  readonly cancel?: AbortSignal | undefined
  readonly ending: Ending
}

/** What happens to runs, for whoever looks on. */
export type RunEvent =
  /** One that an earlier process started still runs, and is waited for. */
  | { readonly kind: 'found'; readonly folder: string }
  /** It left no result; `left` says how often it is tried again. */
  | { readonly kind: 'failed'; readonly folder: string; readonly reason: string; readonly left: number }
  /** It saved what it has before its time was over, and goes on as another job; `share` of its tokens are done. */
  | { readonly kind: 'saved'; readonly folder: string; readonly share: number }
  | { readonly kind: 'lost'; readonly folder: string; readonly message: string }
  /** Slurm does not answer; it is asked again. */
  | { readonly kind: 'unreachable'; readonly message: string }
  /** Its job is held: it does not begin before somebody releases it. */
  | { readonly kind: 'held'; readonly folder: string; readonly job: string; readonly reason: string }
  /** No run is begun any more, because the program always fails; what runs is waited for. */
  | { readonly kind: 'stopped'; readonly message: string }

/** A run that a program makes just now. */
export interface RunningRun extends Standing {
  readonly id: string
  readonly folder: string
}

export interface FolderTrainer<C extends Config = Config> extends Trainer<C> {
  /** What runs, in the order in which it was begun. */
  running(): RunningRun[]
}

/** Where programs run. */
export interface Launcher {
  /** For records and reports. */
  readonly name: string
  /** What a command may name beside the run. */
  readonly names: readonly string[]
  /** What beside the command decides how a program ends. */
  readonly how: string
  /** Whether nobody may be there to read what is said: then a program that always failed is not begun again. */
  readonly isUnattended: boolean
  /** Starts the program of a run, or finds the one that runs for it, and waits for its end. */
  attempt(order: Order, place: RunFolder, waiting: Waiting): Promise<Attempt>
}

/** Where the folders of runs are. */
export const runsIn = (folder: string): string => resolve(folder, 'runs')

/**
 * Makes runs by a program, one folder each. What counts is the `result.json` that the program leaves there, whatever it ends with.
 * @throws IsoflopError BAD_OPTION, SPACE_INVALID; `train` throws RUN_FAILED where the program always fails, and what the launcher throws.
 */
export function folderTrainer<C extends Config>(options: ProgramOptions<C>, launcher: Launcher): FolderTrainer<C> {
  const { command, space, parallel = 1, retries = 1, onEvent = () => {} } = options
  const places = space as unknown as Space
  checkCommand(command, orderNames(places, launcher.names))
  const runs = runsIn(options.folder)
  const by = `${command}\n${launcher.how}`
  const stopped = new Stopped(options.folder, by)
  const failures = new Failures()
  const running = new Map<string, Order>()

  async function attempt(
    order: Order,
    place: RunFolder,
    { signal, cancel, onProgress }: TrainingRequest,
  ): Promise<Attempt> {
    running.set(order.id, order)
    const silence = onProgress === undefined ? () => {} : tellProgress(order, place.path, onProgress)
    try {
      const ending = options.ending ?? { save: signal ?? never, kill: never }
      return await launcher.attempt(order, place, { begin: signal, cancel, ending })
    } finally {
      silence()
      running.delete(order.id)
    }
  }

  /** Makes a run, in as many attempts as it may have. */
  async function make(order: Order, request: TrainingRequest): Promise<Outcome> {
    const { purpose, signal, cancel } = request
    const place = runFolder(runs, order)
    if (options.triesOf === 'request') place.forgetFailures()
    const before = settledIn(place)
    if (before?.kind === 'finished' || before?.kind === 'diverged') failures.succeeded()
    if (before !== null) return before
    if (cancel?.aborted && place.job() === null) return cancelledRun(order.id)
    place.begin(purpose)
    for (;;) {
      if (failures.stopped) throw failures.stopped
      const tries = triesOf(place)
      if (tries.failed > retries) return giveUp(order, place, tries)
      if (signal?.aborted && place.job() === null) return interrupted(place)
      const end = await attempt(order, place, request)
      switch (end.kind) {
        case 'interrupted':
          return cancel?.aborted ? cancelledRun(order.id, usedByNow(place, order)) : interrupted(place)
        case 'made':
          failures.succeeded()
          place.forgetTries()
          return end.outcome
        case 'timed-out':
          return lose(order, place, end.reason)
        case 'failed': {
          const failed = count(end, tries, order, place)
          if (failed && failures.stopped) return giveUp(order, place, failed)
        }
      }
    }
  }

  function triesOf(place: RunFolder): Tries {
    const before = place.tries()
    return before?.by === by ? before : { by, failed: 0, reached: 0, reason: '', said: '' }
  }

  /** Puts a failure on record; null where the program was told to end, and had got further than when it last ended: it may do so as often as it takes. */
  function count({ reason, said, mayGoOn }: Failed, before: Tries, order: Order, place: RunFolder): Tries | null {
    const share = standingOf(place.path, order).share ?? 0
    const isSaved = mayGoOn === true && share > before.reached
    const tries = { by, failed: before.failed + (isSaved ? 0 : 1), reached: share, reason, said }
    place.tried(tries)
    const left = failures.stopped ? 0 : Math.max(0, retries + 1 - tries.failed)
    onEvent(
      isSaved ? { kind: 'saved', folder: place.path, share } : { kind: 'failed', folder: place.path, reason, left },
    )
    return isSaved ? null : tries
  }

  function lose(order: Order, place: RunFolder, message: string): Lost {
    const lost = lostOf(order, place, message)
    place.lose(lost)
    onEvent({ kind: 'lost', folder: place.path, message })
    return lost
  }

  function giveUp(order: Order, place: RunFolder, { failed, reason, said }: Tries): Outcome {
    const isFirst = failures.stopped === null
    const message = `no result after ${failed} ${failed === 1 ? 'try' : 'tries'}: ${reason}`
    const lost = lostOf(order, place, message)
    const words = `${reason}${said}`
    const forget = () => place.forgetTries()
    try {
      failures.failed({ folder: place.path, words, settle: () => place.lose(lost), forget })
    } catch (error) {
      if (isFirst) stopped.note((error as Error).message)
      if (isFirst) onEvent({ kind: 'stopped', message: (error as Error).message })
      throw error
    }
    onEvent({ kind: 'lost', folder: place.path, message })
    return lost
  }

  return {
    name: launcher.name,
    capacity: parallel,
    cancels: true,
    async train(config, request = {}) {
      if (launcher.isUnattended) stopped.check()
      else stopped.forget()
      const refusal = refusalOf(() => orderOf(places, config))
      return 'kind' in refusal ? refusal : make(refusal, request)
    },
    running: () =>
      [...running.values()].map((order) => {
        const folder = join(runs, order.id)
        return { id: order.id, folder, ...standingOf(folder, order) }
      }),
  }
}

/** Of whoever waits for ever. */
const never = new AbortController().signal

/** What was settled of a run before, as long as nothing runs for it; null where nothing was. */
function settledIn(place: RunFolder): Outcome | null {
  const result = place.result()
  if (result.kind === 'made') return result.outcome
  return place.lost()
}

/** The order, or the refusal that its CONFIG_INVALID is. */
function refusalOf(work: () => Order): Order | (Outcome & { kind: 'refused' }) {
  try {
    return work()
  } catch (error) {
    if (error instanceof IsoflopError && error.code === 'CONFIG_INVALID') return { kind: 'refused', error }
    throw error
  }
}

/** FLOPs that a run has used which somebody ended: none where nothing of it ever ran, all of them where it ran and does not tell. */
const usedByNow = (place: RunFolder, order: Order): number => (existsSync(place.log) ? usedFlops(place, order) : 0)

const lostOf = (order: Order, place: RunFolder, message: string): Lost => ({
  kind: 'lost',
  error: lostRun(`${message} (${place.path})`),
  spentFlops: usedFlops(place, order),
})

const interrupted = (place: RunFolder): Outcome => ({
  kind: 'interrupted',
  error: new IsoflopError(
    'RUN_INTERRUPTED',
    `The run in ${place.path} was ended before its time.`,
    'The same command goes on with it.',
  ),
})
