import { cholesky } from '../../numeric/cholesky.ts'
import { type LeastSquares, levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import { median } from '../../numeric/quantile.ts'

/** The noise is Student's t with so many degrees of freedom: a run far off counts for little. */
export const noiseDf = 4

/** Student's weight of a residual, 1 for a usual one. */
export const studentWeight = (squared: number): number => (noiseDf + 1) / (noiseDf + squared)
/** Minus twice the logarithm of Student's density at a squared residual, up to a constant. */
export const studentCost = (squared: number): number => (noiseDf + 1) * Math.log(1 + squared / noiseDf)

export const descent = { maxIterations: 100, tolerance: 1e-8 } as const

/** Runs and a prior as least squares whose residuals can be believed more or less. */
export interface RobustProblem extends LeastSquares {
  /** Number of coefficients. */
  readonly size: number
  /** 1 / nats: the root of each run's weight over its standard deviation; to be set; `[n]`. */
  readonly precision: Float64Array
  /** Modelled minus measured loss at the coefficients evaluated last, nats; `[n]`. */
  readonly residual: Float64Array
  /** Sum of the squared distances from the prior there. */
  readonly priorCost: number
  /** Of the coefficients evaluated last. */
  slope(): ReturnType<LeastSquares['slope']>
}

/** A law fitted to all runs alike. */
export interface PlainFit {
  readonly theta: Float64Array
  /** Scale of the Student t about the law, nats. */
  readonly scale: number
  /** Standard deviation of the runs about the law as their median deviation tells it, nats. */
  readonly spread: number
  /** Modelled minus measured loss, nats; `[n]`. */
  readonly residual: Float64Array
  /** ln of the evidence for this q, up to a constant. */
  readonly evidence: number
}

/** Scale of the first descents, relative to the loss: nobody is believed yet, so that no run with a wrong loss bends the law. */
const firstScale = 0.1
const firstPasses = 3
const passes = 5
/** The scale never falls below this share of the loss: losses are not known better. */
const leastScale = 1e-5

/** Where a fit to all runs alike begins: at several places, or at the end of another. */
export type Beginning = { readonly starts: readonly Float64Array[] } | { readonly from: PlainFit }

/** A problem solved by Student's t over all runs alike, by iteratively reweighted least squares. */
export function fitAlike(problem: RobustProblem, lowest: number, beginning: Beginning): PlainFit {
  const n = problem.residual.length
  const least = leastScale * lowest
  const from = 'from' in beginning ? beginning.from : null
  let theta = 'from' in beginning ? beginning.from.theta : firstDescent(problem, lowest, beginning.starts)
  problem.cost(theta)
  let spread = spreadOf(problem)
  let scale = from?.scale ?? spread + least
  for (let pass = 0; pass < passes; pass++) {
    believe(problem, scale)
    theta = levenbergMarquardt(problem, theta, descent).theta
    problem.cost(theta)
    spread = spreadOf(problem)
    const squares = problem.residual.reduce((sum, r) => sum + studentWeight((r / scale) ** 2) * r * r, 0)
    scale = pass === 0 && !from ? spread + least : Math.hypot(Math.sqrt(squares / n), least)
  }
  return { theta, scale, spread, residual: Float64Array.from(problem.residual), evidence: evidenceOf(problem, scale) }
}

/** Believes every run by its last residual. */
function believe({ precision, residual }: RobustProblem, scale: number): void {
  for (let i = 0; i < precision.length; i++) precision[i] = Math.sqrt(studentWeight((residual[i] / scale) ** 2)) / scale
}

function firstDescent(problem: RobustProblem, lowest: number, starts: readonly Float64Array[]): Float64Array {
  const scale = firstScale * lowest
  const ends = starts.map((start) => {
    let theta = start
    for (let pass = 0; pass < firstPasses; pass++) {
      problem.cost(theta)
      believe(problem, scale)
      theta = Float64Array.from(levenbergMarquardt(problem, theta, descent).theta)
    }
    problem.cost(theta)
    const cost = problem.residual.reduce((sum, r) => sum + studentCost((r / scale) ** 2), problem.priorCost)
    return { theta, cost }
  })
  return ends.reduce((best, end) => (end.cost < best.cost ? end : best)).theta
}

/** The standard deviation that the median deviation implies, with the coefficients fitted. */
function spreadOf({ residual, size }: RobustProblem): number {
  const n = residual.length
  return 1.4826 * median(residual.map(Math.abs)) * Math.sqrt(n / Math.max(1, n - size))
}

/** Laplace's approximation at the coefficients evaluated last. */
function evidenceOf(problem: RobustProblem, scale: number): number {
  const { size, residual } = problem
  const cost = residual.reduce((sum, r) => sum + studentCost((r / scale) ** 2), problem.priorCost)
  const L = cholesky(problem.slope().normal, size)
  if (L === null) return Number.NEGATIVE_INFINITY
  const width = Array.from({ length: size }, (_, k) => Math.log(L[k * size + k])).reduce((sum, log) => sum + log)
  return -residual.length * Math.log(scale) - 0.5 * cost - width
}

/**
 * A fit for every q. Each is also tried from its neighbours' end, which finds the lower of two minima where the runs have a bend.
 */
export function fitEach(qs: readonly number[], fit: (q: number, from?: PlainFit) => PlainFit): PlainFit[] {
  const fits = qs.map((q) => fit(q))
  const retry = (k: number, neighbour: number) => {
    const other = fit(qs[k], fits[neighbour])
    if (other.evidence > fits[k].evidence) fits[k] = other
  }
  for (let k = 1; k < qs.length; k++) retry(k, k - 1)
  for (let k = qs.length - 2; k >= 0; k--) retry(k, k + 1)
  return fits
}
