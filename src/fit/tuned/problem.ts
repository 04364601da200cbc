import { tunedLoss, tunedSize } from '../../law/tuned.ts'
import type { LeastSquares } from '../../numeric/levenberg-marquardt.ts'
import type { TunedData } from './data.ts'
import { freeCoefficients, priorFor, type TunedPrior } from './prior.ts'

/**
 * The most probable coefficients as least squares: weighted residuals of the runs, and of the coefficients from their prior. The
 * variables z are the free coefficients in units of their prior.
 */
export class TunedProblem implements LeastSquares {
  /** Indices of the free coefficients. */
  readonly free: readonly number[]
  readonly prior: TunedPrior
  /** Number of variables. */
  readonly size: number
  /** The weight of each run's squared residual, 1 / nats^2; to be set. */
  readonly precision: Float64Array
  /** Predicted minus seen, nats, where `cost` was evaluated last. */
  readonly residual: Float64Array
  /** Derivatives of the predictions there, `[n, size]`. */
  readonly jacobian: Float64Array
  readonly #data: TunedData
  readonly #theta: Float64Array
  readonly #z: Float64Array
  readonly #gradient = new Float64Array(tunedSize)

  constructor(data: TunedData, q: number) {
    const n = data.points.length
    const { tokens, parameters } = data.reference
    this.#data = data
    this.free = freeCoefficients(data.features)
    this.prior = priorFor(data.features, { lowest: data.lowest, tokensPerParameter: tokens / parameters }, q)
    this.size = this.free.length
    this.precision = new Float64Array(n)
    this.residual = new Float64Array(n)
    this.jacobian = new Float64Array(n * this.size)
    this.#theta = Float64Array.from(this.prior.mean)
    this.#z = new Float64Array(this.size)
  }

  /** All coefficients at z. */
  theta(z: ArrayLike<number>): Float64Array {
    const { mean, sd } = this.prior
    this.free.forEach((k, j) => {
      this.#theta[k] = mean[k] + z[j] * sd[k]
    })
    return this.#theta
  }

  cost(z: Float64Array): number {
    this.#z.set(z)
    const theta = this.theta(z)
    const { points, runs } = this.#data
    let sum = 0
    for (const value of z) sum += value * value
    for (let i = 0; i < points.length; i++) {
      this.residual[i] = tunedLoss(theta, points[i], this.#gradient) - runs.loss[i]
      for (let j = 0; j < this.size; j++) {
        const k = this.free[j]
        this.jacobian[i * this.size + j] = this.#gradient[k] * this.prior.sd[k]
      }
      sum += this.precision[i] * this.residual[i] ** 2
    }
    return sum
  }

  slope(): { gradient: Float64Array; normal: Float64Array } {
    const { size, jacobian } = this
    const normal = new Float64Array(size * size)
    const gradient = Float64Array.from(this.#z)
    for (let a = 0; a < size; a++) normal[a * size + a] = 1
    for (let i = 0; i < this.residual.length; i++) {
      const row = i * size
      for (let a = 0; a < size; a++) {
        const weighted = this.precision[i] * jacobian[row + a]
        gradient[a] += weighted * this.residual[i]
        for (let b = 0; b <= a; b++) normal[a * size + b] += weighted * jacobian[row + b]
      }
    }
    for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) normal[b * size + a] = normal[a * size + b]
    return { gradient, normal }
  }
}
