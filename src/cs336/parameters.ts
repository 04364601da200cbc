/** How the course's training API counts parameters. This is the only file where 12 n d^2 is written. */

import type { Architecture } from '../space/shapes.ts'

/**
 * Non-embedding parameters of a Transformer with a feed-forward width of 4 d_model: 4 d^2 for attention and 8 d^2 for the
 * feed-forward block in each layer (CS336 assignment 3 reports model sizes this way).
 */
export const nonEmbeddingParameters = (dModel: number, numLayers: number): number => 12 * numLayers * dModel * dModel

/**
 * How parameters are counted. `api`: as the course's training API does, one embedding matrix included
 * (deduced from its answers); `non-embedding`: 12 n d^2 alone, as the assignment reports sizes.
 */
export const accountings = ['api', 'non-embedding'] as const
export type Accounting = (typeof accountings)[number]

/** N as counted. */
export function countedParameters(
  accounting: Accounting,
  { dModel, numLayers, vocabularySize }: { dModel: number; numLayers: number; vocabularySize: number },
): number {
  const embedding = accounting === 'api' ? vocabularySize * dModel : 0
  return nonEmbeddingParameters(dModel, numLayers) + embedding
}

/** The course's family: width and depth of so many parameters. */
export const architecture: Architecture = {
  parameters: nonEmbeddingParameters,
  depthFor: (parameters, ratio) => Math.cbrt(parameters / nonEmbeddingParameters(ratio, 1)),
  widthFor: (parameters, numLayers) => Math.sqrt(parameters / nonEmbeddingParameters(1, numLayers)),
}
