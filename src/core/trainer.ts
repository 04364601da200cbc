import type { Config } from './config.ts'
import { type ErrorCode, IsoflopError } from './errors.ts'

/** A run that was made: what was trained, and what came out. */
export interface TrainedRun<C extends Config = Config> {
  readonly config: C
  /** Nats per token; NaN where training diverged. */
  readonly loss: number
}

/** What asking for a training run comes to. */
export type Outcome =
  | {
      readonly kind: 'finished'
      /** Nats per token, finite. */
      readonly loss: number
    }
  | {
      /** Its loss or a gradient became infinite or not a number. The run was made: it counts as spent and is not asked for again. */
      readonly kind: 'diverged'
      /** The step, counted from 1, where it is known. */
      readonly at?: number
    }
  /** Not trained, nothing spent: `refused` concerns this configuration alone, `exhausted` says that the budget does not allow it. */
  | { readonly kind: 'refused' | 'exhausted'; readonly error: IsoflopError }
  /** Ended before its time because nobody waits any more; nothing counts, and asked again it goes on. */
  | { readonly kind: 'interrupted'; readonly error: IsoflopError }
  | {
      /** Nobody knows what would have become of it. It counts as spent and is not asked for again. */
      readonly kind: 'lost'
      readonly error: IsoflopError
      /** FLOPs that it used, where that is known; all that were asked for by default. */
      readonly spentFlops?: number
    }

/** Which plan of a campaign asks for a run, and why. */
export interface Purpose {
  readonly round: number
  readonly reason: string
}

/** A point of a training's curve. */
export interface CurvePoint {
  /** Steps that were done, counted from 1. */
  readonly step: number
  readonly tokens: number
  /** The training loss there, nats per token; smoothed where the trainer smooths it. */
  readonly loss: number
}

/** How far a training is. Each report stands for itself, and takes the place of the one before. */
export type Progress =
  /** It waits for its turn, behind so many trainings where that is known. */
  | { readonly kind: 'waiting'; readonly ahead?: number }
  /** It runs. Its curve so far, thinned to a few hundred points; the latest is its last. */
  | { readonly kind: 'running'; readonly curve: readonly CurvePoint[] }

/** Why a signal may be aborted: the same asker waits from now on by another process, for which a training that others make goes on. */
export const waitedElsewhere = 'waited for elsewhere'

