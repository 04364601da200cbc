import { everyNth, type Runs, selectRuns } from '../../core/run.ts'
import { thinnedForTuned } from '../../fit/tuned/assessment.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import { fitTuned, type TunedFit } from '../../fit/tuned/fit.ts'
import type { PoolTarget, Settings } from './pool.ts'
import { type PoolPrediction, predictedBy } from './prediction.ts'

/** How far predictions are from losses on record, nats. */
export interface Scores {
  /** Runs whose loss is on record. */
  readonly runs: number
  /** Root mean square of what is predicted less what is true, and its mean. */
  readonly rmse: number
  readonly bias: number
  /** Share of the spread of the losses that is explained; null where they do not differ. */
  readonly r2: number | null
  /** Share of the losses that lie in their interval: of single runs, which scatter about the law that the interval is of. */
  readonly covered: number
}

/** Compares predictions with losses of which only the finite ones are on record; null where none is. */
export function scoresOf(predicted: readonly Estimated[], loss: Float64Array): Scores | null {
  const told = [...loss.keys()].filter((i) => Number.isFinite(loss[i]))
  if (told.length === 0) return null
  const mean = (value: (i: number) => number) => told.reduce((sum, i) => sum + value(i), 0) / told.length
  const error = (i: number) => predicted[i].value - loss[i]
  const centre = mean((i) => loss[i])
  const squares = mean((i) => error(i) ** 2)
  const spread = mean((i) => (loss[i] - centre) ** 2)
  const isInside = (i: number, [low, high]: readonly [number, number]) => low <= loss[i] && loss[i] <= high
  return {
    runs: told.length,
    rmse: Math.sqrt(squares),
    bias: mean(error),
    r2: spread > 0 ? 1 - squares / spread : null,
    covered: mean((i) => Number(isInside(i, predicted[i].interval))),
  }
}

/** So many runs tell how well the others are predicted; each takes a millisecond. */
const mostScored = 2000

/** What the runs that were not bought say of those that were. */
export interface Hindsight {
  /** Of the losses that were not bought (of very many a part), as the law of those that were predicts them; null where all were bought. */
  readonly rest: Scores | null
  /** What all runs of the pool would have predicted, and from how many. */
  readonly all: PoolPrediction
  readonly runs: number
}

/** Looks at the losses of a pool that were not bought; NaN and Infinity where there is none. */
export function hindsight(
  pool: Runs,
  bought: readonly number[],
  target: PoolTarget,
  { fit, confidence }: { readonly fit: TunedFit; readonly confidence: number },
): Hindsight {
  const isBought = new Set(bought)
  const finished = [...pool.loss.keys()].filter((i) => Number.isFinite(pool.loss[i]))
  const left = finished.filter((i) => !isBought.has(i))
  const rest = everyNth(selectRuns(pool, left), Math.ceil(left.length / mostScored) || 1)
  const all = fitTuned(thinnedForTuned(selectRuns(pool, finished)).thinned)
  return {
    rest: rest.size > 0 ? scoresOf(expected(fit, rest, confidence), rest.loss) : null,
    all: predictedBy(all, target, confidence),
    runs: finished.length,
  }
}

const expected = (fit: TunedFit, runs: Settings, confidence: number): readonly Estimated[] =>
  predictedBy(fit, runs, confidence).losses
