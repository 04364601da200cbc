import type { LeastSquares } from './levenberg-marquardt.ts'

/** One measured value of a prediction, with the standard deviation expected of their difference. */
export interface Observation {
  /** Index into the predictions. */
  readonly of: number
  readonly value: number
  readonly sd: number
  /** Whether large differences count linearly (soft L1) rather than squared. */
  readonly soft: boolean
}

/** Writes every prediction at theta. */
export type Predict = (theta: Float64Array, predictions: Float64Array) => void

/**
 * Weighted nonlinear least squares for `levenbergMarquardt`: the sum over the observations of rho(z^2), z the difference over its
 * standard deviation, rho(z^2) = 2 (sqrt(1 + z^2) - 1) for soft ones (SciPy's `soft_l1`) and z^2 for the others. The Jacobian is
 * taken by central differences of `step` times max(|theta_k|, 0.1); soft observations enter with the weight rho'
 * (Holland and Welsch 1977).
 */
export function robustLeastSquares(
  predict: Predict,
  size: number,
  observations: readonly Observation[],
  step = 1e-5,
): LeastSquares {
  const predictions = new Float64Array(size)
  const slopes = { weight: new Float64Array(size), pull: new Float64Array(size) }

  const cost = (theta: Float64Array): number => {
    predict(theta, predictions)
    let sum = 0
    for (const { of, value, sd, soft } of observations) {
      const z = (predictions[of] - value) / sd
      sum += soft ? 2 * (Math.sqrt(1 + z * z) - 1) : z * z
    }
    return sum
  }

  /** Of each prediction, the weights and the weighted differences of all its observations. */
  const gather = () => {
    slopes.weight.fill(0)
    slopes.pull.fill(0)
    for (const { of, value, sd, soft } of observations) {
      const z = (predictions[of] - value) / sd
      const weight = (soft ? 1 / Math.sqrt(1 + z * z) : 1) / (sd * sd)
      slopes.weight[of] += weight
      slopes.pull[of] += weight * (predictions[of] - value)
    }
  }

  const slope = (theta: Float64Array) => {
    predict(theta, predictions)
    gather()
    return assemble(jacobian(predict, theta, size, step), slopes)
  }

  return { cost, slope }
}

/** d predictions / d theta by central differences, one array for each coefficient. */
function jacobian(predict: Predict, theta: Float64Array, size: number, step: number): Float64Array[] {
  const below = new Float64Array(size)
  return Array.from(theta, (value, k) => {
    const h = step * Math.max(Math.abs(value), 0.1)
    const column = new Float64Array(size)
    predict(theta.with(k, value - h), below)
    predict(theta.with(k, value + h), column)
    for (let i = 0; i < size; i++) column[i] = (column[i] - below[i]) / (2 * h)
    return column
  })
}

/** J'Wr and J'WJ. */
function assemble(columns: Float64Array[], { weight, pull }: { weight: Float64Array; pull: Float64Array }) {
  const p = columns.length
  const gradient = new Float64Array(p)
  const normal = new Float64Array(p * p)
  for (let k = 0; k < p; k++) {
    const weighted = columns[k].map((value, i) => value * weight[i])
    for (let i = 0; i < pull.length; i++) gradient[k] += columns[k][i] * pull[i]
    for (let l = 0; l <= k; l++) {
      let sum = 0
      for (let i = 0; i < weighted.length; i++) sum += weighted[i] * columns[l][i]
      normal[k * p + l] = sum
      normal[l * p + k] = sum
    }
  }
  return { gradient, normal }
}
