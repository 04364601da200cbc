import type { Limits } from '../space/limits.ts'
import { type Shape, type ShapeLimits, type ShapeModels, shapeModels } from '../space/shapes.ts'
import { architecture } from './parameters.ts'

/** Which values the training API accepts (course handout, CS336 assignment 3). */
export const apiLimits = {
  dModel: { least: 64, most: 1024 },
  numLayers: { least: 2, most: 24 },
  numHeads: { least: 2, most: 16 },
  batchSize: [128, 256],
  learningRate: { least: 1e-4, most: 1e-3 },
  trainFlops: [1e13, 3e13, 6e13, 1e14, 3e14, 6e14, 1e15, 3e15, 6e15, 1e16, 3e16, 6e16, 1e17, 3e17, 6e17, 1e18],
} as const

/** Which values a prediction of the run at 1e19 FLOPs may have; its batch is one of the API's. */
export const predictionLimits = {
  dModel: { least: 1, most: 65_536 },
  numLayers: { least: 1, most: 1024 },
  numHeads: { least: 1, most: 1024 },
  learningRate: { least: 1e-7, most: 1 },
  loss: { least: 0, most: 20 },
} as const

/** The context length of the course's model, tokens. */
export const contextLength = 512

/** The size of the course's vocabulary. */
export const vocabularySize = 32_000

/** FLOPs that a key of the course's API may spend. */
export const apiBudget = 2e18

/** FLOPs of the run that a campaign predicts. */
export const targetFlops = 1e19

/** Limits whose models are shapes. */
export interface ShapedLimits extends Limits<Shape> {
  readonly models: ShapeModels
}

const limitsOf = (shapes: ShapeLimits, learningRate: Limits['learningRate']): ShapedLimits => ({
  models: shapeModels(architecture, shapes),
  batchSize: apiLimits.batchSize,
  learningRate,
})

/**
 * The target run of the assignment: free in every hyperparameter except the batch. Any whole d_model for which some number of
 * heads gives a head dimension between 32 and 128 is legal, not only multiples of 8: a submission may be any of them, and none
 * should beat the optimum.
 */
export const targetLimits = limitsOf(
  {
    dModel: { least: 32, most: 65_536 },
    numLayers: { least: 1, most: 256 },
    numHeads: { least: 1, most: 2048 },
    headDimension: { least: 32, most: 128 },
  },
  { least: 1e-7, most: 1 },
)

/** What the training API answers: 2 to 16 heads that divide d_model, of any dimension. */
export const queryLimits = limitsOf(
  {
    dModel: apiLimits.dModel,
    numLayers: apiLimits.numLayers,
    numHeads: apiLimits.numHeads,
    headDimension: { least: 1, most: apiLimits.dModel.most },
  },
  apiLimits.learningRate,
)
