import { random } from '../core/random.ts'
import { type Runs, withLoss } from '../core/run.ts'
import { type SurfaceLaw, surfaceLoss } from '../law/surface.ts'
import { cholesky, invertPositive, solveCholesky } from '../numeric/cholesky.ts'
import { quantileOfSorted } from '../numeric/quantile.ts'
import type { Estimate } from './estimate.ts'
import { type Budgets, fewestSizes } from './profile.ts'
import { centredLogs, gradientAt, shiftLaw } from './surface.ts'

/** Two ways to ask how else the runs could have come out. */
export const schemes = ['runs', 'budgets'] as const

/**
 * `runs`: runs are drawn with replacement within their budget (Efron 1979, stratified). Right when runs err independently.
 * `budgets`: the surface's residuals of a whole budget are multiplied by one standard normal number (wild cluster bootstrap,
 * Cameron, Gelbach and Miller 2008), after each budget's residuals were replaced by those of the surface fitted without that
 * budget (CR3). Right also when the runs of one budget err together, as under a law of another form.
 */
export type Scheme = (typeof schemes)[number]

export type Interval = readonly [low: number, high: number]

/** One resampled data set: the runs, perhaps with other losses, and how often each counts. */
export interface Sample {
  readonly runs: Runs
  readonly weights?: Float64Array | undefined
}

export interface BootstrapOptions {
  readonly resamples: number
  readonly seed: number
  /** The probability that an interval aims to cover, 0.95 by default. */
  readonly confidence: number
}

/** The estimates of every scheme's resamples; those that failed are null. */
export type Replicates = ReadonlyMap<Scheme, readonly (Estimate | null)[]>

/** Beyond this share of failed resamples a scheme gives no interval. */
const mostFailed = 0.1

/** Makes the data sets of one scheme, numbered: equal numbers give equal samples, so methods can be compared pair by pair. */
export type Sampler = (replicate: number) => Sample

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
  const residual = leaveOutResiduals(runs, budgets, law)
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
 * Residuals of each budget's runs from the surface as it would be without that budget, to first order in its coefficients
 * (CR3 of Cameron and Miller 2015, section VI.B). Null when the rest does not determine the coefficients.
 */
function leaveOutResiduals(runs: Runs, budgets: Budgets, law: SurfaceLaw): Float64Array | null {
  const residual = runs.loss.map((L, i) => L - surfaceLoss(law, runs.parameters[i], runs.tokens[i]))
  const gradient = gradientAt(runs, law)
  const all = scatter(gradient, residual, range(runs.size))
  const adjusted = Float64Array.from(residual)
  for (const { runs: members } of budgets.groups) {
    const own = scatter(gradient, residual, members)
    const shift = solveCholesky(
      all.square.map((value, k) => value - own.square[k]),
      own.product,
    )
    if (shift === null) return null
    for (const i of members) for (let k = 0; k < 5; k++) adjusted[i] += gradient[k][i] * shift[k]
  }
  return adjusted
}

const range = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i)

/** J'J and J'r over some runs, for a gradient given by columns. */
function scatter(gradient: readonly Float64Array[], residual: Float64Array, members: Int32Array) {
  const p = gradient.length
  const square = new Float64Array(p * p)
  const product = new Float64Array(p)
  for (const i of members)
    for (let j = 0; j < p; j++) {
      product[j] += gradient[j][i] * residual[i]
      for (let k = 0; k < p; k++) square[j * p + k] += gradient[j][i] * gradient[k][i]
    }
  return { square, product }
}

/**
 * Both schemes for a surface of very many runs, without refitting: one Gauss-Newton step from the fitted law with resampled
 * scores (Kline and Santos 2012). Within a budget the resampled sum of scores is normal by the central limit theorem.
 */
export function surfaceScores(
  runs: Runs,
  budgets: Budgets,
  law: SurfaceLaw,
  { resamples, seed }: BootstrapOptions,
): Map<Scheme, SurfaceLaw[]> | null {
  const residual = runs.loss.map((L, i) => L - surfaceLoss(law, runs.parameters[i], runs.tokens[i]))
  const gradient = gradientAt(runs, law)
  const inverse = invertPositive(scatter(gradient, residual, range(runs.size)).square, 5)
  const adjusted = leaveOutResiduals(runs, budgets, law)
  if (inverse === null || adjusted === null) return null
  const root = cholesky(scoreCovariance(gradient, residual, budgets), 5) ?? new Float64Array(25) // singular: nothing varies
  const sums = budgets.groups.map(({ runs: members }) => scatter(gradient, adjusted, members).product)

  const centre = centredLogs(runs)
  const lawAfter = (score: Float64Array) => {
    const step = Float64Array.from({ length: 5 }, (_, j) =>
      score.reduce((sum, s, k) => sum + inverse[j * 5 + k] * s, 0),
    )
    return shiftLaw(law, step, centre)
  }
  const drawn = (scheme: Scheme) =>
    Array.from({ length: resamples }, (_, replicate) => {
      const { normal } = random(seed, scheme === 'runs' ? 1 : 2, replicate)
      const score = new Float64Array(5)
      if (scheme === 'runs') {
        const z = Float64Array.from({ length: 5 }, normal)
        for (let j = 0; j < 5; j++) for (let k = 0; k <= j; k++) score[j] += root[j * 5 + k] * z[k]
      } else
        for (const sum of sums) {
          const v = normal()
          for (let k = 0; k < 5; k++) score[k] += v * sum[k]
        }
      return lawAfter(score)
    })
  return new Map(schemes.map((scheme) => [scheme, drawn(scheme)]))
}

/** The covariance of the sum of scores when runs are drawn with replacement within their budgets. */
function scoreCovariance(gradient: readonly Float64Array[], residual: Float64Array, budgets: Budgets): Float64Array {
  const scores = gradient.map((column) => column.map((value, i) => value * residual[i]))
  const covariance = scatter(scores, residual, range(residual.length)).square
  for (const { runs: members } of budgets.groups) {
    const sum = scatter(gradient, residual, members).product
    for (let j = 0; j < 5; j++) for (let k = 0; k < 5; k++) covariance[j * 5 + k] -= (sum[j] * sum[k]) / members.length
  }
  return covariance
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
  const intervals = [...replicates.keys()].map((scheme) => intervalBy(replicates, scheme, quantity, confidence))
  if (intervals.length === 0 || intervals.includes(null)) return null
  const [lows, highs] = [0, 1].map((end) => intervals.map((interval) => interval![end]))
  return [Math.min(...lows), Math.max(...highs)]
}

/** The percentile interval by one scheme alone. */
export function intervalBy(
  replicates: Replicates,
  scheme: Scheme,
  quantity: (estimate: Estimate) => number,
  confidence: number,
): Interval | null {
  const estimates = replicates.get(scheme)
  if (estimates === undefined || estimates.length === 0) return null
  const values = Float64Array.from(
    estimates.flatMap((estimate) => (estimate === null ? [] : [quantity(estimate)])).filter(Number.isFinite),
  ).sort()
  if (values.length < (1 - mostFailed) * estimates.length) return null
  return [quantileOfSorted(values, (1 - confidence) / 2), quantileOfSorted(values, (1 + confidence) / 2)]
}
