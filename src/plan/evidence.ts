import type { Interval } from '../core/interval.ts'
/**
 * What a fitted law says where a reader wants to look: at the runs, along lines through them, and at the target. Plain numbers,
 * so that a report needs no law. What a strategy does not have is an empty list. Losses in nats per token, noise-free unless it
 * is said; N without embeddings.
 */
export interface CampaignEvidence {
  /** One entry for each run of the campaign, in its order; empty where there is no law of single runs. */
  readonly fitted: readonly FittedRun[]
  /** At several budgets, ascending: the loss along N at the best hyperparameters that may be asked. */
  readonly profiles: readonly FittedProfile[]
  /** The loss along the learning rate, for several configurations of ascending FLOPs. */
  readonly rates: readonly RateCurve[]
  /** At several budgets, ascending: what the batch matters. */
  readonly batches: readonly BatchEffect[]
  /** Expensive runs as the cheaper ones alone foretell them. */
  readonly backtest: readonly BacktestRun[]
  /** At the target, ascending in N: the loss at the best hyperparameters that may be submitted. */
  readonly target: readonly TargetPoint[]
}

/** A run beside the law. */
export type FittedRun =
  | {
      readonly kind: 'used'
      /** The law's loss of the run's configuration. */
      readonly loss: number
      /** Standard deviation with which a run scatters about it. */
      readonly sd: number
      /** The law's loss of the same N at the same FLOPs, with the rate, batch and shape of `profiles`. */
      readonly tuned: number
      /** The law's best learning rate for the run's N, tokens and batch, be it allowed or not. */
      readonly bestRate: number
      /** The law's loss of the run's configuration at that rate. */
      readonly atBestRate: number
    }
  | {
      readonly kind: 'set-aside'
      /** Why the run is in no fit, such as `diverged` or `loss of 7 nats or more`. */
      readonly reason: string
    }

export interface FittedProfile {
  readonly flops: number
  /** Ascending in N. */
  readonly points: readonly { readonly parameters: number; readonly loss: number }[]
}

export interface RateCurve {
  readonly flops: number
  readonly parameters: number
  /** Ascending in the rate; it may pass the highest rate that may be asked. */
  readonly points: readonly { readonly learningRate: number; readonly loss: number }[]
}

export interface BatchEffect {
  readonly flops: number
  /** Sequences a step, ascending. */
  readonly batchSizes: readonly [smaller: number, larger: number]
  /** Loss of the larger batch minus that of the smaller, each at its best N and rate. */
  readonly difference: number
  /** 95 % interval of the difference; null: not known. */
  readonly interval: Interval | null
}

export interface BacktestRun {
  /** Its place among the campaign's runs. */
  readonly run: number
  /** The law was fitted to runs of fewer FLOPs than this. */
  readonly fittedBelow: number
  /** The loss that they foretell. */
  readonly predicted: number
  /** 95 % interval of the loss that the run reports. */
  readonly interval: Interval
}

export interface TargetPoint {
  readonly parameters: number
  /** The median over the laws that are believed. */
  readonly loss: number
  /** 95 % interval of the law's loss, without the noise of a run. */
  readonly interval: Interval
}
