import { IsoflopError } from '../../core/errors.ts'
import type { Runs } from '../../core/run.ts'

/** Runs without their losses: what is known of a run before it is made. */
export type Settings = Omit<Runs, 'loss'>

/** A finite list of runs that could be made or are on record. */
export interface Pool {
  readonly settings: Settings
  /** What each run costs, in any unit; above 0, as long as the settings. */
  readonly cost: Float64Array
}

/** Refuses a pool, a target or a budget of which nothing can be chosen. Errors: NO_USABLE_RUNS, BAD_OPTION. */
export function checkPool({ settings, cost }: Pool, target: Settings, budget: number): void {
  if (settings.size === 0 || target.size === 0)
    throw new IsoflopError(
      'NO_USABLE_RUNS',
      `Choosing from a pool needs runs in the pool and in the target region; there are ${settings.size} and ${target.size}.`,
      'Give at least one run to predict, and a pool of runs that may be bought.',
    )
  const bad = cost.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY))
  if (cost.length !== settings.size || bad >= 0)
    throw new IsoflopError(
      'BAD_OPTION',
      cost.length === settings.size
        ? `The cost of a run must be above 0 and finite; run ${bad + 1} of the pool has ${cost[bad]}.`
        : `Every run of a pool must have a cost; there are ${settings.size} runs and ${cost.length} costs.`,
      'Give each run its cost, its FLOPs for example.',
    )
  if (!(budget > 0 && budget < Number.POSITIVE_INFINITY))
    throw new IsoflopError(
      'BAD_OPTION',
      `The budget must be above 0 and finite, and is ${budget}.`,
      'Give it in the unit of the costs.',
    )
}
