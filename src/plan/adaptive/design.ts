import type { Config } from '../../core/config.ts'
import type { WeightedMode } from '../../joint/fit.ts'
import type { JointMode } from '../../joint/mode.ts'
import { dot, times } from '../../numeric/matrix.ts'
import { LinearDesign } from '../linear-design.ts'
import { type Stake, type StakeName, stakeNames } from './stakes.ts'

/** Student's t noise of 6 degrees of freedom tells this much less than normal noise of the same scale. */
const heavyTails = 1.25

/** A mode, and what one more run at each candidate would tell about its stakes, given the runs taken so far. */
interface View {
  readonly weight: number
  readonly stakes: readonly Stake[]
  readonly design: LinearDesign
}

/**
 * What runs are worth before they are made: by how much they are expected to lower, over several modes, the variance of what is
 * at stake at the target (E54). Linear in the coefficients, so that it does not depend on what the runs will say.
 */
export class Prospect {
  readonly candidates: readonly Config[]
  /** Expected loss of each candidate, nats. */
  readonly expected: Float64Array
  readonly #views: readonly View[]

  constructor(candidates: readonly Config[], modes: readonly (WeightedMode & { stakes: readonly Stake[] })[]) {
    this.candidates = candidates
    this.expected = new Float64Array(candidates.length)
    this.#views = modes.map(({ mode, weight, stakes }) => this.#view(mode, weight, stakes))
  }

  #view(mode: JointMode, weight: number, stakes: readonly Stake[]): View {
    const scatter = new Float64Array(this.candidates.length)
    const sensitivities = this.candidates.map((config, c) => {
      const sensitivity = new Float64Array(mode.size)
      const x = mode.point(config)
      const loss = mode.loss(x, sensitivity)
      this.expected[c] += weight * loss
      scatter[c] = heavyTails * mode.scatter(x, loss) ** 2
      return sensitivity
    })
    const design = new LinearDesign(
      Float64Array.from(mode.fitted.covariance),
      { sensitivities, scatter },
      stakes.map(({ sensitivity }) => sensitivity),
    )
    return { weight, stakes, design }
  }

  /** Standard deviation of a run of this candidate about its expected loss, the modes' variances averaged; nats. */
  sd(c: number): number {
    const variances = this.#views.map(({ weight, design }) => weight * (design.scatter[c] + design.variance[c]))
    return Math.sqrt(variances.reduce((sum, value) => sum + value, 0))
  }

  /** Expected nats that a run of this candidate is worth. */
  worth(c: number): number {
    let sum = 0
    for (const { weight, stakes, design } of this.#views) {
      const { scatter, variance, shared } = design
      for (let k = 0; k < stakes.length; k++)
        sum += (weight * stakes[k].worth * shared[k][c] ** 2) / (scatter[c] + variance[c])
    }
    return sum
  }

  /** The same, by what it is worth it for; nats. */
  worthBy(c: number): Record<StakeName, number> {
    const by = Object.fromEntries(stakeNames.map((name) => [name, 0])) as Record<StakeName, number>
    for (const { weight, stakes, design } of this.#views) {
      const { scatter, variance, shared } = design
      stakes.forEach(({ name, worth }, k) => {
        by[name] += (weight * worth * shared[k][c] ** 2) / (scatter[c] + variance[c])
      })
    }
    return by
  }

  /** Standard deviation of the law's loss at the target, nats, the modes' variances averaged. */
  lossSd(): number {
    let sum = 0
    for (const { weight, stakes, design } of this.#views)
      for (const { name, sensitivity } of stakes)
        if (name === 'loss') sum += weight * dot(sensitivity, times(design.covariance, sensitivity))
    return Math.sqrt(sum)
  }

  /** Takes the run of a candidate as made. */
  take(c: number): void {
    for (const { design } of this.#views) design.take(c)
  }
}
