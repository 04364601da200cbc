import type { Runs } from '../../core/run.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import type { LeastSquares } from '../../numeric/levenberg-marquardt.ts'
import type { NormPrior } from '../norm/prior.ts'
import { normData } from '../norm/problem.ts'
import { groupTheta, type Layout, lawSize } from './sharing.ts'

/** The runs of several groups as the problem sees them. */
export interface GroupsData {
  readonly groups: number
  /** Of each run; `[n]`. */
  readonly of: Int32Array
  /** ln N and ln D minus the centre of all groups; `[n]`. */
  readonly x: Float64Array
  readonly y: Float64Array
  readonly loss: Float64Array
  /** ln 6ND; `[n]`. */
  readonly work: Float64Array
  readonly centre: { readonly x: number; readonly y: number }
  /** The lowest loss of each group that one or two runs with a wrong one cannot set, nats; `[groups]`. */
  readonly lowest: readonly number[]
}

/** The runs of each group, in the order of the groups. */
export function groupsData(runs: readonly Runs[]): GroupsData {
  const own = runs.map(normData)
  const flat = (column: 'parameters' | 'tokens' | 'loss') =>
    Float64Array.from(runs.flatMap((each) => [...each[column]]))
  const [parameters, tokens, loss] = [flat('parameters'), flat('tokens'), flat('loss')]
  const all = normData({ size: loss.length, parameters, tokens, flops: loss, loss })
  return {
    groups: runs.length,
    of: Int32Array.from(runs.flatMap(({ size }, g) => new Array<number>(size).fill(g))),
    x: all.x,
    y: all.y,
    loss,
    work: all.work,
    centre: all.centre,
    lowest: own.map(({ lowest }) => lowest),
  }
}

/** The law of one group's coefficients. */
export function lawOf(theta: ArrayLike<number>, { x, y }: GroupsData['centre']): SurfaceLaw {
  const [alpha, beta] = [Math.exp(theta[3]), Math.exp(theta[4])]
  return {
    E: Math.exp(theta[0]),
    A: Math.exp(theta[1] + alpha * x),
    B: Math.exp(theta[2] + beta * y),
    alpha,
    beta,
    q: Math.exp(theta[5]),
  }
}

/** One group's coefficients of a law. */
export const thetaOf = ({ E, A, B, alpha, beta, q }: SurfaceLaw, { x, y }: GroupsData['centre']): Float64Array =>
  Float64Array.of(
    Math.log(E),
    Math.log(A) - alpha * x,
    Math.log(B) - beta * y,
    Math.log(alpha),
    Math.log(beta),
    Math.log(q),
  )

/** Narrower than this a prior holds its value. */
const leastSd = 1e-6

/** Centre and standard deviation of each coordinate of a group, by its lowest loss (E92). */
function priorOf({ E, terms, alpha, beta, q }: NormPrior, lowest: number): { centre: number[]; sd: number[] } {
  const term = Math.log(terms.mean * lowest)
  return {
    centre: [Math.log(E.mean * lowest), term, term, Math.log(alpha.mean), Math.log(beta.mean), Math.log(q.mean)],
    sd: [E.sd / E.mean, terms.sd, terms.sd, alpha.sd, beta.sd, q.sd].map((sd) => Math.max(sd, leastSd)),
  }
}

/**
 * Laws of several groups as least squares: residuals of all runs times their precisions, and every group's distances from the
 * prior, of which all groups together count as one. Whatever is shared, it is the same function of the groups' coefficients, so a
 * model never fits better than one that it is part of.
 */
export class GroupsProblem implements LeastSquares {
  readonly layout: Layout
  /** 1 / nats; `[n]`. */
  readonly precision: Float64Array
  /** What is fitted, nats; `[n]`. */
  readonly loss: Float64Array
  /** Modelled minus fitted loss at the coefficients evaluated last, nats; `[n]`. */
  readonly residual: Float64Array
  /** Derivatives of the modelled loss by the coordinates of its group at the coefficients evaluated last; `[n][6]`. */
  readonly jacobian: Float64Array
  readonly #data: GroupsData
  readonly #prior: readonly { readonly centre: readonly number[]; readonly scale: readonly number[] }[]
  readonly #theta: Float64Array

