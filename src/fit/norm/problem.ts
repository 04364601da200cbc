import type { Runs } from '../../core/run.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import type { RobustProblem } from './alike.ts'
import type { Normal, NormPrior } from './prior.ts'

/**
 * The coefficients that are searched: ln(e / (1 - e)) with e = E over the lowest loss, the logarithms of the two terms at the
 * centre of the largest runs, ln alpha and ln beta. So E stays between 0 and the lowest loss, and all are of order one.
 */
export const normSize = 5

/** The runs as the problem sees them. */
export interface NormData {
  /** ln N minus the centre; `[n]`. */
  readonly x: Float64Array
  /** ln D minus the centre; `[n]`. */
  readonly y: Float64Array
  /** Nats; `[n]`. */
  readonly loss: Float64Array
  /** ln 6ND; `[n]`. */
  readonly work: Float64Array
  /** The means of ln N and ln D over the largest runs. */
  readonly centre: { readonly x: number; readonly y: number }
  /** The lowest loss that one or two runs with a wrong one cannot set, nats. */
  readonly lowest: number
}

/** Runs within a factor e^1.5 of the largest compute make the centre. */
const centreWithin = 1.5
/** Of ten runs or more the second lowest loss, of twenty or more the third. */
const distrusted = { most: 2, share: 0.1 } as const

export function normData(runs: Runs): NormData {
  const [x, y] = [runs.parameters.map(Math.log), runs.tokens.map(Math.log)]
  const work = x.map((value, i) => Math.log(6) + value + y[i])
  const least = work.reduce((high, value) => Math.max(high, value)) - centreWithin
  const meanOfLargest = (values: Float64Array) => {
    const large = values.filter((_, i) => work[i] >= least)
    return large.reduce((sum, value) => sum + value, 0) / large.length
  }
  const centre = { x: meanOfLargest(x), y: meanOfLargest(y) }
  return {
    x: x.map((value) => value - centre.x),
    y: y.map((value) => value - centre.y),
    loss: runs.loss,
    work,
    centre,
    lowest: Float64Array.from(runs.loss).sort()[Math.min(distrusted.most, Math.floor(distrusted.share * runs.size))],
  }
}

/** The law of coefficients at q. */
export function lawAt(theta: ArrayLike<number>, q: number, { centre, lowest }: NormData): SurfaceLaw {
  const alpha = Math.exp(theta[3])
  const beta = Math.exp(theta[4])
  return {
    E: lowest / (1 + Math.exp(-theta[0])),
    A: Math.exp(theta[1] + alpha * centre.x),
    B: Math.exp(theta[2] + beta * centre.y),
    alpha,
    beta,
    q,
  }
}

/** Narrower than this a prior holds its value. */
const leastSd = 1e-6
const logit = (e: number): number => Math.log(e / (1 - e))
/** The prior of the logit that has the same width near its median. */
const logitOf = ({ mean, sd }: Normal): Normal => ({ mean: logit(mean), sd: sd / (mean * (1 - mean)) })
const inverse = ({ sd }: Normal): number => 1 / Math.max(sd, leastSd)

/** Where the prior has the coefficients in the middle, and one over their standard deviations; `[5]`. */
export interface PriorCoordinates {
  readonly centres: readonly number[]
  readonly scales: readonly number[]
}

/** The prior as normal distributions of the coefficients of runs with this lowest loss. */
export function priorCoordinates({ E, terms, alpha, beta }: NormPrior, lowest: number): PriorCoordinates {
  const term = Math.log(terms.mean * lowest)
  return {
    centres: [logit(E.mean), term, term, Math.log(alpha.mean), Math.log(beta.mean)],
    scales: [logitOf(E), terms, terms, alpha, beta].map(inverse),
  }
}

/**
 * The most probable coefficients at one q as least squares: residuals of the runs times the roots of their weights, and distances
 * from the prior's centre in its standard deviations (E21).
 */
