import { selectRuns } from '../../core/run.ts'
import { fewestForTuned, thinnedForTuned } from '../../fit/tuned/assessment.ts'
import { fitTuned, type TunedFit } from '../../fit/tuned/fit.ts'
import { poolRounds } from './choose.ts'
import { tooSmall } from './few.ts'
import { spreadOver } from './opening.ts'
import { checkPool, type Pool, type PoolTarget } from './pool.ts'
import { type PoolPrediction, predictedBy } from './prediction.ts'
import type { Standing } from './prospect.ts'
import { type PlannedRound, planRound, type RoundLimits } from './round.ts'

export interface NextOptions {
  /** In the unit of the costs, with what is spent already; default none. */
  readonly budget?: number | undefined
  /** How many runs to name, at most; default 8. */
  readonly most?: number | undefined
  /** Of the opening; default 0. */
  readonly seed?: number | undefined
  /** Of the intervals; default 0.95. */
  readonly confidence?: number | undefined
}

/** What to make next, and what is known without it. */
export type PoolAdvice =
  /** Fewer than 8 runs have a loss: these spread over the settings of the cheap ones. */
  | { readonly kind: 'opening'; readonly runs: readonly number[]; readonly known: number }
  | {
      readonly kind: 'round'
      readonly plan: PlannedRound
      /** What these runs may cost together: an eighth of the budget, or its rest; null without a budget. */
      readonly allowance: number | null
      readonly fit: TunedFit
      readonly prediction: PoolPrediction
    }

/** Powers of a run's cost by which its worth is divided, in plans of which the best is taken. */
const thrifts = [1, 0.75, 0.5, 0.25, 0] as const

/** Runs that are named where nobody says how many. */
export const usualNext = 8

/**
 * Names the runs of a pool to make next, given those that were made: before 8 have a loss those of an opening (E89), then those that
 * lower the variance of the law at the target most (E90), for their cost where there is no budget, else of all that an eighth of the
 * budget pays for, as in a round of `chooseFromPool` (E91). `loss` is NaN for a run that could be made and Infinity for
 * one that diverged; runs that were made are not named again, and `spent` is what they have cost. No run is named that the budget does not
 * allow with those before it.
 *
 * Errors: NO_USABLE_RUNS, BAD_OPTION, and TOO_FEW_RUNS for a pool of fewer than 8 runs.
 *
 * @example nextFromPool({ settings, cost: settings.flops }, loss, { bestAt: 1e22 }, { most: 4 })
 */
export function nextFromPool(
  pool: Pool,
  loss: Float64Array,
  target: PoolTarget,
  { budget = Number.POSITIVE_INFINITY, most = usualNext, seed = 0, confidence = 0.95 }: NextOptions = {},
): PoolAdvice {
  const { settings, cost } = pool
  const isMade = (i: number) => !Number.isNaN(loss[i])
  checkPool(pool, target, budget === Number.POSITIVE_INFINITY ? 1 : budget, isMade)
  if (settings.size < fewestForTuned) throw tooSmall(settings.size)
  const known = [...loss.keys()].filter((i) => Number.isFinite(loss[i]))
  const spent = cost.reduce((sum, own, i) => (isMade(i) ? sum + own : sum), 0)
  const isOpen = (i: number, planned = 0) => !isMade(i) && spent + planned + cost[i] <= budget
  if (known.length < fewestForTuned) return opening(pool, { known, budget, most, seed, isOpen })
  const fit = fitTuned(thinnedForTuned(selectRuns({ ...settings, loss }, known)).thinned)
  const allowance = allowanceOf(pool, { budget, spent, isOpen })
  const plan = planWithin({ fit, pool: settings, known, target }, cost, {
    isOpen: (i, planned) => isOpen(i, planned) && planned + cost[i] <= allowance,
    most,
    thrifts: Number.isFinite(budget) ? thrifts : [1],
  })
  const prediction = predictedBy(fit, target, confidence)
  return { kind: 'round', plan, allowance: Number.isFinite(allowance) ? allowance : null, fit, prediction }
}

/** An eighth of the budget as far as it is there, or all that is left where no run costs so little. */
function allowanceOf(
  { cost }: Pool,
  { budget, spent, isOpen }: Pick<Opening, 'budget' | 'isOpen'> & { spent: number },
): number {
  const rest = budget - spent
  const share = Math.min(rest, budget / poolRounds)
  return cost.some((own, i) => isOpen(i) && own <= share) ? share : rest
}

/** Few runs spend little where each is worth most for its cost: of plans by several powers of the cost the one that lowers most. */
function planWithin(
  standing: Standing,
  cost: Float64Array,
  { thrifts, ...limits }: RoundLimits & { readonly thrifts: readonly number[] },
): PlannedRound {
  const plans = thrifts.map((thrift) => planRound(standing, cost, { ...limits, thrift }))
  return plans.reduce((best, plan) => (plan.after < best.after ? plan : best))
}

interface Opening {
  readonly known: readonly number[]
  readonly budget: number
  readonly most: number
  readonly seed: number
  isOpen(index: number, planned?: number): boolean
}

function opening(pool: Pool, { known, budget, most, seed, isOpen }: Opening): PoolAdvice {
  const runs: number[] = []
  let planned = 0
  for (const i of spreadOver(pool, budget, seed, { taken: known, may: isOpen })) {
    if (runs.length >= Math.min(most, fewestForTuned - known.length)) break
    if (!isOpen(i, planned)) continue
    runs.push(i)
    planned += pool.cost[i]
  }
  return { kind: 'opening', runs, known: known.length }
}
