import { dot, downdate, times } from '../numeric/matrix.ts'

/** What could be observed: of each candidate the sensitivity of its loss to the coefficients, and the variance of a run about it. */
export interface Observable {
  readonly sensitivities: readonly Float64Array[]
  readonly scatter: Float64Array
}

/**
 * Bayesian linear design: how much a law knows of some quantities at stake and of the losses of candidate runs, and what it would
 * know after a candidate's run (E54). Linear in the coefficients, so that it does not depend on what the run will say.
 */
export class LinearDesign {
  /** Of the coefficients, `[size, size]`. */
  readonly covariance: Float64Array
  /** Variance of a run about each candidate's expected loss. */
  readonly scatter: Float64Array
  /** Variance of the law at each candidate. */
  readonly variance: Float64Array
  /** Covariance of each stake with each candidate's loss, `[stakes][candidates]`. */
  readonly shared: readonly Float64Array[]
  readonly #sensitivities: readonly Float64Array[]
  readonly #stakes: readonly Float64Array[]

  /** `covariance` is the design's own from here on; `stakes` are the sensitivities of what is at stake. */
  constructor(covariance: Float64Array, { sensitivities, scatter }: Observable, stakes: readonly Float64Array[]) {
    this.covariance = covariance
    this.scatter = scatter
    this.#sensitivities = sensitivities
    this.#stakes = stakes
    this.variance = Float64Array.from(sensitivities, (g) => dot(g, times(covariance, g)))
    this.shared = stakes.map((stake) => {
      const image = times(covariance, stake)
      return Float64Array.from(sensitivities, (g) => dot(g, image))
    })
  }

  /** Takes the run of a candidate as made. */
  take(c: number): void {
    const { covariance, scatter, variance, shared } = this
    const image = times(covariance, this.#sensitivities[c])
    const scale = 1 / (scatter[c] + variance[c])
    const along = this.#stakes.map((stake) => dot(stake, image))
    downdate(covariance, image, scale)
    this.#sensitivities.forEach((g, i) => {
      const s = dot(g, image)
      variance[i] -= scale * s * s
      for (let k = 0; k < along.length; k++) shared[k][i] -= scale * s * along[k]
    })
  }
}
