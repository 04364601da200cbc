import type { Analysis } from '../result.ts'
import type { Estimate } from './replicas.ts'
import type { SharingName } from './sharing.ts'
import type { SharingTest } from './test.ts'

/** The fits of several groups of runs, and what they share. */
export interface GroupsAnalysis {
  /** The column whose values name the groups. */
  readonly column: string
  /** Fitted as if alone, in the order read. */
  readonly groups: readonly FittedGroup[]
  /** Too small to be fitted. */
  readonly left: readonly LeftGroup[]
  readonly comparison: GroupsComparison
  readonly targets: readonly number[]
  readonly confidence: number
  readonly seed: number
}

export interface FittedGroup {
  readonly name: string
  readonly analysis: Analysis
}

export interface LeftGroup {
  readonly name: string
  readonly runs: number
  readonly reason: string
}

/** What the groups share. */
export interface GroupsComparison {
  /** The group that each other one is held beside; null where there are no two to compare. */
  readonly reference: string | null
  /** Of all groups together; null where there are fewer than two, or more than are compared together. */
  readonly together: Shared | null
  /** Every other group beside the reference. */
  readonly pairs: readonly PairComparison[]
  /** Fitted, but not compared, and why. */
  readonly left: readonly LeftGroup[]
  /** Runs far from the law of their group, which are in no comparison. */
  readonly outliers: readonly { readonly group: string; readonly runs: number }[]
  /** Below this p a model is given up. */
  readonly level: number
}

/** What some groups share by nested models (docs/math.md E92 to E95). */
export interface Shared {
  readonly tests: readonly SharingTest[]
  /** The model that shares most among those that were not given up. */
  readonly kept: SharingName
  /** The exponents that all have; null where they have their own. */
  readonly exponents: { readonly alpha: Estimate; readonly beta: Estimate; readonly q: Estimate } | null
}

/** One group beside another, by the model that was kept; where that is `one`, by `tokens`, whose factor is then near 1. */
export interface PairComparison extends Shared {
  readonly reference: string
  readonly group: string
  /** Tokens for tokens: the term of D of the group is that of the reference at D over this; null where beta is not shared. */
  readonly tokens: Estimate | null
  /** E of the group less E of the reference, nats; where it is shared, by the model that lets it go: what these runs would not have shown. */
  readonly plateau: Estimate
  /** The term of N of the group is that of the reference at N over this; null where it, or no alpha, is shared. */
  readonly sizes: Estimate | null
  /** Exponents of the group less those of the reference; null where they are shared. */
  readonly differences: { readonly alpha: Estimate; readonly beta: Estimate } | null
  /** At the reference's best size for the largest budget that both have reached: beyond it what differs is not known. */
  readonly worth: readonly Worth[]
  /** Their compute-optimal runs beside each other at each target; without targets, at the largest budget that any group has reached. Empty where the runs of either do not determine a law. */
  readonly optima: readonly OptimaRatio[]
}

/** The best run of a group beside that of the reference for the same compute, by laws of their own, whatever they share (E95). */
export interface OptimaRatio {
  readonly flops: number
  /** Best N of the group over the reference's. */
  readonly parameters: Estimate
  /** Best D of the group over the reference's. */
  readonly tokens: Estimate
  /** Best loss of the group less the reference's, nats. */
  readonly loss: Estimate
}

/** What the tokens of the reference's best run are worth in another group. */
export interface Worth {
  /** 6ND. */
  readonly flops: number
  readonly parameters: number
  readonly tokens: number
  readonly loss: number
  /** The group needs so many times those tokens for that loss with that N; infinite where no number of them gives it. */
  readonly factor: Estimate
}
