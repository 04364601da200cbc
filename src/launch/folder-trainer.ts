import { join, resolve } from 'node:path'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { Outcome, Trainer, TrainingRequest } from '../core/trainer.ts'
import type { Space } from '../space/space.ts'
import type { Attempt } from './attempt.ts'
import { Failures } from './failures.ts'
import { type Standing, standingOf } from './history.ts'
import { type Order, orderNames, orderOf } from './order.ts'
import { type Lost, lostRun, type RunFolder, runFolder, usedFlops } from './run-folder.ts'
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
  readonly onEvent?: (event: RunEvent) => void
}

/** What happens to runs, for whoever looks on. */
export type RunEvent =
  /** One that an earlier process started still runs, and is waited for. */
  | { readonly kind: 'found'; readonly folder: string }
  /** It left no result; `left` says how often it is tried again. */
  | { readonly kind: 'failed'; readonly folder: string; readonly reason: string; readonly left: number }
  | { readonly kind: 'lost'; readonly folder: string; readonly message: string }
  /** Slurm does not answer; it is asked again. */
  | { readonly kind: 'unreachable'; readonly message: string }
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
  /** Starts the program of a run, or finds the one that runs for it, and waits for its end. */
  attempt(order: Order, place: RunFolder, request: TrainingRequest): Promise<Attempt>
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
  const failures = new Failures()
  const running = new Map<string, Order>()

  async function attempt(order: Order, place: RunFolder, request: TrainingRequest): Promise<Attempt> {
    running.set(order.id, order)
    try {
      return await launcher.attempt(order, place, request)
    } finally {
      running.delete(order.id)
    }
  }

  /** Makes a run, in as many attempts as it may have. */
  async function make(order: Order, request: TrainingRequest): Promise<Outcome> {
    const place = runFolder(runs, order)
    const before = settledIn(place)
    if (before !== null) return before
    place.begin(request.purpose)
    for (let left = retries; ; left--) {
      if (failures.stopped) throw failures.stopped
      if (request.signal?.aborted) return interrupted(place)
      const end = await attempt(order, place, request)
      if (end.kind === 'interrupted') return interrupted(place)
      if (end.kind === 'made') {
        failures.succeeded()
        return end.outcome
      }
      if (end.kind === 'timed-out') return lose(order, place, end.reason)
      const isLast = left <= 0 || failures.stopped !== null
      onEvent({ kind: 'failed', folder: place.path, reason: end.reason, left: isLast ? 0 : left })
      if (isLast) return giveUp(order, place, end)
    }
  }

  function lose(order: Order, place: RunFolder, message: string): Lost {
    const lost = lostOf(order, place, message)
    place.lose(lost)
    onEvent({ kind: 'lost', folder: place.path, message })
    return lost
  }

  function giveUp(order: Order, place: RunFolder, { reason, said }: Attempt & { kind: 'failed' }): Outcome {
    const isFirst = failures.stopped === null
    const message = `no result after ${retries + 1} ${retries === 0 ? 'try' : 'tries'}: ${reason}`
    const lost = lostOf(order, place, message)
    try {
      failures.failed({ folder: place.path, words: `${reason}${said}`, settle: () => place.lose(lost) })
    } catch (error) {
      if (isFirst) onEvent({ kind: 'stopped', message: (error as Error).message })
      throw error
    }
    onEvent({ kind: 'lost', folder: place.path, message })
    return lost
  }

  return {
    name: launcher.name,
    capacity: parallel,
    async train(config, request = {}) {
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
