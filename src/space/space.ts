import type { Config } from '../core/config.ts'
import { type EmbeddingAccounting, embeddingAccountings } from '../core/flops.ts'
import type { Codec } from './codec.ts'
import type { Limits, Model } from './limits.ts'

/** What a law sees of a configuration. */
export interface Measure {
  /** Non-embedding parameters. */
  readonly core: number
  /** Parameters as the accounting counts them. */
  readonly size: number
  /** Tokens that its FLOPs train on, as the accounting counts them. */
  readonly tokens: number
  readonly stepTokens: number
  /** d_model / layers. */
  readonly ratio: number
}

/** A configuration in continuous terms: its model need not exist. */
export interface Place {
  /** ln of non-embedding parameters. */
  readonly size: number
  /** ln of the learning rate. */
  readonly rate: number
  /** ln of d_model / layers. */
  readonly ratio: number
  readonly batchSize: number
  readonly flops: number
}

/** How configurations of a space are measured: all that a law needs of it. */
export interface Measuring<C extends Config = Config> {
  readonly vocabularySize: number
  /** The ways in which parameters and tokens may be counted, in words; where it is known, there is one. */
  readonly accountings: Readonly<Partial<Record<EmbeddingAccounting, string>>>
  measure(config: C, accounting: EmbeddingAccounting): Measure
  /** The same of a place, between models too. */
  measureAt(place: Place, accounting: EmbeddingAccounting): Measure
}

/** How the model of a configuration is told: in a table in one cell, in a text in words. */
export interface ModelWords {
  /** Fields that make a model, by key. */
  readonly keys: readonly string[]
  /** Over the cell, and what it means: `d × n / heads`. */
  readonly head: string
  readonly legend: string
  /** What stands between its values in the cell. */
  readonly joints: readonly string[]
  /** The title of each over a cell of its own; what stands before and after it in a text, the latter for one and for more. */
  readonly words: readonly {
    readonly title: string
    readonly before?: string
    readonly one?: string
    readonly more?: string
  }[]
}

/**
 * What may be asked, as a value: the models, batches, rates and FLOPs that a run may have, how it is measured, written and told.
 * Plans, campaigns, worlds and reports know no other way to a configuration.
 */
export interface Space<C extends Config = Config> extends Measuring<C>, Codec<C> {
  /** `cs336`, or the name that its file gives it. */
  readonly name: string
  /** What equal spaces have in common: a text that changes whenever anything in it does. */
  readonly fingerprint: string
  /** The same of what a run is: it stays as it is where FLOPs of runs, the budget or the target change, and nothing else. */
  readonly runsFingerprint: string
  /** What may be asked. */
  readonly limits: Limits
  /** What the target run may be. */
  readonly targetLimits: Limits
  /** FLOPs that a run may have, ascending. */
  readonly trainFlops: readonly number[]
  /** FLOPs to spend and FLOPs of the run to predict, where nobody says otherwise. */
  readonly budget: number
  readonly target: number
  /** Tokens of a sequence. */
  readonly contextLength: number
  /** What a batch is counted in. */
  readonly batchUnit: 'sequences' | 'tokens'
  /** What every run has in addition, for whoever trains. */
  readonly constants: Readonly<Record<string, number | string | boolean>>
  readonly words: ModelWords
  /** What it was made of, where that is a file: plain data. */
  readonly spec?: object
  /** Why a configuration may not be run; null where it may. */
  refusal(config: C): string | null
}

/** The configuration of a model, in a space that has that model. */
export const configWith = <C extends Config>(model: Model, rest: Config): C => ({ ...model, ...rest }) as unknown as C

/** The ways in which parameters and tokens may be counted. */
export const accountingsOf = ({ accountings }: Measuring): readonly EmbeddingAccounting[] =>
  embeddingAccountings.filter((name) => accountings[name] !== undefined)

/** The place of a configuration. */
export function placeOf(space: Measuring, config: Config): Place {
  const { core, ratio } = space.measure(config, 'none')
  const { learningRate, batchSize, trainFlops } = config
  return { size: Math.log(core), rate: Math.log(learningRate), ratio: Math.log(ratio), batchSize, flops: trainFlops }
}
