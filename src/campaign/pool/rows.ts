import type { Runs } from '../../core/run.ts'
import type { PoolPrediction } from '../../plan/pool/prediction.ts'
import type { Gain } from '../../plan/pool/purchases.ts'
import { scoresOf } from '../../plan/pool/verdict.ts'
import { type PoolAim, truthOf } from './aim.ts'
import type { PoolTable } from './table.ts'
import type { ViewedPlan, ViewedPoolRun, ViewedPrediction } from './view.ts'

/** A run of a table as plain data. */
export function viewedRun(runs: Omit<Runs, 'loss'>, i: number, place: { source: string; row: number }): ViewedPoolRun {
  const { parameters, tokens, flops, tuning } = runs
  const setting = (column: Float64Array | null | undefined) => {
    const value = column?.[i] ?? Number.NaN
    return value > 0 ? value : null
  }
  const unique = setting(tuning?.unique)
  return {
    ...place,
    parameters: parameters[i],
    tokens: tokens[i],
    flops: flops[i],
    rate: setting(tuning?.rate),
    batch: setting(tuning?.batch),
    unique: unique !== null && unique < tokens[i] ? unique : null,
  }
}

/** A run that is chosen, and why. */
export function viewedPlan(table: PoolTable, index: number, gain: Gain | null): ViewedPlan {
  const share = gain && gain.worth / gain.before
  const reason =
    share === null
      ? 'spreads over the settings of the cheap runs'
      : `lowers the variance at the target by ${Number((100 * share).toPrecision(2))} %, most for its cost`
  const cost = table.pool.cost[index]
  return { ...viewedRun(table.runs, index, table.origin(index)), cost, worth: gain?.worth ?? null, share, reason }
}

/** A prediction of an aim beside what is on record. */
export function viewedPrediction(
  { losses, best, undetermined }: PoolPrediction,
  aim: PoolAim,
  law: Pick<ViewedPrediction, 'runs' | 'features'>,
): ViewedPrediction {
  const truth = truthOf(aim)
  const onRecord = (i: number) => (truth && Number.isFinite(truth[i]) ? truth[i] : null)
  const target =
    aim.kind === 'budget'
      ? []
      : losses.map(({ value, interval }, i) => ({
          ...viewedRun(aim.data.runs, i, aim.data.origin(i)),
          predicted: value,
          interval,
          loss: onRecord(i),
        }))
  return { ...law, target, best, undetermined, scores: truth && scoresOf(losses, truth) }
}

/** Standard deviations of the law's loss at the target, of its variances before and after some runs. */
export const deviations = (before: number, after: number) => ({
  sdBefore: Math.sqrt(before),
  sdAfter: Math.sqrt(Math.max(0, after)),
})
