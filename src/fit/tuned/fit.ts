import type { Runs } from '../../core/run.ts'
import { type TunedPoint, tunedLoss, tunedSize } from '../../law/tuned.ts'
import { invertPositive } from '../../numeric/cholesky.ts'
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
const rough = { tolerance: 1e-4, decrease: 1e-4, maxIterations: 40 } as const
const fine = { tolerance: 1e-6, decrease: 1e-6, maxIterations: 100 } as const
/** Degrees of freedom of Student's t: an outlier counts for little. */
const noiseDf = 4
/** Runs of a table err together: they count as if one in five were independent, as for the law of N and D alone. */
const independentShare = 0.2
/** Steps until the scatter of the evidence stands. */
const scatterSteps = 20
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
  const evidences = fits.map((fit) => evidenceOf(fit, common, data.lowest))
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
  const { residual } = problem
  const believed = () =>
    weights.map((weight, i) => {
      const t = (weight * residual[i] ** 2) / scatter ** 2
      return (independentShare * weight * studentWeight(t)) / scatter ** 2
    })
  let weights = firstWeights(data)
  let scatter = 2 * expectedScatter.share * data.lowest
  let z = new Float64Array(problem.size)
  let converged = true
  for (let pass = 0; pass < passes; pass++) {
    if (pass > 0) weights = weightsUnder(problem.theta(z), data, near)
    problem.precision.set(believed())
    const minimum = levenbergMarquardt(problem, z, pass < passes - 1 ? rough : fine)
    z = Float64Array.from(minimum.theta)
    converged = minimum.converged
    problem.cost(z)
    scatter = scatterOf(residual, weights, scatter, data.lowest)
  }
  problem.precision.set(believed())
  return { problem, q, z, weights, scatter, converged }
}

const studentWeight = (squared: number): number => (noiseDf + 1) / (noiseDf + squared)

/** Scatter of a run of full weight, where one of weight w scatters by 1 / w more in variance: a step from the last one (E85). */
function scatterOf(residual: Float64Array, weights: Float64Array, last: number, lowest: number): number {
  let squares = expectedScatter.runs * (expectedScatter.share * lowest) ** 2
  for (let i = 0; i < weights.length; i++) {
    const square = weights[i] * residual[i] ** 2
    squares += square * studentWeight(square / last ** 2)
  }
  return Math.sqrt(squares / (weights.length + expectedScatter.runs))
}

/**
 * Log evidence up to a constant that all q share (E87): the likelihood at the most probable coefficients, each run counting as its
 * weight says and all together as so many independent ones, and the prior. As every q has the same coefficients, what they cost
 * cancels to leading order (Schwarz 1978).
 */
function evidenceOf({ problem, z, scatter }: Fit, weights: Float64Array, lowest: number): number {
  const { residual } = problem
  problem.cost(z)
  const count = independentShare * weights.length
  const each = count / weights.reduce((sum, weight) => sum + weight, 0)
  const expected = expectedScatter.runs * (expectedScatter.share * lowest) ** 2
  let variance = scatter ** 2
  for (let step = 0; step < scatterSteps; step++) {
    let squares = expected
    for (let i = 0; i < weights.length; i++)
      squares += each * weights[i] * residual[i] ** 2 * studentWeight(residual[i] ** 2 / variance)
    variance = squares / (count + expectedScatter.runs)
  }
  let value = 0
  for (let i = 0; i < weights.length; i++) {
    const t = residual[i] ** 2 / variance
    value -= 0.5 * each * weights[i] * ((noiseDf + 1) * Math.log1p(t / noiseDf) + Math.log(variance))
  }
  return z.reduce((sum, coordinate) => sum - 0.5 * coordinate * coordinate, value)
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
