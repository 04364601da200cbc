import type { BatchUnit, LossUnit } from '../../core/run.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import type { Estimated } from './estimate.ts'
import type { TunedFeature } from './prior.ts'

/** A formula coefficient * N^parameters * D^tokens. `parameters` is null where the formula has no N. */
export interface Formula {
  readonly coefficient: number
  readonly parameters: Estimated | null
  readonly tokens: Estimated
}

/** What to train with C FLOPs of fresh data, and what to expect. */
export interface TunedTarget {
  readonly flops: number
  readonly parameters: Estimated
  readonly tokens: Estimated
  /** The best peak learning rate at the best batch; null where no rates were compared. */
  readonly rate: Estimated | null
  /** In the table's unit; null where no batches were compared. */
  readonly batch: Estimated | null
  /** Of the law at its optimum, not of a single noisy run. */
  readonly loss: Estimated
}

/** What repeated data are worth. */
export interface RepeatedData {
  /** R*: no number of repeats is worth more than R* times the unique tokens. */
  readonly repeats: Estimated
  /** The same of size beyond what the unique tokens support. */
  readonly surplus: Estimated
  /** Parameters that a unique token supports. */
  readonly support: Estimated
  /** Fresh tokens that a token seen in so many epochs is worth, for each unique one. */
  readonly worth: readonly { readonly epochs: number; readonly tokens: Estimated }[]
}

/** What a setting was tried at, and where the law has its best. */
export interface Tried {
  readonly setting: 'rate' | 'batch'
  readonly low: number
  readonly high: number
  /** The law's best at the largest compute of the runs. */
  readonly best: number
}

/** The learning rates that were compared at one N and D. */
export interface Sweep {
  readonly parameters: number
  readonly tokens: number
  readonly flops: number
  /** Of each rate, the lowest loss that any batch reached. */
  readonly seen: readonly { readonly rate: number; readonly loss: number }[]
  /** The law's loss along the same rates, at the best of the batches that were tried. */
  readonly curve: readonly { readonly rate: number; readonly loss: number }[]
  /** The law's best rate at its best batch. */
  readonly best: { readonly rate: number; readonly loss: number }
}

/** The law of size, tokens, learning rate, batch and repeated data, as it is reported. */
export interface TunedResult {
  /** Why there is nothing else here; null where there is. */
  readonly unavailable: string | null
  /** Why the runs do not determine N, D and the loss at a budget: then there are no predictions; null where they do. */
  readonly undetermined: string | null
  /** The runs that it was fitted to. */
  readonly runs: number
  /** Runs that lack a setting which the others have. */
  readonly incomplete: number
  /** Of very many runs only every so many-th is fitted; else 1. */
  readonly every: number
  /** Coefficients that were free. */
  readonly coefficients: number
  readonly features: readonly TunedFeature[]
  /** Settings that the table has and that never vary. */
  readonly fixed: readonly ('rate' | 'batch')[]
  readonly batchUnit: BatchUnit
  readonly lossUnit: LossUnit
  /** The loss at the best rate and batch on fresh data, with the most believed q. */
  readonly law: SurfaceLaw | null
  /** How much each q is believed. */
  readonly norms: readonly { readonly q: number; readonly weight: number }[]
  readonly converged: boolean
  /** Scatter of a run that counts fully, nats. */
  readonly scatter: number | null
  readonly rate: Formula | null
  readonly batch: Formula | null
  readonly tried: readonly Tried[]
  /** By ascending compute. */
  readonly sweeps: readonly Sweep[]
  readonly repeated: RepeatedData | null
  readonly predictions: readonly TunedTarget[]
}
