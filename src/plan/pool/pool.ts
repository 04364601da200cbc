import { IsoflopError } from '../../core/errors.ts'
import { type Runs, selectTuning } from '../../core/run.ts'

/** Runs without their losses: what is known of a run before it is made. */
export type Settings = Omit<Runs, 'loss'>

/** The settings of the runs at these indices, in this order. */
export function selectSettings({ parameters, tokens, flops, tuning }: Settings, indices: ArrayLike<number>): Settings {
  const pick = (column: Float64Array) => Float64Array.from(indices, (i) => column[i])
  return {
    size: indices.length,
    parameters: pick(parameters),
    tokens: pick(tokens),
    flops: pick(flops),
    ...(tuning && { tuning: selectTuning(tuning, pick) }),
  }
}

/** A finite list of runs that could be made or are on record. */
export interface Pool {
  readonly settings: Settings
  /** What each run costs, in any unit; above 0 (0 for one that was made already, for nothing), as long as the settings. */
  readonly cost: Float64Array
}

/**
 * What is to be predicted: runs, or the best one of a budget of FLOPs. Where runs do not say their rate or batch (no column, NaN), the
 * law's best is meant.
 */
export type PoolTarget = Settings | { readonly bestAt: number }

export const isBudget = (target: PoolTarget): target is { readonly bestAt: number } => 'bestAt' in target

/** Refuses a pool, a target or a budget of which nothing can be chosen. Errors: NO_USABLE_RUNS, BAD_OPTION. */
export function checkPool(
  { settings, cost }: Pool,
  target: PoolTarget,
  budget: number,
  isMade: (index: number) => boolean = () => false,
): void {
  const aims = isBudget(target) ? 1 : target.size
  if (settings.size === 0 || aims === 0)
    throw new IsoflopError(
      'NO_USABLE_RUNS',
      `Choosing from a pool needs runs in the pool and in the target region; there are ${settings.size} and ${aims}.`,
      'Give at least one run to predict, and a pool of runs that may be bought.',
    )
  const bad = cost.findIndex((value, i) => !isFinitePositive(value) && !(value === 0 && isMade(i)))
  if (cost.length !== settings.size || bad >= 0)
    throw badOption(
      cost.length === settings.size
        ? `The cost of a run must be above 0 and finite; run ${bad + 1} of the pool has ${cost[bad]}.`
        : `Every run of a pool must have a cost; there are ${settings.size} runs and ${cost.length} costs.`,
      'Give each run its cost, its FLOPs for example.',
    )
  if (!isFinitePositive(budget))
    throw badOption(`The budget must be above 0 and finite, and is ${budget}.`, 'Give it in the unit of the costs.')
  if (isBudget(target) && !isFinitePositive(target.bestAt))
    throw badOption(
      `The target must be FLOPs above 0 and finite, and is ${target.bestAt}.`,
      'Name a budget of FLOPs, such as 1e22.',
    )
  for (const name of ['rate', 'batch'] as const) checkComplete(settings, name)
}

/** A law cannot use a setting that some runs do not say (`completeRuns` leaves those out). */
function checkComplete({ tuning }: Settings, name: 'rate' | 'batch'): void {
  const missing = tuning?.[name]?.findIndex((value) => !(value > 0)) ?? -1
  if (missing < 0) return
  throw badOption(
    `Every run of a pool must say its ${name} where one does; run ${missing + 1} has none.`,
    'Leave out the runs that do not say it, or the setting.',
  )
}

const isFinitePositive = (value: number): boolean => value > 0 && value < Number.POSITIVE_INFINITY

const badOption = (message: string, advice: string) => new IsoflopError('BAD_OPTION', message, advice)