/** What comes with a configuration. */
export interface TrainingRequest {
  readonly purpose?: Purpose
  /** Whose turn it is where queries wait: askers are served in turn. */
  readonly asker?: string
  /**
   * Aborted when this asker does not wait for the outcome any more, which is then `interrupted`, or what it came to meanwhile. Where nobody
   * else asks for the same training, it is dropped if it waits, and ended if it runs and can be ended: asked again, it goes on. The reason may be
   * `waitedElsewhere`.
   */
  readonly signal?: AbortSignal
  /**
   * Aborted when this very run is not wanted any more: it is ended, wherever it is, and its outcome is `cancelledRun`, or what it came to meanwhile.
   * It may be aborted from the start.
   */
  readonly cancel?: AbortSignal
  /** Told where the training stands when that changes, as often as the trainer knows, once or twice a second at most. Never told by trainers that answer at once. */
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Whatever makes training runs: a cluster, a training API, a simulated world, a table of recorded runs. Equal configurations have
 * equal outcomes.
 *
 * @example const trainer: Trainer = { name: 'cluster', train: async (config) => ({ kind: 'finished', loss: await run(config) }) }
 */
export interface Trainer<C extends Config = Config> {
  /** For records and reports, the same each time: an address without a key, `world:NAME`, or what you call your cluster. */
  readonly name: string
  /** Whether a run costs something; default true. Those of a simulated world do not. */
  readonly isPaid?: boolean
  /** How many runs it makes at once; default 1. */
  readonly capacity?: number
  /** Whether it heeds the `cancel` of a request; default false: a run that was begun is then waited for. */
  readonly cancels?: boolean
  /** Makes a run, or says why not. Whatever it throws ends the campaign, whose record is kept. */
  train(config: C, request?: TrainingRequest): Promise<Outcome>
  /** Runs that it made before, in their order; default none. */
  previous?(): Promise<readonly TrainedRun<C>[]>
  /** FLOPs that it has charged for; by default those of the previous runs. */
  spentFlops?(): Promise<number>
  /** Ends what runs. Again: nothing. */
  close?(): Promise<void>
}

/**
 * The outcome that a loss is, nats per token: a loss that is not finite is a run that diverged.
 * Errors: OUTCOME_INVALID for anything but a number, which would else pass for a run that diverged.
 */
export function outcomeOf(loss: number): Outcome {
  if (typeof loss !== 'number') throw noOutcome(`the loss ${shown(loss)}`)
  return Number.isFinite(loss) ? { kind: 'finished', loss } : { kind: 'diverged' }
}

/** The outcome of a run that somebody cancelled: `refused` where it had not begun, so that it cost nothing, else `lost`. */
export function cancelledRun(id: string, spentFlops = 0): Outcome & { readonly kind: 'refused' | 'lost' } {
  const error = new IsoflopError('RUN_CANCELLED', `The run ${id} was cancelled.`, 'The campaign goes on without it.')
  return spentFlops > 0 ? { kind: 'lost', error, spentFlops } : { kind: 'refused', error }
}

export const isCancelled = (outcome: Outcome): outcome is ReturnType<typeof cancelledRun> =>
  (outcome.kind === 'refused' || outcome.kind === 'lost') && outcome.error.code === 'RUN_CANCELLED'

/** What a trainer gave, if it is an outcome. Errors: OUTCOME_INVALID. */
export function expectOutcome(given: unknown): Outcome {
  const { kind, loss, error } = (given ?? {}) as { kind?: unknown; loss?: unknown; error?: { message?: unknown } }
  if (kind === 'finished' && typeof loss === 'number' && loss > 0 && loss < Number.POSITIVE_INFINITY)
    return given as Outcome
  if (kind === 'diverged') return given as Outcome
  const isTold = kind === 'refused' || kind === 'exhausted' || kind === 'lost' || kind === 'interrupted'
  if (isTold && typeof error?.message === 'string') return given as Outcome
  throw noOutcome(shown(given))
}

/** FLOPs that a lost run counts for: no fewer than none, no more than were asked for. */
export const spentOf = ({ spentFlops }: { readonly spentFlops?: number }, { trainFlops }: Config): number =>
  spentFlops !== undefined && spentFlops >= 0 ? Math.min(spentFlops, trainFlops) : trainFlops

const noOutcome = (what: string): IsoflopError =>
  new IsoflopError(
    'OUTCOME_INVALID',
    `The trainer gave ${what}, expected { kind: 'finished', loss } with nats above 0, { kind: 'diverged' }, or 'refused', 'exhausted' or 'lost' with an error.`,
    'Give outcomeOf(loss), with NaN for a run that diverged; what was made before is kept.',
  )

const shown = (value: unknown): string => {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** The loss of an outcome, for whoever can do nothing with another one. Errors: TRAINING_DIVERGED, or what the outcome says. */
export function expectLoss(outcome: Outcome): number {
  if (outcome.kind === 'finished') return outcome.loss
  if (outcome.kind !== 'diverged') throw outcome.error
  const where = outcome.at === undefined ? '' : `in step ${outcome.at} `
  throw new IsoflopError(
    'TRAINING_DIVERGED',
    `Training of this configuration diverged: ${where}its loss or gradient was infinite or not a number. Nothing was charged.`,
    'Choose a smaller learning rate.',
  )
}

const kinds: Partial<Record<ErrorCode, 'refused' | 'exhausted' | 'diverged'>> = {
  BUDGET_EXCEEDED: 'exhausted',
  CONFIG_INVALID: 'refused',
  NOT_RECORDED: 'refused',
  API_REFUSED: 'refused',
  TRAINING_DIVERGED: 'diverged',
}

/**
 * The outcome of work that gives a loss, or throws an IsoflopError that says why there is none: BUDGET_EXCEEDED, CONFIG_INVALID,
 * NOT_RECORDED, API_REFUSED or TRAINING_DIVERGED. Every other error is thrown on.
 */
export async function outcomeOfLoss(work: () => Promise<number>): Promise<Outcome> {
  try {
    return outcomeOf(await work())
  } catch (error) {
    const kind = error instanceof IsoflopError ? kinds[error.code] : undefined
    if (kind === undefined) throw error
    return kind === 'diverged' ? { kind } : { kind, error: error as IsoflopError }
  }
}
