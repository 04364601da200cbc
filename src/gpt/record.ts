import type { Losses } from './losses.ts'
import type { Recipe } from './recipe.ts'
import type { Ending } from './train.ts'

/** What is kept of a run: one line of JSON, which `isoflop fit` reads. */
export interface TrainingRecord {
  readonly config: {
    readonly d_model: number
    readonly num_layers: number
    readonly num_heads: number
    readonly batch_size: number
    readonly learning_rate: number
  }
  /** C, as asked for. */
  readonly trainFlops: number
  /** N, counted as `accounting` says. */
  readonly parameters: number
  /** D, seen in whole steps: up to a step less than C / 6N. */
  readonly tokens: number
  readonly steps: number
  /** Nats per token; all null where the run diverged. */
  readonly loss: Losses | { readonly average: null; readonly last: null; readonly validation: null }
  readonly outcome: 'finished' | 'diverged'
  /** The step that diverged, counted from 1. */
  readonly divergedAt: number | null
  readonly seed: number
  readonly accounting: Recipe['accounting']
  readonly vocabularySize: number
  /** The text: a hash of its manifest, and how many bytes a token stands for. */
  readonly corpus: { readonly identity: string; readonly bytesPerToken: number; readonly passes: number }
  /** What it ran on and how fast; the only part that is not the same every time. Null where no step was left to do. */
  readonly speed: { readonly engine: string; readonly tokensPerSecond: number; readonly gemmFraction: number } | null
}

/** The record of a run that ended. */
export function recordOf(
  { config, shape, seed, accounting, steps, tokens, parameters }: Recipe,
  ending: Exclude<Ending, { kind: 'interrupted' }>,
  facts: Pick<TrainingRecord, 'corpus' | 'speed'>,
): TrainingRecord {
  const finished = ending.kind === 'finished'
  return {
    config: {
      d_model: config.dModel,
      num_layers: config.numLayers,
      num_heads: config.numHeads,
      batch_size: config.batchSize,
      learning_rate: config.learningRate,
    },
    trainFlops: config.trainFlops,
    parameters,
    tokens,
    steps,
    loss: finished ? ending.losses : { average: null, last: null, validation: null },
    outcome: ending.kind,
    divergedAt: finished ? null : ending.step,
    seed,
    accounting,
    vocabularySize: shape.vocabularySize,
    ...facts,
  }
}
