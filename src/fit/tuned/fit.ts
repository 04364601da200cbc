import type { Runs } from '../../core/run.ts'
import { type TunedPoint, tunedLoss, tunedSize } from '../../law/tuned.ts'
import { cholesky, invertPositive } from '../../numeric/cholesky.ts'
import { levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import { sandwich } from './covariance.ts'
import { type TunedData, tunedData } from './data.ts'
import { TunedProblem } from './problem.ts'
import { firstWeights, weightsUnder } from './weights.ts'

/** The law fitted with one q. */
export interface TunedMode {
  readonly theta: Float64Array
  readonly q: number
  /** Share of the belief; the modes' sum to 1. */
  readonly weight: number
  /** Scatter of a run of full weight, nats. */
  readonly scatter: number
  /** Indices of the free coefficients, and the widths of their priors, the units of the covariances. */
  readonly free: readonly number[]
  readonly unit: Float64Array
  /** Covariance of the free coefficients if runs err independently, and if those of one size and length err together. */
  readonly covariances: readonly Float64Array[]
  readonly converged: boolean
}

export interface TunedFit {
  readonly data: TunedData
  /** By descending weight. */
  readonly modes: readonly TunedMode[]
}

/** The q that are tried; evidence weighs them. */
export const norms = [0.35, 0.5, 0.7, 1] as const
/** Passes over coefficients, weights and scatter, in turn. */
const passes = 4
/** Degrees of freedom of Student's t: an outlier counts for little. */
const noiseDf = 4
/** The scatter expected, over the lowest loss, counted as three runs. */
const expectedScatter = { share: 0.004, runs: 3 } as const

/**
 * Fits the law of size, tokens, learning rate, batch and repeated data to runs by maximum a posteriori, with as many of its terms
 * as the runs have settings that vary (docs/math.md, "Laws of more than N and D"). No random numbers: equal runs give equal fits.
 * With `near`, runs that are far from the best of their size and tokens hardly count. 2,700 runs take 0.5 s.
 * @example fitTuned(runs).modes[0].theta
 */
export function fitTuned(runs: Runs, { near = false } = {}): TunedFit {
  const data = tunedData(runs)
  const fits = norms.map((q) => fitMode(data, q, near))
  // The evidences are comparable only under common weights.
  const common = data.compute.map((_, i) => fits.reduce((sum, { weights }) => sum + weights[i], 0) / fits.length)
  const evidences = fits.map((fit) => evidenceOf(fit, common))
  const most = Math.max(...evidences)
  const total = evidences.reduce((sum, evidence) => sum + Math.exp(evidence - most), 0)
  const modes = fits.map((fit, k) => modeOf(fit, data, Math.exp(evidences[k] - most) / total))
  return { data, modes: modes.sort((a, b) => b.weight - a.weight) }
}

/** The law's loss at a point, nats: the mean of the modes by their weights. */
export function tunedPrediction({ modes }: Pick<TunedFit, 'modes'>, point: TunedPoint): number {
  return modes.reduce((sum, { theta, weight }) => sum + weight * tunedLoss(theta, point, scratch), 0)
}
const scratch = new Float64Array(tunedSize)

/** A fit on its way: where the problem was left, and with which weights. */
interface Fit {
  readonly problem: TunedProblem
  readonly q: number
  readonly z: Float64Array
  readonly weights: Float64Array
  readonly scatter: number
  readonly converged: boolean
}

function fitMode(data: TunedData, q: number, near: boolean): Fit {
  const problem = new TunedProblem(data, q)
  const expected = expectedScatter.share * data.lowest
  const robust = new Float64Array(data.points.length).fill(1)
  let weights = firstWeights(data)
  let scatter = 2 * expected
  let z = new Float64Array(problem.size)
  let converged = true
  for (let pass = 0; pass < passes; pass++) {
    if (pass > 0) weights = weightsUnder(problem.theta(z), data, near)
    problem.precision.set(weights.map((weight, i) => (weight * robust[i]) / scatter ** 2))
    const minimum = levenbergMarquardt(problem, z, { tolerance: 1e-6, decrease: 1e-6, maxIterations: 100 })
    z = Float64Array.from(minimum.theta)
    converged = minimum.converged
    problem.cost(z)
    let squares = expectedScatter.runs * expected ** 2
    let count: number = expectedScatter.runs
    for (let i = 0; i < weights.length; i++) {
      squares += weights[i] * robust[i] * problem.residual[i] ** 2
      count += weights[i]
    }
    scatter = Math.sqrt(squares / count)
    for (let i = 0; i < weights.length; i++) {
      const t = (weights[i] * problem.residual[i] ** 2) / scatter ** 2
      robust[i] = (noiseDf + 1) / (noiseDf + t)
    }
  }
  problem.precision.set(weights.map((weight, i) => (weight * robust[i]) / scatter ** 2))
  return { problem, q, z, weights, scatter, converged }
}

/** Log evidence by Laplace's approximation, up to a constant that all modes of the same runs share (E87). */
function evidenceOf({ problem, z, scatter }: Fit, weights: Float64Array): number {
  problem.cost(z)
  const L = cholesky(problem.slope().normal, problem.size)
  if (L === null) return Number.NEGATIVE_INFINITY
  let value = 0
  for (let k = 0; k < problem.size; k++) value -= 0.5 * z[k] ** 2 + Math.log(L[k * problem.size + k])
  for (let i = 0; i < weights.length; i++) {
    const t = problem.residual[i] / scatter
    value -= weights[i] * (0.5 * (noiseDf + 1) * Math.log1p((t * t) / noiseDf) + Math.log(scatter))
  }
  return value
}

function modeOf({ problem, q, z, scatter, converged }: Fit, data: TunedData, weight: number): TunedMode {
  problem.cost(z)
  const independent = invertPositive(problem.slope().normal, problem.size)
  if (independent === null) throw new Error('the posterior of the tuned law has no covariance')
  const { free, prior } = problem
  return {
    theta: Float64Array.from(problem.theta(z)),
    q,
    weight,
    scatter,
    free,
    unit: Float64Array.from(free, (k) => prior.sd[k]),
    covariances: [independent, sandwich(problem, independent, data.runs)],
    converged,
  }
}
