import type { Config } from '../core/config.ts'
import { type EmbeddingAccounting, tokensFor } from '../core/flops.ts'
import { shapeWords } from '../space/shapes.ts'
import type { Measure, Place, Space } from '../space/space.ts'
import { apiCodec, type TrainingConfig } from './config.ts'
import {
  apiBudget,
  apiLimits,
  contextLength,
  queryLimits,
  targetFlops,
  targetLimits,
  vocabularySize,
} from './limits.ts'
import { architecture, nonEmbeddingParameters } from './parameters.ts'

/** What may differ in a server that speaks the course's API. */
export interface SpaceOptions {
  /** FLOPs that a query may have, ascending; default the API's 16. */
  readonly trainFlops?: readonly number[]
  /** Words of its models; default 32,000. */
  readonly vocabularySize?: number
}

/** What a law sees of a width and a depth, which need not be whole. */
function measured(
  { dModel, numLayers }: Pick<TrainingConfig, 'dModel' | 'numLayers'>,
  { batchSize, trainFlops }: Pick<TrainingConfig, 'batchSize' | 'trainFlops'>,
  accounting: EmbeddingAccounting,
  words: number,
): Measure {
  const core = nonEmbeddingParameters(dModel, numLayers)
  const embedded = core + words * dModel
  return {
    core,
    size: accounting === 'tokens-and-size' ? embedded : core,
    tokens: tokensFor(trainFlops, accounting === 'none' ? core : embedded),
    stepTokens: batchSize * contextLength,
    ratio: dModel / numLayers,
  }
}

function shapeAt({ size, ratio }: Place): Pick<TrainingConfig, 'dModel' | 'numLayers'> {
  const widthPerLayer = Math.exp(ratio)
  const numLayers = architecture.depthFor(Math.exp(size), widthPerLayer)
  return { dModel: numLayers * widthPerLayer, numLayers }
}

/**
 * What the training API of CS336 assignment 3 answers, and the assignment's target run.
 * @example cs336Space({ vocabularySize: 100_000 })
 */
export function cs336Space({
  trainFlops = apiLimits.trainFlops,
  vocabularySize: words = vocabularySize,
}: SpaceOptions = {}): Space<TrainingConfig> {
  return {
    ...apiCodec,
    name: 'cs336',
    fingerprint: `cs336/${words}/${trainFlops.join()}`,
    runsFingerprint: `cs336/${words}`,
    limits: queryLimits,
    targetLimits,
    trainFlops,
    budget: apiBudget,
    target: targetFlops,
    vocabularySize: words,
    contextLength,
    batchUnit: 'sequences',
    constants: {},
    accountings: {
      none: 'the embedding counts nowhere',
      tokens: 'the embedding costs tokens',
      'tokens-and-size': 'the embedding costs tokens and counts as size',
    },
    words: shapeWords,
    measure: (config, accounting) => measured(config, config, accounting, words),
    measureAt: (place, accounting) =>
      measured(shapeAt(place), { batchSize: place.batchSize, trainFlops: place.flops }, accounting, words),
    refusal: (config) => refusalOf(config, trainFlops),
  }
}

/** Whether a space is the course's, and no file's. */
export const isCourse = ({ spec }: Pick<Space, 'spec'>): boolean => spec === undefined

/** What the course's API may be asked. */
export const apiSpace = cs336Space()

/** The same, as the space where nobody says otherwise: its configurations are then of the caller's kind. */
export const courseSpace = <C extends Config>(): Space<C> => apiSpace as unknown as Space<C>

function refusalOf(config: TrainingConfig, grid: readonly number[]): string | null {
  for (const key of ['dModel', 'numLayers', 'numHeads', 'learningRate'] as const) {
    const { least, most } = apiLimits[key]
    const { name } = apiCodec.fields.find((field) => field.key === key) as { name: string }
    if (!(config[key] >= least && config[key] <= most))
      return `${name} must be from ${least} to ${most}, got ${config[key]}`
  }
  const { batchSize, dModel, numHeads, trainFlops } = config
  if (!apiLimits.batchSize.some((allowed) => allowed === batchSize))
    return `batch_size must be one of ${apiLimits.batchSize.join(', ')}, got ${batchSize}`
  if (!grid.includes(trainFlops)) return `train_flops must be one of ${grid.join(', ')}, got ${trainFlops}`
  return dModel % numHeads === 0 ? null : `d_model ${dModel} must be divisible by num_heads ${numHeads}`
}
