import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Interval } from '../../core/interval.ts'
import type { BatchUnit, LossUnit } from '../../core/run.ts'
import type { Exclusion } from '../../input/read.ts'
import type { PoolPrediction } from '../../plan/pool/prediction.ts'
import type { Purchase } from '../../plan/pool/purchases.ts'
import type { Scores } from '../../plan/pool/verdict.ts'

/**
 * What was chosen from a pool, as plain data that survives JSON: report, terminal, figures and JSON are made of it alone. Losses in
 * the unit of the task; costs in the unit of the task; what is not known is null.
 */
export interface PoolView<Result = Played | Advised> {
  readonly task: PoolTask
  readonly pool: PoolSummary
  readonly result: Result
  readonly diagnostics: readonly Diagnostic[]
  readonly read: readonly ReadSummary[]
}

export interface PoolTask {
  readonly sources: readonly string[]
  readonly target:
    | { readonly kind: 'budget'; readonly flops: number }
    | { readonly kind: 'runs'; readonly sources: readonly string[]; readonly runs: number }
  /** What costs are in: FLOPs, or the name of the column of costs. */
  readonly unit: string
  /** With what was spent before; null where nobody set one. */
  readonly budget: number | null
  readonly seed: number
  readonly confidence: number
  readonly batchUnit: BatchUnit
  /** `nats/token`, or the one that the table's losses are kept in. */
  readonly lossUnit: LossUnit
}

export interface PoolSummary {
  readonly runs: number
  /** Those with a loss, those that diverged, and those that could be made. */
  readonly finished: number
  readonly diverged: number
  readonly open: number
  /** What all of them cost. */
  readonly cost: number
  /** Every run, for the figure. */
  readonly places: readonly { readonly parameters: number; readonly tokens: number }[]
}

/** What was read for the pool, or for the runs to predict. */
export interface ReadSummary {
  readonly read: number
  readonly used: number
  readonly checkpoints: number
  readonly excluded: readonly Exclusion[]
  readonly notes: readonly string[]
  readonly sources: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[]
}

/** A run of a table. Settings that it does not say are null; `unique` where its data were not repeated. */
export interface ViewedPoolRun {
  readonly source: string
  readonly row: number
  readonly parameters: number
  readonly tokens: number
  readonly flops: number
  readonly rate: number | null
  readonly batch: number | null
  readonly unique: number | null
}

/** A run and why it is worth its cost: squared nats by which it lowers the variance at the target, and as a share; null in an opening. */
export interface ViewedPlan extends ViewedPoolRun {
  readonly cost: number
  readonly worth: number | null
  readonly share: number | null
  readonly reason: string
}

export interface ViewedPurchase extends ViewedPlan {
  /** 0 is the opening. */
  readonly round: number
  readonly outcome: Purchase['outcome']
  /** Null where it diverged. */
  readonly loss: number | null
}

export interface ViewedRound {
  readonly round: number
  readonly runs: number
  readonly cost: number
  /** Standard deviation of the law's loss at the target before the round, and as the plan foresaw it after; null in the opening. */
  readonly sdBefore: number | null
  readonly sdAfter: number | null
}

export interface ViewedTargetRun extends ViewedPoolRun {
  readonly predicted: number
  readonly interval: Interval
  /** On record; null where it is not. */
  readonly loss: number | null
}

export interface ViewedPrediction {
  /** Runs that the law was fitted to. */
  readonly runs: number
  /** Settings beside N and D that the law knows of. */
  readonly features: readonly ('rate' | 'batch' | 'repeats')[]
  /** Runs to predict; empty where the target is a budget. */
  readonly target: readonly ViewedTargetRun[]
  /** What to train with the target's budget; null where runs are the target, or it is not determined. */
  readonly best: PoolPrediction['best']
  readonly undetermined: string | null
  /** Against the losses on record; null without any. */
  readonly scores: Scores | null
}

/** A purchase from runs whose losses are all on record. */
export interface Played {
  readonly kind: 'played'
  readonly spent: number
  readonly purchases: readonly ViewedPurchase[]
  readonly rounds: readonly ViewedRound[]
  readonly prediction: ViewedPrediction
  /** What the rest of the pool says of it. */
  readonly hindsight: {
    /** Of the runs that were not bought, as they were predicted; null where all were bought. */
    readonly rest: Scores | null
    /** The same prediction from all runs. */
    readonly all: ViewedPrediction
  }
}

/** Why no further run is named. */
export type NextStopped =
  /** Every run is made or named. */
  | { readonly kind: 'none-left' }
  /** So much of the budget is left, and the cheapest other run costs more. */
  | { readonly kind: 'budget'; readonly left: number; readonly cheapest: number }
  /** A law can be fitted when these have their loss. */
  | { readonly kind: 'opening' }
  /** They cost what a round may. */
  | { readonly kind: 'round'; readonly allowance: number }
  | { readonly kind: 'no-gain' }

/** Which runs to make next. */
export interface Advised {
  readonly kind: 'advised'
  /** What the runs that were made have cost. */
  readonly spent: number
  /** In the order in which they are worth their cost. */
  readonly next: readonly ViewedPlan[]
  /** Why none is named, or fewer than were asked for; null where as many are. */
  readonly stopped: NextStopped | null
  /** Standard deviation of the law's loss at the target as it is and with the next runs; null while there is no law. */
  readonly sdBefore: number | null
  readonly sdAfter: number | null
  /** As of now; null while fewer than 8 runs have a loss. */
  readonly prediction: ViewedPrediction | null
}

export const isPlayed = (view: PoolView): view is PoolView<Played> => view.result.kind === 'played'
