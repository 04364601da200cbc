import {
  lnBoundless,
  lossAbovePlateau,
  type RepeatsLaw,
  type RepeatsName,
  repeatsCoefficients,
  repeatsSize,
} from '../../law/repeats.ts'
import type { RobustProblem } from '../norm/alike.ts'
import type { NormPrior } from '../norm/prior.ts'
import { lawAt, normSize, type PriorCoordinates, priorCoordinates } from '../norm/problem.ts'
import type { RepeatsData } from './data.ts'
import { repeatsPrior } from './prior.ts'

/** The most probable coefficients of the data-constrained law at one q as least squares, as `norm` has them of its law (E115). */
export class RepeatsProblem implements RobustProblem {
  readonly size = repeatsSize
  readonly precision: Float64Array
  /** What is fitted, nats: the data's losses unless a draw moves them; `[n]`. */
  readonly loss: Float64Array
  /** By how many standard deviations a draw moves the prior's centre; `[7]`. */
  readonly shift = new Float64Array(repeatsSize)
  readonly residual: Float64Array
  priorCost = 0
  readonly #data: RepeatsData
  readonly #q: number
  readonly #held: number
  readonly #coordinates: PriorCoordinates
  /** Derivatives of the modelled losses there, `[n, 7]`. */
  readonly jacobian: Float64Array
  readonly #distance = new Float64Array(repeatsSize)
  /** Derivatives of the distances. */
  readonly #pull = new Float64Array(repeatsSize)

  /** A coefficient that is held stays where a descent begins, and the prior says nothing of it. */
  constructor(data: RepeatsData, q: number, prior: NormPrior, held: RepeatsName | null = null) {
    const n = data.loss.length
    this.#data = data
    this.#q = q
    this.#held = held === null ? -1 : repeatsCoefficients.indexOf(held)
    this.#coordinates = withRepeats(priorCoordinates(prior, data.lowest))
    this.precision = new Float64Array(n).fill(1)
    this.loss = Float64Array.from(data.loss)
    this.residual = new Float64Array(n)
    this.jacobian = new Float64Array(n * repeatsSize)
  }

  /** The law of coefficients. */
  law(theta: ArrayLike<number>): RepeatsLaw {
    return { fresh: lawAt(theta, this.#q, this.#data), tokens: Math.exp(theta[5]), size: Math.exp(theta[6]) }
  }

  cost(theta: Float64Array): number {
    const { centres, scales } = this.#coordinates
    for (let k = 0; k < repeatsSize; k++) {
      const z = (theta[k] - centres[k]) * scales[k]
      const { value, slope } = k < normSize ? { value: z, slope: 1 } : longTailed(z)
      this.#distance[k] = value - this.shift[k]
      this.#pull[k] = scales[k] * slope
    }
    if (this.#held >= 0) [this.#distance[this.#held], this.#pull[this.#held]] = [0, 1]
    this.priorCost = this.#distance.reduce((sum, distance) => sum + distance * distance, 0)
    if (theta[5] > 2 * lnBoundless || theta[6] > 2 * lnBoundless) return Number.POSITIVE_INFINITY
    const { points, lowest } = this.#data
    const e = 1 / (1 + Math.exp(-theta[0]))
    let sum = this.priorCost
    for (let i = 0; i < points.length; i++) {
      const row = this.jacobian.subarray(i * repeatsSize, (i + 1) * repeatsSize)
      const left = lossAbovePlateau(theta, this.#q, points[i], row)
      row[0] = e * (1 - e) * lowest
      if (this.#held >= 0) row[this.#held] = 0
      this.residual[i] = e * lowest + left - this.loss[i]
      sum += (this.precision[i] * this.residual[i]) ** 2
    }
    return sum
  }

  slope(): { gradient: Float64Array; normal: Float64Array } {
    const p = repeatsSize
    const gradient = this.#distance.map((distance, k) => this.#pull[k] * distance)
    const normal = new Float64Array(p * p)
    for (let k = 0; k < p; k++) normal[k * p + k] = this.#pull[k] ** 2
    for (let i = 0; i < this.residual.length; i++) {
      const weight = this.precision[i] ** 2
      if (weight === 0) continue
      for (let j = 0; j < p; j++) {
        const weighted = weight * this.jacobian[i * p + j]
        gradient[j] += weighted * this.residual[i]
        for (let k = 0; k <= j; k++) normal[j * p + k] += weighted * this.jacobian[i * p + k]
      }
    }
    for (let j = 0; j < p; j++) for (let k = 0; k < j; k++) normal[k * p + j] = normal[j * p + k]
    return { gradient, normal }
  }
}

/**
 * A distance whose square is z^2 near 0 and 2 |z| far out: runs whose size never saturates have an R* far beyond anything that is
 * believed beforehand, and a normal prior would hold it back. And its derivative.
 */
function longTailed(z: number): { value: number; slope: number } {
  const root = Math.sqrt(1 + z * z)
  const value = z * Math.sqrt(2 / (1 + root)) // the root of 2 (root - 1) without cancellation
  return { value, slope: z === 0 ? 1 : z / root / value }
}

/** The prior of `norm` with that of the two R*. */
const withRepeats = ({ centres, scales }: PriorCoordinates): PriorCoordinates => {
  const { tokens, size } = repeatsPrior
  return {
    centres: [...centres, Math.log(tokens.mean), Math.log(size.mean)],
    scales: [...scales, 1 / tokens.sd, 1 / size.sd],
  }
}
