import { IsoflopError } from '../core/errors.ts'
import { trainFlops } from '../core/flops.ts'
import type { Curves, Runs } from '../core/run.ts'
import { median } from '../numeric/quantile.ts'
import { type Budgets, groupBudgets, type Profile } from './profile.ts'

/** Runs prepared for the methods: grouped by budget once, training curves if there are any. */
export interface FitData {
  readonly runs: Runs
  readonly budgets: Budgets
  /** The budgets that the profile methods use; empty when the runs do not form IsoFLOP profiles. */
  readonly profiles: readonly Profile[]
  readonly curves: Curves | null
  /** FLOPs over 6ND of the largest runs; 1 where they agree to 1 %. */
  readonly flopsRatio: number
}

/**
 * Groups the runs and decides whether they form IsoFLOP profiles.
 * @throws IsoflopError TOO_FEW_RUNS with fewer than three runs, ONE_BUDGET when all have one budget.
 */
export function prepare(runs: Runs, curves: Curves | null): FitData {
  if (runs.size < 3)
    throw new IsoflopError(
      'TOO_FEW_RUNS',
      `Expected at least 3 runs, got ${runs.size}.`,
      'Add runs: a scaling law needs several sizes at several budgets.',
    )
  const budgets = groupBudgets(runs)
  if (budgets.groups.length < 2)
    throw new IsoflopError(
      'ONE_BUDGET',
      `Expected runs of at least two compute budgets, but all ${runs.size} have C = ${budgets.groups[0].budget.toPrecision(4)}.`,
      'Add runs at another budget: one profile shows a best size, not how it grows with compute.',
    )
  const inProfiles = budgets.profiles.reduce((sum, { runs }) => sum + runs.length, 0)
  const usable = budgets.profiles.length >= 2 && inProfiles >= runs.size / 2
  return { runs, budgets, profiles: usable ? budgets.profiles : [], curves, flopsRatio: flopsRatioOf(runs) }
}

/** Runs with at least this share of the largest compute say how FLOPs are counted; smaller ratios are rounding. */
const counting = { share: 0.2, least: 0.01 } as const

/** The median of C / 6ND over the largest runs. */
function flopsRatioOf({ size, flops, parameters, tokens }: Runs): number {
  const largest = flops.reduce((high, C) => Math.max(high, C))
  const ratios = Float64Array.from({ length: size }, (_, i) => flops[i] / trainFlops(parameters[i], tokens[i])).filter(
    (_, i) => flops[i] >= counting.share * largest,
  )
  const ratio = median(ratios)
  return Math.abs(Math.log(ratio)) < counting.least ? 1 : ratio
}
