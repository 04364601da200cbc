import type { Interval } from '../core/interval.ts'
import { random } from '../core/random.ts'
import { type Runs, withLoss } from '../core/run.ts'
import { type SurfaceLaw, surfaceLoss } from '../law/surface.ts'
import { quantileOfSorted } from '../numeric/quantile.ts'
import type { Estimate } from './estimate.ts'
import { leaveOutResiduals, linearize } from './linearize.ts'
import { type Budgets, fewestSizes } from './profile.ts'

/** Two ways to ask how else the runs could have come out. */
export const schemes = ['runs', 'budgets'] as const

/**
 * `runs`: runs are drawn with replacement within their budget (Efron 1979, stratified). Right when runs err independently.
 * `budgets`: the surface's residuals of a whole budget are multiplied by one standard normal number (wild cluster bootstrap,
 * Cameron, Gelbach and Miller 2008), after each budget's residuals were replaced by those of the surface fitted without that
 * budget (CR3). Right also when the runs of one budget err together, as under a law of another form.
 */
export type Scheme = (typeof schemes)[number]

/** Where replicates come from: a bootstrap, or, of method `norm`, draws from its posterior. */
export type ReplicateSource = Scheme | 'posterior'

/** One resampled data set: the runs, perhaps with other losses, and how often each counts. */
export interface Resample {
  readonly runs: Runs
  readonly weights?: Float64Array | undefined
}

export interface BootstrapOptions {
  readonly resamples: number
  readonly seed: number
  /** The probability that an interval aims to cover, 0.95 by default. */
  readonly confidence: number
}

/** How intervals come about: by refitting resamples, or, for very many runs, by resampling scores. */
export interface Resampling extends BootstrapOptions {
  readonly kind: 'refit' | 'score'
}

/** The estimates of every source's replicates; those that failed are null. */
export type Replicates = ReadonlyMap<ReplicateSource, readonly (Estimate | null)[]>

/** Beyond this share of failed resamples a scheme gives no interval. */
const mostFailed = 0.1

/** Makes the data sets of one scheme, numbered: equal numbers give equal samples, so methods can be compared pair by pair. */
export type Sampler = (replicate: number) => Resample

/** The sampler of scheme `runs`. Budgets of fewer than three sizes are drawn from together. */
export function runSampler(runs: Runs, budgets: Budgets, seed: number): Sampler {
  const large = budgets.groups.filter(({ sizes }) => sizes >= fewestSizes).map((group) => group.runs)
  const small = budgets.groups.filter(({ sizes }) => sizes < fewestSizes).flatMap((group) => [...group.runs])
  const strata = small.length > 0 ? [...large, Int32Array.from(small)] : large
  return (replicate) => {
    const { integer } = random(seed, 1, replicate)
    const weights = new Float64Array(runs.size)
    for (const stratum of strata) for (const _ of stratum) weights[stratum[integer(stratum.length)]]++
    return { runs, weights }
  }
}

/** The sampler of scheme `budgets`, around a fitted surface; null when there are too few budgets to leave one out. */
export function budgetSampler(runs: Runs, budgets: Budgets, law: SurfaceLaw, seed: number): Sampler | null {
  const residual = leaveOutResiduals(linearize(runs, budgets, law), budgets)
  if (residual === null) return null
  const fitted = runs.loss.map((_, i) => surfaceLoss(law, runs.parameters[i], runs.tokens[i]))
  return (replicate) => {
    const { normal } = random(seed, 2, replicate)
    const multiplier = budgets.groups.map(() => normal())
    // A loss must stay positive for the methods that take its logarithm.
    const loss = fitted.map((value, i) => Math.max(value + multiplier[budgets.groupOf[i]] * residual[i], 0.1 * value))
    return { runs: withLoss(runs, loss) }
  }
}

/**
 * The interval of a quantity: percentiles of each scheme's replicates, and of the two schemes the lower low and the higher
 * high. Which scheme is right depends on whether a budget's runs err together, which a handful of budgets cannot tell; the
 * coverage measured in docs/log.md is that of this union. Null when a scheme failed too often, or the quantity is not given.
 */
export function intervalOf(
  replicates: Replicates,
  quantity: (estimate: Estimate) => number,
  confidence: number,
): Interval | null {
  const intervals = [...replicates.keys()].map((source) => intervalBy(replicates, source, quantity, confidence))
  if (intervals.length === 0 || intervals.includes(null)) return null
  const [lows, highs] = [0, 1].map((end) => intervals.map((interval) => interval![end]))
  return [Math.min(...lows), Math.max(...highs)]
}

/** The percentile interval by one source alone. */
export function intervalBy(
  replicates: Replicates,
  source: ReplicateSource,
  quantity: (estimate: Estimate) => number,
  confidence: number,
): Interval | null {
  const estimates = replicates.get(source)
  if (estimates === undefined || estimates.length === 0) return null
  const values = Float64Array.from(
    estimates.flatMap((estimate) => (estimate === null ? [] : [quantity(estimate)])).filter(Number.isFinite),
  ).sort()
  if (values.length < (1 - mostFailed) * estimates.length) return null
  return [quantileOfSorted(values, (1 - confidence) / 2), quantileOfSorted(values, (1 + confidence) / 2)]
}

/** Why there is no interval although replicates were made: the sources that failed too often, in words; null where there is one. */
export function reasonWithoutInterval(replicates: Replicates): string | null {
  const failing = [...replicates].flatMap(([source, estimates]) => {
    const failed = estimates.filter((estimate) => estimate === null).length
    return failed > mostFailed * estimates.length
      ? [`${failed} of ${estimates.length} refits by ${source} found no law`]
      : []
  })
  return failing.length > 0 ? failing.join(', ') : null
}
