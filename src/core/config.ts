/** What to train: the hyperparameters that the training API takes, and the FLOPs to spend. */
export interface TrainingConfig {
  /** Width of the residual stream. */
  readonly dModel: number
  readonly numLayers: number
  readonly numHeads: number
  /** Sequences of 512 tokens in a step. */
  readonly batchSize: number
  /** Peak learning rate of the cosine schedule. */
  readonly learningRate: number
  readonly trainFlops: number
}

/** Which values the training API accepts (course handout, CS336 assignment 3). */
export const apiLimits = {
  dModel: { least: 64, most: 1024 },
  numLayers: { least: 2, most: 24 },
  numHeads: { least: 2, most: 16 },
  batchSize: [128, 256],
  learningRate: { least: 1e-4, most: 1e-3 },
  trainFlops: [1e13, 3e13, 6e13, 1e14, 3e14, 6e14, 1e15, 3e15, 6e15, 1e16, 3e16, 6e16, 1e17, 3e17, 6e17, 1e18],
} as const

/** The context length of the course's model, tokens. */
export const contextLength = 512

/** The size of the course's vocabulary. */
export const vocabularySize = 32_000

/** FLOPs that a key of the course's API may spend. */
export const apiBudget = 2e18

/** FLOPs of the run that a campaign predicts. */
export const targetFlops = 1e19

/** The canonical text of a configuration: equal configurations have equal texts, on every machine. */
export const configIdentity = ({
  dModel,
  numLayers,
  numHeads,
  batchSize,
  learningRate,
  trainFlops,
}: TrainingConfig): string => [dModel, numLayers, numHeads, batchSize, learningRate, trainFlops].join('/')
