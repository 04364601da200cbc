import type { TrainingConfig } from '../core/config.ts'
import { type EmbeddingAccounting, nonEmbeddingParameters, tokensFor } from '../core/flops.ts'
import { type JointPoint, jointReference } from './law.ts'

/** What is known of the model beside a configuration. */
export interface ModelFacts {
  readonly vocabularySize: number
  /** Tokens of a sequence. */
  readonly contextLength: number
}

/** Tokens that a configuration's FLOPs train on. */
export function accountedTokens(
  { dModel, numLayers, trainFlops }: TrainingConfig,
  accounting: EmbeddingAccounting,
  { vocabularySize }: ModelFacts,
): number {
  const core = nonEmbeddingParameters(dModel, numLayers)
  return tokensFor(trainFlops, accounting === 'none' ? core : core + vocabularySize * dModel)
}

/** A configuration as the joint law sees it. Width and depth need not be whole. */
export function jointPoint(config: TrainingConfig, accounting: EmbeddingAccounting, facts: ModelFacts): JointPoint {
  const { dModel, numLayers, batchSize, learningRate, trainFlops } = config
  const core = nonEmbeddingParameters(dModel, numLayers)
  const size = accounting === 'tokens-and-size' ? core + facts.vocabularySize * dModel : core
  const tokens = accountedTokens(config, accounting, facts)
  const stepTokens = batchSize * facts.contextLength
  return {
    size: Math.log(size / jointReference.parameters),
    tokens: Math.log(tokens / jointReference.tokens),
    core: Math.log(core / jointReference.parameters),
    rate: Math.log(learningRate),
    batch: Math.log(stepTokens / jointReference.stepTokens),
    ratio: Math.log(dModel / numLayers),
    steps: Math.log(tokens / stepTokens),
    compute: Math.log(trainFlops / jointReference.trainFlops),
  }
}
