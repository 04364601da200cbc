import type { Interval } from '../../core/interval.ts'
import { dot, times } from '../../numeric/matrix.ts'
import { studentQuantile } from '../../numeric/student.ts'
import type { TunedFit, TunedMode } from './fit.ts'

/** A quantity and the interval that it lies in. */
export interface Estimated {
  readonly value: number
  readonly interval: Interval
}

/** Beyond the data the loss drifts from every law by this share for each factor e of compute (E88). */
export const driftPerFold = 0.004
/** Step of the central differences, in units of the prior. */
const step = 1e-4

export interface Uncertainty {
  readonly confidence: number
  /** The law by other weights: how far it is off is a standard deviation too. */
  readonly rival?: TunedFit | null
  /** A further standard deviation, by the value. */
  readonly drift?: (value: number) => number
}

const meanOf = ({ modes }: TunedFit, quantity: (theta: Float64Array) => number): number =>
  modes.reduce((sum, { theta, weight }) => sum + weight * quantity(theta), 0)

/**
 * A function of the coefficients with its interval: the mean over the modes, the variance within and between them, that within
 * the larger of the two covariances (E88).
 */
export function estimated(
  fit: TunedFit,
  quantity: (theta: Float64Array) => number,
  { confidence, rival = null, drift = () => 0 }: Uncertainty,
): Estimated {
  const value = meanOf(fit, quantity)
  // A mode that nobody believes in has no say, and may be far out.
  const believed = fit.modes.filter(({ weight }) => weight > 1e-9)
  const variance = believed.reduce(
    (sum, mode) => sum + mode.weight * (varianceOf(mode, quantity) + (quantity(mode.theta) - value) ** 2),
    0,
  )
  const other = rival === null ? 0 : meanOf(rival, quantity) - value
  const df = Math.min(1000, Math.max(3, fit.data.groups - 1))
  const reach = studentQuantile((1 + confidence) / 2, df) * Math.hypot(Math.sqrt(variance), other, drift(value))
  return { value, interval: [value - reach, value + reach] }
}

/** The same of a positive quantity, given as its logarithm. */
export function estimatedExp(
  fit: TunedFit,
  logarithm: (theta: Float64Array) => number,
  uncertainty: Uncertainty,
): Estimated {
  const { value, interval } = estimated(fit, logarithm, uncertainty)
  return { value: Math.exp(value), interval: [Math.exp(interval[0]), Math.exp(interval[1])] }
}

function varianceOf({ theta, free, unit, covariances }: TunedMode, quantity: (theta: Float64Array) => number): number {
  const gradient = Float64Array.from(free, (k, j) => {
    const moved = (by: number) => quantity(theta.with(k, theta[k] + by * unit[j]))
    return (moved(step) - moved(-step)) / (2 * step)
  })
  return Math.max(...covariances.map((covariance) => dot(gradient, times(covariance, gradient))))
}
