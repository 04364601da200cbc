import { nonEmbeddingParameters, tokensFor } from '../core/flops.ts'
import { type Run, type Runs, runsOf } from '../core/run.ts'
import { type Limits, optimum, targetLimits } from './optimum.ts'
import type { World } from './world.ts'

/** Budgets of a world's profiles, FLOPs. */
const profileBudgets = [1e15, 1e16, 1e17, 1e18, 1e19]

/** Sizes of a profile, over the best one. */
const sizeRatios = [0.1, 0.2, 0.35, 0.6, 1, 1.7, 3, 5, 10]

/** The noise-free IsoFLOP profiles of a world: at each size, about 64 wide per layer, the loss with the best rate and batch. */
export function worldProfiles(world: World): Runs {
  return runsOf(
    profileBudgets.flatMap((flops) => {
      const { config } = optimum(world, flops)
      const best = nonEmbeddingParameters(config.dModel, config.numLayers)
      const shapes = new Map(sizeRatios.map((ratio) => shapeOf(best * ratio)).map((shape) => [shape.join(), shape]))
      return [...shapes.values()].map(([dModel, numLayers]): Run => {
        const fixed: Limits = {
          ...targetLimits,
          dModel: { least: dModel, most: dModel },
          numLayers: { least: numLayers, most: numLayers },
        }
        const { loss } = optimum(world, flops, fixed)
        const parameters = nonEmbeddingParameters(dModel, numLayers)
        return { parameters, tokens: tokensFor(flops, parameters), flops, loss }
      })
    }),
  )
}

/** A width, a multiple of 32, and a depth with about so many parameters. */
function shapeOf(parameters: number): [dModel: number, numLayers: number] {
  const numLayers = Math.max(1, Math.round(Math.cbrt(parameters / nonEmbeddingParameters(64, 1))))
  const width = Math.sqrt(parameters / nonEmbeddingParameters(1, numLayers))
  return [Math.max(32, 32 * Math.round(width / 32)), numLayers]
}
