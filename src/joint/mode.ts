import type { Config } from '../core/config.ts'
import type { EmbeddingAccounting } from '../core/flops.ts'
import type { Measuring, Place } from '../space/space.ts'
import type { Deviation } from './deviation.ts'
import { type JointPoint, jointLoss, jointSize } from './law.ts'
import { jointPoint, jointPointAt } from './point.ts'
import type { JointForm, Prior } from './prior.ts'
import type { Draw, JointProblem } from './problem.ts'
import { deviationSd, noiseSd, runSd, type Scales } from './scales.ts'

/** One fitted law: a form, an accounting, the most probable coefficients and their covariance. */
export interface FittedMode extends Draw {
  readonly form: JointForm
  readonly accounting: EmbeddingAccounting
  readonly prior: Prior
  /** How configurations are measured. */
  readonly space: Measuring
  /** Loss before training, nats. */
  readonly untrained: number
  readonly scales: Scales
  /** Indices of the free coefficients. */
  readonly free: readonly number[]
  readonly deviation: Deviation
  /** Laplace covariance of the free coefficients, in units of their prior, and of the deviation's weights; `[size, size]`. */
  readonly covariance: Float64Array
  /** What the coefficients solve, with the final scales and weights, and their place in its variables. */
  readonly problem: JointProblem
  readonly z: Float64Array
  /** Log evidence, up to a constant that all modes of the same runs share. */
  readonly evidence: number
}

/** A fitted law that predicts. */
export class JointMode {
  readonly fitted: FittedMode
  /** Free coefficients and weights. */
  readonly size: number
  readonly #full = new Float64Array(jointSize)
  readonly #features: Float64Array

  constructor(fitted: FittedMode) {
    this.fitted = fitted
    this.size = fitted.free.length + fitted.deviation.count
    this.#features = new Float64Array(fitted.deviation.count)
  }

  point(config: Config): JointPoint {
    return jointPoint(this.fitted.space, config, this.fitted.accounting)
  }

  pointAt(place: Place): JointPoint {
    return jointPointAt(this.fitted.space, place, this.fitted.accounting)
  }

  /** Tokens that a configuration trains on, as this mode counts. */
  tokens(config: Config): number {
    return this.fitted.space.measure(config, this.fitted.accounting).tokens
  }

  /** Expected loss at a point, nats; `gradient`, `[size]`, gets its derivatives in the units of the covariance. */
  loss(x: JointPoint, gradient: Float64Array): number {
    const { theta, weights, untrained, free, prior, scales, deviation } = this.fitted
    let loss = jointLoss(theta, x, untrained, this.#full)
    for (let k = 0; k < free.length; k++) gradient[k] = this.#full[free[k]] * prior.sd[free[k]]
    deviation.features(x, gradient, free.length)
    const amplitude = deviationSd(scales, x)
    for (let k = free.length; k < this.size; k++) {
      gradient[k] *= amplitude
      loss += gradient[k] * weights[k - free.length]
    }
    return loss
  }

  /** The loss at a point with other coefficients, nats. */
  lossOf({ theta, weights }: Draw, x: JointPoint): number {
    const { untrained, scales, deviation } = this.fitted
    deviation.features(x, this.#features, 0)
    let sum = 0
    for (let k = 0; k < weights.length; k++) sum += this.#features[k] * weights[k]
    return jointLoss(theta, x, untrained, this.#full) + deviationSd(scales, x) * sum
  }

  /** The coefficients at z standard deviations along the columns of the covariance's factor L. */
  draw(L: Float64Array, z: Float64Array): Draw {
    const { free, prior } = this.fitted
    const theta = Float64Array.from(this.fitted.theta)
    const weights = Float64Array.from(this.fitted.weights)
    for (let a = 0; a < this.size; a++) {
      let move = 0
      for (let b = 0; b <= a; b++) move += L[a * this.size + b] * z[b]
      if (a < free.length) theta[free[a]] += move * prior.sd[free[a]]
      else weights[a - free.length] += move
    }
    return { theta, weights }
  }

  /** Standard deviation of a run's noise, nats. */
  noise(x: JointPoint): number {
    return noiseSd(this.fitted.scales, x)
  }

  /** Standard deviation of a run of this loss about law and deviation, nats. */
  scatter(x: JointPoint, loss: number): number {
    return runSd(this.fitted.scales, x, loss)
  }
}
