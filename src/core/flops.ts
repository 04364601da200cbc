/**
 * The counting conventions. This is the only file where 6ND is written.
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
 * Where a trainer counts the embedding's V d parameters: nowhere, in the FLOPs alone (so that they cost tokens), or in the FLOPs
 * and in the model's size.
 */
export const embeddingAccountings = ['none', 'tokens', 'tokens-and-size'] as const
export type EmbeddingAccounting = (typeof embeddingAccountings)[number]
