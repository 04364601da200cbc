import type { Runs } from '../../core/run.ts'
import { times } from '../../numeric/matrix.ts'
import type { TunedProblem } from './problem.ts'

/**
 * The covariance of the coefficients if runs of one size and length err together: H^-1 (sum of s s') H^-1, s the score of such a
 * group (Liang and Zeger 1986), H^-1 the covariance if they err independently (E88). `[size, size]`, row-major.
 */
export function sandwich(problem: TunedProblem, inverse: Float64Array, runs: Runs): Float64Array {
  const { size, precision, residual, jacobian } = problem
  const scores = new Map<string, Float64Array>()
  for (let i = 0; i < runs.size; i++) {
    const key = `${runs.parameters[i]} ${runs.tokens[i]}`
    const score = scores.get(key) ?? new Float64Array(size)
    scores.set(key, score)
    for (let k = 0; k < size; k++) score[k] += precision[i] * residual[i] * jacobian[i * size + k]
  }
  const covariance = new Float64Array(size * size)
  const few = scores.size / Math.max(1, scores.size - 1)
  for (const score of scores.values()) {
    const move = times(inverse, score)
    for (let a = 0; a < size; a++) for (let b = 0; b < size; b++) covariance[a * size + b] += few * move[a] * move[b]
  }
  return covariance
}
