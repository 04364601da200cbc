/**
 * The counting conventions. This is the only file where 6ND and 12 n d^2 are written.
 *
 * N parameters, D tokens, C training FLOPs. `C = 6 N D`: two FLOPs a parameter and token forward, four backward
 * (Kaplan et al. 2020, section 2.1).
 */

/** Training FLOPs of a model of N parameters on D tokens. */
export const trainFlops = (N: number, D: number): number => 6 * N * D

/** Tokens that C training FLOPs pay for with a model of N parameters. */
export const tokensFor = (C: number, N: number): number => C / (6 * N)

/** Parameters of the model that C training FLOPs train on D tokens. */
export const parametersFor = (C: number, D: number): number => C / (6 * D)

/** C / 6 = N D, the product that a budget fixes. */
export const parameterTokens = (C: number): number => C / 6

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

/**
 * Where a trainer counts the embedding's V d parameters: nowhere, in the FLOPs alone (so that they cost tokens), or in the FLOPs
 * and in the model's size.
 */
export const embeddingAccountings = ['none', 'tokens', 'tokens-and-size'] as const
export type EmbeddingAccounting = (typeof embeddingAccountings)[number]

/** N as counted. */
export function countedParameters(
  accounting: Accounting,
  { dModel, numLayers, vocabularySize }: { dModel: number; numLayers: number; vocabularySize: number },
): number {
  const embedding = accounting === 'api' ? vocabularySize * dModel : 0
  return nonEmbeddingParameters(dModel, numLayers) + embedding
}
