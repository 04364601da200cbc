import { cholesky } from '../../numeric/cholesky.ts'
import { levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import { median } from '../../numeric/quantile.ts'
import type { NormPrior } from './prior.ts'
import { type NormData, NormProblem, normSize } from './problem.ts'

/** The noise is Student's t with so many degrees of freedom: a run far off counts for little. */
export const noiseDf = 4

/** Student's weight of a residual, 1 for a usual one. */
export const studentWeight = (squared: number): number => (noiseDf + 1) / (noiseDf + squared)
/** Minus twice the logarithm of Student's density at a squared residual, up to a constant. */
export const studentCost = (squared: number): number => (noiseDf + 1) * Math.log(1 + squared / noiseDf)

export const descent = { maxIterations: 100, tolerance: 1e-8 } as const

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

/** Where the first descents begin: E over the lowest loss, alpha and beta. Each term is a fifth of the lowest loss there. */
const starts = [0.6, 0.8].flatMap((e) =>
  [
    [0.3, 0.3],
    [0.5, 0.4],
    [0.25, 0.4],
  ].map(([alpha, beta]) => ({ e, alpha, beta })),
)
/** Scale of the first descents, relative to the loss: nobody is believed yet, so that no run with a wrong loss bends the law. */
const firstScale = 0.1
const firstPasses = 3
const passes = 5
/** The scale never falls below this share of the loss: losses are not known better. */
const leastScale = 1e-5

/**
 * The law at q by Student's t over all runs alike (iteratively reweighted least squares), from several starts or from another
 * fit. It tells how probable q is by all that was measured, and where the valley lies before any weight leans on it.
 */
export function fitPlain(data: NormData, q: number, prior: NormPrior, from?: PlainFit): PlainFit {
  const problem = new NormProblem(data, q, prior)
  const n = data.loss.length
  const believe = (scale: number) => {
    for (let i = 0; i < n; i++)
      problem.precision[i] = Math.sqrt(studentWeight((problem.residual[i] / scale) ** 2)) / scale
  }
  const descend = (theta: Float64Array) => levenbergMarquardt(problem, theta, descent).theta
  let theta = from?.theta ?? firstDescent(data, problem, believe, descend)
  problem.cost(theta)
  let spread = spreadOf(problem)
  let scale = from?.scale ?? spread + leastScale * data.lowest
  for (let pass = 0; pass < passes; pass++) {
    believe(scale)
    theta = descend(theta)
    problem.cost(theta)
    spread = spreadOf(problem)
    const squares = problem.residual.reduce((sum, r) => sum + studentWeight((r / scale) ** 2) * r * r, 0)
    scale =
      pass === 0 && !from
        ? spread + leastScale * data.lowest
        : Math.hypot(Math.sqrt(squares / n), leastScale * data.lowest)
  }
  return { theta, scale, spread, residual: Float64Array.from(problem.residual), evidence: evidenceOf(problem, scale) }
}

function firstDescent(
  { lowest }: NormData,
  problem: NormProblem,
  believe: (scale: number) => void,
  descend: (theta: Float64Array) => Float64Array,
): Float64Array {
  const scale = firstScale * lowest
  const ends = starts.map(({ e, alpha, beta }) => {
    const term = Math.log(0.2 * lowest)
    let theta = Float64Array.of(Math.log(e / (1 - e)), term, term, Math.log(alpha), Math.log(beta))
    for (let pass = 0; pass < firstPasses; pass++) {
      problem.cost(theta)
      believe(scale)
      theta = Float64Array.from(descend(theta))
    }
    problem.cost(theta)
    const cost = problem.residual.reduce((sum, r) => sum + studentCost((r / scale) ** 2), problem.priorCost)
    return { theta, cost }
  })
  return ends.reduce((best, end) => (end.cost < best.cost ? end : best)).theta
}

/** The standard deviation that the median deviation implies, with five coefficients fitted. */
function spreadOf({ residual }: NormProblem): number {
  const n = residual.length
  return 1.4826 * median(residual.map(Math.abs)) * Math.sqrt(n / Math.max(1, n - normSize))
}

/** Laplace's approximation at the coefficients evaluated last. */
function evidenceOf(problem: NormProblem, scale: number): number {
  const cost = problem.residual.reduce((sum, r) => sum + studentCost((r / scale) ** 2), problem.priorCost)
  const L = cholesky(problem.slope().normal, normSize)
  if (L === null) return Number.NEGATIVE_INFINITY
  const width = Array.from({ length: normSize }, (_, k) => Math.log(L[k * normSize + k])).reduce(
    (sum, log) => sum + log,
  )
  return -problem.residual.length * Math.log(scale) - 0.5 * cost - width
}

/**
 * The fit of every q. Each is also tried from its neighbours' end, which finds the lower of two minima where the runs have a bend.
 */
export function fitPlains(data: NormData, qs: readonly number[], prior: NormPrior): PlainFit[] {
  const fits = qs.map((q) => fitPlain(data, q, prior))
  const retry = (k: number, neighbour: number) => {
    const other = fitPlain(data, qs[k], prior, fits[neighbour])
    if (other.evidence > fits[k].evidence) fits[k] = other
  }
  for (let k = 1; k < qs.length; k++) retry(k, k - 1)
  for (let k = qs.length - 2; k >= 0; k--) retry(k, k + 1)
  return fits
}
