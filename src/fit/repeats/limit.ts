import type { Interval } from '../../core/interval.ts'
import { lnBoundless, type RepeatsName, repeatsCoefficients } from '../../law/repeats.ts'
import { levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import { quantileOfSorted } from '../../numeric/quantile.ts'
import { fQuantile1 } from '../../numeric/student.ts'
import { descent } from '../norm/alike.ts'
import type { RepeatsDraw } from './draws.ts'
import type { RepeatsFit } from './fit.ts'
import { RepeatsProblem } from './problem.ts'

/** What the runs tell of a number that has no largest value: both ends, one of them, or none. */
export type Limit =
  | { readonly kind: 'between'; readonly value: number; readonly interval: Interval }
  | { readonly kind: 'at-least'; readonly least: number }
  | { readonly kind: 'at-most'; readonly most: number }
  | { readonly kind: 'open' }

/** The same of an increasing function of the number. */
export function mapLimit(limit: Limit, f: (x: number) => number): Limit {
  if (limit.kind === 'between')
    return { ...limit, value: f(limit.value), interval: [f(limit.interval[0]), f(limit.interval[1])] }
  if (limit.kind === 'at-least') return { ...limit, least: f(limit.least) }
  return limit.kind === 'at-most' ? { ...limit, most: f(limit.most) } : limit
}

/** ln of an R* at which repeats are worth nothing. */
const lnWorthless = Math.log(1e-3)
/** Degrees of freedom from which Student and the normal distribution are one. */
const normalDf = 1000
/** A runs' R this many times below R* shows hardly any decay: whatever the digits say, no limit was seen. */
const unseen = 10

/**
 * One R*: the interval of the draws, open at the end where the runs allow repeats to be as good as fresh tokens, or worth nothing;
 * the prior, which always says something, is not asked (docs/math.md E118). `reached` is the largest R of the runs.
 */
export function limitOf(
  fit: RepeatsFit,
  draws: readonly RepeatsDraw[],
  name: 'tokens' | 'size',
  reached: number,
  confidence: number,
): Limit {
  const [low, high] = intervalOf(
    draws.map(({ law }) => law[name]),
    confidence,
  )
  const most = fQuantile1(confidence, normalDf)
  const noDecay = low > unseen * reached || costOfHolding(fit, name, lnBoundless) < most
  const noWorth = costOfHolding(fit, name, lnWorthless) < most
  if (noDecay && noWorth) return { kind: 'open' }
  if (noDecay) return { kind: 'at-least', least: low }
  if (noWorth) return { kind: 'at-most', most: high }
  return { kind: 'between', value: fit.law[name], interval: [low, high] }
}

/** The interval that holds the middle of some draws. */
export function intervalOf(values: readonly number[], confidence: number): Interval {
  const sorted = Float64Array.from(values).sort()
  return [quantileOfSorted(sorted, (1 - confidence) / 2), quantileOfSorted(sorted, (1 + confidence) / 2)]
}

/** By how much the squared residuals, in variances, and distances from the prior of the others grow if ln R* is held elsewhere. */
function costOfHolding({ lead, data, prior }: RepeatsFit, name: RepeatsName, value: number): number {
  const problem = new RepeatsProblem(data, lead.q, prior, name)
  problem.precision.set(lead.precision)
  const free = problem.cost(Float64Array.from(lead.theta))
  const k = repeatsCoefficients.indexOf(name)
  return levenbergMarquardt(problem, lead.theta.with(k, value), descent).cost - free
}
