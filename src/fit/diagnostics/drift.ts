import { type Diagnostic, short, warning } from '../../core/diagnostic.ts'
import { unitsOf } from '../../core/run.ts'
import type { Backtest } from '../result.ts'
import type { Subject } from './subject.ts'

/** How the leading method missed the budgets that its backtest withheld. */
export interface BacktestDrift {
  /** Predicted minus seen loss, nats for each factor e of compute beyond the runs that were left. */
  readonly rate: number
  /** The mean of those differences in their own standard deviations: more than the fit's uncertainty explains? */
  readonly z: number
  /** Withheld budgets that it was taken from. */
  readonly budgets: number
}

/** Losses are not compared better than to this, nats. */
const leastSd = 1e-3

/**
 * Weighted least squares through the origin of predicted minus seen loss against ln(C / largest budget left), over every withheld
 * budget. Null without a backtest of at least two budgets by a method that knows how sure it was.
 */
export function backtestDrift(backtests: readonly Backtest[], method: string): BacktestDrift | null {
  const points = backtests
    .filter((backtest) => backtest.method === method)
    .flatMap(({ budgets, reached }) =>
      budgets.flatMap(({ flops, lossDifference, lossSd }) =>
        lossDifference === null || lossSd === null
          ? []
          : [{ distance: Math.log(flops / reached), difference: lossDifference, sd: Math.hypot(lossSd, leastSd) }],
      ),
    )
  if (points.length < 2) return null
  const sum = (f: (point: (typeof points)[number]) => number) => points.reduce((total, point) => total + f(point), 0)
  return {
    rate:
      sum(({ distance, difference, sd }) => (distance * difference) / sd ** 2) /
      sum(({ distance, sd }) => distance ** 2 / sd ** 2),
    z: sum(({ difference, sd }) => difference / sd) / points.length,
    budgets: points.length,
  }
}

/** A drift is told where the withheld budgets were missed by this many standard deviations on average. */
const noticeableZ = 1.5
/**
 * So much of the rate at small budgets goes on beyond the largest. Over the held-out splits of public tables (docs/log.md) the
 * sign of a drift that is told was right in seven of eight, and the miss a seventh to two fifths of what the rate would give.
 */
const goingOn = 0.25

/** A backtest that drifts: to which side, by how much, and what to expect of that at the target. */
export function ofDrift({ runs, headline, backtests, methods, targets }: Subject): Diagnostic[] {
  const { method, determined } = headline
  const drift = method && determined ? backtestDrift(backtests, method) : null
  if (drift === null || Math.abs(drift.z) < noticeableZ) return []
  const largest = runs.flops.reduce((high, C) => Math.max(high, C))
  const target = Math.max(largest, ...targets)
  const there = methods.find((result) => result.method === method)?.predictions.find(({ flops }) => flops === target)
  const expected = goingOn * drift.rate * Math.log(target / largest)
  const side = drift.rate > 0 ? 'too high' : 'too low'
  const atTarget = there?.loss
    ? ` At ${short(target)} FLOPs expect the prediction to be ${side} by about ${short(Math.abs(expected))} ${unitsOf(runs).difference}: nearer to ${(there.loss - expected).toFixed(3)} than to ${there.loss.toFixed(3)}.`
    : ''
  return [
    warning(
      'backtest-drifts',
      `Fitted without its largest budgets, ${method} was ${side} there, by ${short(Math.abs(drift.rate) * Math.LN10)} ${unitsOf(runs).difference} for each factor 10 of ` +
        `compute, ${Math.abs(drift.z).toFixed(1)} times what its interval allows for.${atTarget}`,
      { ...drift, target, expected },
      'Only a run at a larger budget tells whether this goes on; on public tables about a quarter of it does.',
    ),
  ]
}
