import type { LossUnit } from '../../core/run.ts'
import type { RepeatsLaw } from '../../law/repeats.ts'
import type { Estimated } from '../tuned/estimate.ts'
import type { Limit } from './limit.ts'

/** Epochs up to which a repeated token is worth a share of a fresh one. */
export interface WorthUpTo {
  readonly share: number
  /** The epoch whose own token is worth that. */
  readonly last: Limit
  /** The epochs whose repeated tokens are worth that on the average. */
  readonly average: Limit
}

/** What so many epochs over the same tokens teach, in epochs of fresh ones. */
export interface EpochsTaught {
  readonly epochs: number
  readonly worth: Estimated
}

/** The best run with C FLOPs on fresh data. Units: FLOPs, parameters, tokens, nats per token. */
export interface FreshTarget {
  readonly flops: number
  readonly parameters: Estimated
  readonly tokens: Estimated
  readonly loss: Estimated
}

/** The best run with C FLOPs where only so many tokens differ. */
export interface RepeatedTarget extends FreshTarget {
  readonly unique: number
  /** Tokens over unique tokens; at most 1 where they are enough. */
  readonly epochs: Estimated
  /** The loss beyond that of the best run on fresh data, nats. */
  readonly cost: Estimated
  /** Fresh tokens that the repeated ones are worth together. */
  readonly worth: Estimated
}

/** A budget and unique tokens whose best run is not told, because it has more epochs than any run and how far they carry is open. */
export interface WithheldTarget {
  readonly flops: number
  readonly unique: number
}

/** A point of a curve over epochs, with its interval. */
export interface EpochPoint {
  readonly epochs: number
  readonly value: number
  readonly low: number
  readonly high: number
}

/** The loss with C FLOPs by how often the unique tokens are seen: the size is what the budget leaves. */
export interface LossByEpochs {
  readonly unique: number
  readonly points: readonly { readonly epochs: number; readonly loss: number }[]
  readonly best: { readonly epochs: number; readonly loss: number }
}

/** What the fit of the data-constrained law comes to. */
export type RepeatsResult = { readonly kind: 'unavailable'; readonly reason: string } | FittedRepeats

export interface FittedRepeats {
  readonly kind: 'fitted'
  /** Why the runs do not determine N, D and the loss at a budget: then there are no targets; null where they do. */
  readonly undetermined: string | null
  /** What losses are in. */
  readonly lossUnit: LossUnit
  /** The runs that it was fitted to, and those of them that saw tokens again. */
  readonly runs: number
  readonly repeated: number
  /** Of very many runs only every so many-th is fitted; else 1. */
  readonly every: number
  /** The most epochs of a run. */
  readonly mostEpochs: number
  readonly law: RepeatsLaw
  readonly norms: readonly { readonly q: number; readonly weight: number }[]
  readonly converged: boolean
  /** Standard deviation of a run that counts fully, nats. */
  readonly scatter: number
  /** R* of tokens, and of size beyond what the unique tokens support. */
  readonly tokens: Limit
  readonly size: Limit
  readonly worth: readonly WorthUpTo[]
  readonly taught: readonly EpochsTaught[]
  readonly fresh: readonly FreshTarget[]
  readonly targets: readonly RepeatedTarget[]
  readonly withheld: readonly WithheldTarget[]
  /** What memorizing would add to the loss of the run that it harms most, nats, and its distance from nothing; null without late runs. */
  readonly late: { readonly runs: number; readonly most: number; readonly deviations: number } | null
  /** Epochs of fresh tokens that epochs are worth, by the law and by single runs. */
  readonly curve: readonly EpochPoint[]
  readonly seen: readonly { readonly epochs: number; readonly worth: number }[]
  /** At the largest target. */
  readonly byEpochs: readonly LossByEpochs[]
}
