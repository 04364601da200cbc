import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { Outcome, Trainer, TrainingRequest } from '../core/trainer.ts'
import type { Space } from '../space/space.ts'
import { Failures } from './failures.ts'
import { type Standing, standingOf } from './history.ts'
import { type Order, orderNames, orderOf } from './order.ts'
import { isRunning, startProgram } from './program.ts'
import { type Job, jobsIn, type Lost, lostRun, type RunFolder, runFolder, usedFlops } from './run-folder.ts'
import { Slots } from './slots.ts'
import { checkCommand, environment, filled } from './template.ts'
import { tailOf } from './text-in.ts'
import { type Stopping, watch } from './watch.ts'

export interface CommandTrainerOptions<C extends Config = Config> {
  /** For the shell, with placeholders: `python train.py --width {d_model} --out {folder}`. */
  readonly command: string
  /** Every run gets a folder in `runs/` in it. */
  readonly folder: string
  readonly space: Space<C>
  /** Runs at once; 1 by default. */
  readonly parallel?: number
  /** How often a run that left no result is tried again; 1 by default. */
  readonly retries?: number
  /** How long a program may run, ms; for ever by default. */
  readonly timeLimitMs?: number | null
  readonly clock?: Clock
  readonly onEvent?: (event: RunEvent) => void
}

/** What happens to runs, for whoever looks on. */
export type RunEvent =
  /** One that an earlier process started still runs, and is waited for. */
  | { readonly kind: 'found'; readonly folder: string }
  /** It left no result; `left` says how often it is tried again. */
  | { readonly kind: 'failed'; readonly folder: string; readonly reason: string; readonly left: number }
  | { readonly kind: 'lost'; readonly folder: string; readonly message: string }
  /** No run is begun any more, because the program always fails; what runs is waited for. */
  | { readonly kind: 'stopped'; readonly message: string }

/** A run that a program makes just now. */
export interface RunningRun extends Standing {
  readonly id: string
  readonly folder: string
}

export interface CommandTrainer<C extends Config = Config> extends Trainer<C> {
  /** What runs, in the order in which it was begun. */
  running(): RunningRun[]
}

/** How an attempt ended. */
type Attempt =
  | { readonly kind: 'made'; readonly outcome: Outcome }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'timed-out'; readonly reason: string }
  /** Why, in a line, and the last lines of its log. */
  | { readonly kind: 'failed'; readonly reason: string; readonly said: string }

/** What is shown of a log: its end. */
const mostSaid = { bytes: 4096, lines: 12 } as const

/**
 * Trains with a program of one's own: one process a run, in a folder that says what is asked for. What counts is the `result.json` that the program
 * leaves there, whatever it ends with. Programs outlive this process: after kill -9 the next one takes the results that are there and waits for what
 * still runs.
 *
 * @example commandTrainer({ command: 'python train.py {folder}', folder: 'out', space, parallel: 8 })
 * @throws IsoflopError BAD_OPTION, SPACE_INVALID; `train` throws RUN_FAILED where the program always fails, RUN_ELSEWHERE, OUTPUT_FAILED,
 * RECORD_DAMAGED.
 */
export function commandTrainer<C extends Config = Config>(options: CommandTrainerOptions<C>): CommandTrainer<C> {
  const {
    command,
    space,
    parallel = 1,
    retries = 1,
    timeLimitMs = null,
    clock = systemClock,
    onEvent = () => {},
  } = options
  const places = space as unknown as Space
  checkCommand(command, orderNames(places))
  const runs = resolve(options.folder, 'runs')
  const slots = new Slots(parallel, jobsIn(runs).filter(isHere))
  const failures = new Failures()
  const running = new Map<string, Order>()

  /** Starts the program of a run, or finds the one that runs for it, and waits for its end. */
  async function attempt(order: Order, place: RunFolder, request: TrainingRequest): Promise<Attempt> {
    const { signal } = request
    const there = place.job()
    if (there !== null && !isHere(there)) throw elsewhere(place, there)
    const isFound = there !== null && isRunning(there.process)
    if (isFound) onEvent({ kind: 'found', folder: place.path })
    const slot = isFound ? null : await slots.take(signal)
    if (slot === null && !isFound) return { kind: 'interrupted' }
    running.set(order.id, order)
    try {
      const begun = isFound ? { job: there } : await start(order, place, slot!)
      const hasResult = () => place.result().kind === 'made'
      const stopping = await watch({ ...begun, hasResult, timeLimitMs, clock, ...(signal && { signal }) })
      const end = endOf(place, begun.job, stopping, timeLimitMs)
      place.ended()
      return end
    } finally {
      running.delete(order.id)
      if (slot !== null) slots.give(slot)
    }
  }

  async function start(order: Order, place: RunFolder, slot: number): Promise<{ job: Job; ended: Promise<unknown> }> {
    const logFrom = place.clear()
    const values = { ...order.constants, ...order.fields, id: order.id, folder: place.path, slot }
    let job: Job | null = null
    const { ended } = await startProgram({
      command: filled(command, values),
      environment: environment(values),
      log: place.log,
      exit: place.exit,
      onProcess(process) {
        job = { process, slot, startedAt: clock.now(), logFrom }
        place.started(job)
      },
    })
    return { job: job!, ended }
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
    name: 'command',
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

const isHere = ({ process }: Job): boolean => process.host === hostname()

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

function endOf(place: RunFolder, job: Job, stopping: Stopping, timeLimitMs: number | null): Attempt {
  const result = place.result()
  if (result.kind === 'made') return { kind: 'made', outcome: result.outcome }
  if (stopping === 'interrupted') return { kind: 'interrupted' }
  if (stopping === 'time-limit')
    return { kind: 'timed-out', reason: `not ready after its time of ${(timeLimitMs ?? 0) / 1000} s` }
  const status = place.exitStatus()
  const how = status === null ? 'it was ended from outside' : `it ended with status ${status}`
  const what = result.kind === 'invalid' ? `its result.json is not taken, ${result.reason}` : 'it left no result.json'
  const words = lastWords(tailOf(place.log, mostSaid.bytes, job.logFrom))
  return {
    kind: 'failed',
    reason: `${how} and ${what}`,
    said: words === '' ? ', and said nothing.' : `. It said last:\n${words}\n `,
  }
}

/** The last lines of a log, none of them for ever. */
const lastWords = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .slice(-mostSaid.lines)
    .map((line) => `    ${line.length > 300 ? `${line.slice(0, 297)}...` : line}`)
    .join('\n')
    .trimEnd()

const interrupted = (place: RunFolder): Outcome => ({
  kind: 'interrupted',
  error: new IsoflopError(
    'RUN_INTERRUPTED',
    `The run in ${place.path} was ended before its time.`,
    'The same command goes on with it.',
  ),
})

const elsewhere = (place: RunFolder, { process }: Job): IsoflopError =>
  new IsoflopError(
    'RUN_ELSEWHERE',
    `The run in ${place.path} was started on ${process.host} as process ${process.pid}, and nobody here can see whether it still runs.`,
    `Go on with the campaign on ${process.host}; where that machine is gone, delete job.json in the folder of the run.`,
  )
