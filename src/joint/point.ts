import type { Config } from '../core/config.ts'
import type { EmbeddingAccounting } from '../core/flops.ts'
import type { Measure, Measuring, Place } from '../space/space.ts'
import { type JointPoint, jointReference } from './law.ts'

/** A configuration as the joint law sees it. */
export const jointPoint = (space: Measuring, config: Config, accounting: EmbeddingAccounting): JointPoint =>
  pointOf(space.measure(config, accounting), config.learningRate, config.trainFlops)

/** A place as the joint law sees it: its model need not exist. */
export const jointPointAt = (space: Measuring, place: Place, accounting: EmbeddingAccounting): JointPoint =>
  pointOf(space.measureAt(place, accounting), Math.exp(place.rate), place.flops)

const pointOf = (
  { core, size, tokens, stepTokens, ratio }: Measure,
  learningRate: number,
  trainFlops: number,
): JointPoint => ({
  size: Math.log(size / jointReference.parameters),
  tokens: Math.log(tokens / jointReference.tokens),
  core: Math.log(core / jointReference.parameters),
  rate: Math.log(learningRate),
  batch: Math.log(stepTokens / jointReference.stepTokens),
  ratio: Math.log(ratio),
  steps: Math.log(tokens / stepTokens),
  compute: Math.log(trainFlops / jointReference.trainFlops),
})
