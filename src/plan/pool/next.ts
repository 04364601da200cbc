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
      /** Where a round ends: an eighth of the budget, or its rest; null without a budget. Its last run may cost more. */
      readonly allowance: number | null
      readonly fit: TunedFit
      readonly prediction: PoolPrediction
    }

/** Powers of a run's cost by which its worth is divided, tried in this order. */
const thrifts = [1, 0.75, 0.5, 0.25, 0] as const

/**
 * A plan that spends this share of a round is taken. Tried instead, predicting the dearest tenths of three public pools from 2 % of
 * the others: the plan of lowest variance without a run dearer than a round. R^2 was 0.68 instead of 0.79 and -0.23 instead of 0.52
 * where dear runs tell most, 0.91 both on the third.
 */
const enoughSpent = 0.7

/** Runs that are named where nobody says how many. */
export const usualNext = 8

/**
 * Names the runs of a pool to make next, given those that were made: before 8 have a loss those of an opening (E89), then those that
 * lower the variance of the law at the target most for their cost (E90). With a budget they are a round of it, an eighth, with dearer
 * ones where so few would spend little of it (E91). `loss` is NaN for a run that could be made and Infinity for one that diverged. Runs
 * that were made are not named again; their costs count as spent. No run is named that the budget does not allow with those before it.
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
  const allowance = Math.min(budget - spent, budget / poolRounds)
  const plan = planWithin({ fit, pool: settings, known, target }, cost, {
    isOpen,
    enough: allowance,
    most,
    thrifts: Number.isFinite(budget) ? thrifts : [1],
  })
  const prediction = predictedBy(fit, target, confidence)
  return { kind: 'round', plan, allowance: Number.isFinite(allowance) ? allowance : null, fit, prediction }
}

/**
 * Few runs that are worth most for their cost spend next to nothing of a budget: of plans by ever lower powers of the cost, the first
 * that spends most of what a round may cost, else the one after which the variance is lowest.
 */
function planWithin(
  standing: Standing,
  cost: Float64Array,
  { thrifts, ...limits }: RoundLimits & { readonly thrifts: readonly number[]; readonly enough: number },
): PlannedRound {
  const plans: PlannedRound[] = []
  for (const thrift of thrifts) {
    const plan = planRound(standing, cost, { ...limits, thrift })
    const spends = plan.runs.reduce((sum, run) => sum + run.cost, 0)
    if (spends >= enoughSpent * limits.enough) return plan
    plans.push(plan)
  }
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
