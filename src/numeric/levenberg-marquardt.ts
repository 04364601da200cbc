import { solveCholesky } from './cholesky.ts'

/** A least-squares problem as its sum of squares and the parts of a Gauss-Newton step, so that no Jacobian is ever stored. */
export interface LeastSquares {
  /** The sum of squared residuals at theta; not finite where theta is not allowed. */
  cost(theta: Float64Array): number
  /** Half the gradient of the cost, J'r, and the Gauss-Newton matrix J'J, `[p, p]` row-major. Called after `cost` at the same theta. */
  slope(theta: Float64Array): { gradient: Float64Array; normal: Float64Array }
}

export interface Minimum {
  readonly theta: Float64Array
  readonly cost: number
  readonly iterations: number
  readonly converged: boolean
}

/**
 * Minimizes a sum of squares by Levenberg's and Marquardt's damped Gauss-Newton steps, the damping scaled by the diagonal of
 * J'J (Marquardt 1963) and adapted by the gain ratio (Nielsen 1999). Stops when a step moves theta by less than `tolerance`
 * relatively (default 1e-11), when two steps in a row lower the cost by less than `decrease` relatively (default 0: never), or
 * when no step improves the cost any more.
 */
export function levenbergMarquardt(
  problem: LeastSquares,
  start: ArrayLike<number>,
  { tolerance = 1e-11, decrease = 0, maxIterations = 200 } = {},
): Minimum {
  let theta = Float64Array.from(start)
  let cost = problem.cost(theta)
  let { gradient, normal } = problem.slope(theta)
  const p = theta.length
  let scale = dampingScale(normal, p)
  let damping = 1e-3
  let growth = 2
  let idle = 0
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const step = dampedStep(normal, scale, gradient, damping)
    if (step === null) {
      damping = Math.max(damping, 1e-8) * 10
      if (damping > 1e16) return { theta, cost, iterations: iteration, converged: false }
      continue
    }
    const trial = theta.map((value, k) => value - step[k])
    const small = step.every((value, k) => Math.abs(value) <= tolerance * (Math.abs(theta[k]) + tolerance))
    const trialCost = problem.cost(trial)
    // The decrease that the damped quadratic model promises.
    let promised = 0
    for (let k = 0; k < p; k++) promised += step[k] * (damping * scale[k] * step[k] + gradient[k])
    const ratio = (cost - trialCost) / promised
    if (trialCost <= cost) {
      idle = cost - trialCost < decrease * cost ? idle + 1 : 0
      theta = trial
      cost = trialCost
      if (small || cost === 0 || idle === 2) return { theta, cost, iterations: iteration, converged: true }
      ;({ gradient, normal } = problem.slope(theta))
      scale = dampingScale(normal, p)
      damping *= Math.max(1 / 5, 1 - (2 * ratio - 1) ** 3)
      if (damping < 1e-14) damping = 1e-14
      growth = 2
    } else {
      if (small) return { theta, cost, iterations: iteration, converged: true }
      damping *= growth
      growth *= 2
      if (damping > 1e16) return { theta, cost, iterations: iteration, converged: true }
    }
  }
  return { theta, cost, iterations: maxIterations, converged: false }
}

function dampedStep(normal: Float64Array, scale: Float64Array, gradient: Float64Array, damping: number) {
  const p = gradient.length
  const damped = Float64Array.from(normal)
  for (let k = 0; k < p; k++) damped[k * p + k] += damping * scale[k]
  return solveCholesky(damped, gradient)
}

/** The diagonal of J'J; entries far below the largest are lifted, lest a direction that the data barely see runs away. */
function dampingScale(normal: Float64Array, p: number): Float64Array {
  const diagonal = Float64Array.from({ length: p }, (_, k) => normal[k * p + k])
  const least = 1e-3 * Math.max(...diagonal) || 1
  return diagonal.map((value) => Math.max(value, least))
}