  constructor(data: GroupsData, layout: Layout, prior: NormPrior, precision: Float64Array) {
    const n = data.loss.length
    this.layout = layout
    this.precision = precision
    this.loss = Float64Array.from(data.loss)
    this.residual = new Float64Array(n)
    this.jacobian = new Float64Array(n * lawSize)
    this.#data = data
    this.#prior = data.lowest.map((lowest) => {
      const { centre, sd } = priorOf(prior, lowest)
      return { centre, scale: sd.map((width) => 1 / (width * Math.sqrt(data.groups))) }
    })
    this.#theta = new Float64Array(layout.size)
  }

  cost(theta: Float64Array): number {
    this.#theta.set(theta)
    const { residual, precision } = this
    const { of, x, y } = this.#data
    const own = Array.from({ length: this.#data.groups }, (_, g) => groupTheta(theta, this.layout, g))
    const laws = own.map((group) => group.map((value, k) => (k === 1 || k === 2 ? value : Math.exp(value))))
    let sum = this.#priorCost(own)
    for (let i = 0; i < residual.length; i++) {
      residual[i] = this.#evaluate(i, laws[of[i]], x[i], y[i]) - this.loss[i]
      sum += (residual[i] * precision[i]) ** 2
    }
    return sum
  }

  /** The modelled loss of run i; leaves its derivatives behind. */
  #evaluate(i: number, [E, lnA, lnB, alpha, beta, q]: Float64Array, x: number, y: number): number {
    const a = lnA - alpha * x
    const b = lnB - beta * y
    // (u^(1/q) + v^(1/q))^q with the larger of u and v taken out, so that nothing overflows.
    const ratio = Math.exp(-Math.abs(a - b) / q)
    const lnLeft = Math.max(a, b) + q * Math.log1p(ratio)
    const left = Math.exp(lnLeft)
    const share = a >= b ? 1 / (1 + ratio) : ratio / (1 + ratio)
    const row = i * lawSize
    this.jacobian[row] = E
    this.jacobian[row + 1] = left * share
    this.jacobian[row + 2] = left * (1 - share)
    this.jacobian[row + 3] = -left * share * alpha * x
    this.jacobian[row + 4] = -left * (1 - share) * beta * y
    this.jacobian[row + 5] = left * (lnLeft - share * a - (1 - share) * b)
    return E + left
  }

  #priorCost(own: readonly Float64Array[]): number {
    let sum = 0
    for (const [g, { centre, scale }] of this.#prior.entries())
      for (let k = 0; k < lawSize; k++) sum += ((own[g][k] - centre[k]) * scale[k]) ** 2
    return sum
  }

  slope(): { gradient: Float64Array; normal: Float64Array } {
    const { layout, precision, residual, jacobian } = this
    const { of } = this.#data
    const p = layout.size
    const gradient = new Float64Array(p)
    const normal = new Float64Array(p * p)
    for (let i = 0; i < residual.length; i++) {
      const weight = precision[i] ** 2
      const place = layout.place[of[i]]
      for (let j = 0; j < lawSize; j++) {
        const value = weight * jacobian[i * lawSize + j]
        gradient[place[j]] += value * residual[i]
        for (let k = 0; k < lawSize; k++) normal[place[j] * p + place[k]] += value * jacobian[i * lawSize + k]
      }
    }
    for (const [g, { centre, scale }] of this.#prior.entries())
      for (let k = 0; k < lawSize; k++) {
        const at = layout.place[g][k]
        gradient[at] += scale[k] ** 2 * (this.#theta[at] - centre[k])
        normal[at * p + at] += scale[k] ** 2
      }
    return { gradient, normal }
  }
}