export class NormProblem implements RobustProblem {
  readonly size = normSize
  /** 1 / nats: the root of each run's weight over its standard deviation; `[n]`. */
  readonly precision: Float64Array
  /** What is fitted, nats: the data's losses unless a draw moves them; `[n]`. */
  readonly loss: Float64Array
  /** By how many standard deviations a draw moves the prior's centre; `[5]`. */
  readonly shift = new Float64Array(normSize)
  /** Modelled minus fitted loss at the coefficients evaluated last, nats; `[n]`. */
  readonly residual: Float64Array
  readonly #data: NormData
  readonly #q: number
  readonly #coordinates: PriorCoordinates
  readonly #left: Float64Array
  readonly #share: Float64Array
  readonly #theta = new Float64Array(normSize)
  readonly #distance = new Float64Array(normSize)

  constructor(data: NormData, q: number, prior: NormPrior) {
    const n = data.loss.length
    this.#data = data
    this.#q = q
    this.#coordinates = priorCoordinates(prior, data.lowest)
    this.precision = new Float64Array(n).fill(1)
    this.loss = Float64Array.from(data.loss)
    this.residual = new Float64Array(n)
    this.#left = new Float64Array(n)
    this.#share = new Float64Array(n)
  }

  /** The law at coefficients. */
  law(theta: ArrayLike<number>): SurfaceLaw {
    return lawAt(theta, this.#q, this.#data)
  }

  cost(theta: Float64Array): number {
    this.#theta.set(theta)
    const { x, y, lowest } = this.#data
    const q = this.#q
    const E = lowest / (1 + Math.exp(-theta[0]))
    const alpha = Math.exp(theta[3])
    const beta = Math.exp(theta[4])
    let sum = this.#priorCost(theta)
    for (let i = 0; i < x.length; i++) {
      const a = theta[1] - alpha * x[i]
      const b = theta[2] - beta * y[i]
      // (u^(1/q) + v^(1/q))^q with the larger of u and v taken out, so that nothing overflows.
      const ratio = Math.exp(-Math.abs(a - b) / q)
      const left = Math.exp(Math.max(a, b)) * (q === 1 ? 1 + ratio : (1 + ratio) ** q)
      const r = E + left - this.loss[i]
      this.#left[i] = left
      this.#share[i] = a >= b ? 1 / (1 + ratio) : ratio / (1 + ratio)
      this.residual[i] = r
      sum += (r * this.precision[i]) ** 2
    }
    return sum
  }

  /** Sum of the squared distances from the prior at the coefficients evaluated last. */
  get priorCost(): number {
    return this.#distance.reduce((sum, distance) => sum + distance * distance, 0)
  }

  #priorCost(theta: Float64Array): number {
    const { centres, scales } = this.#coordinates
    for (let k = 0; k < normSize; k++) this.#distance[k] = (theta[k] - centres[k]) * scales[k] - this.shift[k]
    return this.priorCost
  }

  slope(): { gradient: Float64Array; normal: Float64Array } {
    const { x, y, lowest } = this.#data
    const theta = this.#theta
    const p = normSize
    const gradient = new Float64Array(p)
    const normal = new Float64Array(p * p)
    const row = new Float64Array(p)
    const e = 1 / (1 + Math.exp(-theta[0]))
    const alpha = Math.exp(theta[3])
    const beta = Math.exp(theta[4])
    for (let i = 0; i < x.length; i++) {
      const w = this.precision[i]
      if (w === 0) continue
      const byA = w * this.#left[i] * this.#share[i]
      const byB = w * this.#left[i] * (1 - this.#share[i])
      row[0] = w * e * (1 - e) * lowest
      row[1] = byA
      row[2] = byB
      row[3] = -byA * alpha * x[i]
      row[4] = -byB * beta * y[i]
      const r = w * this.residual[i]
      for (let j = 0; j < p; j++) {
        gradient[j] += row[j] * r
        for (let k = 0; k <= j; k++) normal[j * p + k] += row[j] * row[k]
      }
    }
    const { scales } = this.#coordinates
    for (let j = 0; j < p; j++) {
      gradient[j] += scales[j] * this.#distance[j]
      normal[j * p + j] += scales[j] ** 2
      for (let k = 0; k < j; k++) normal[k * p + j] = normal[j * p + k]
    }
    return { gradient, normal }
  }
}
