import { targetLimits } from '../cs336/limits.ts'
import { architecture, nonEmbeddingParameters } from '../cs336/parameters.ts'
import type { Limits } from '../space/limits.ts'
import { headsFor, shapeModels } from '../space/shapes.ts'
import { optimum } from './optimum.ts'
import type { World } from './world.ts'

/** Budgets of a world's profiles, FLOPs. */
const profileBudgets = [1e15, 1e16, 1e17, 1e18, 1e19]

/** A profile reaches from a tenth to ten times the size of the optimum; so many sizes are tried. */
const reach = 10
const sizes = 25

interface ProfilePoint {
  readonly parameters: number
  readonly loss: number
}

/** What one budget buys in a world. */
export interface WorldProfile {
  readonly flops: number
  /** Ascending in size: the noise-free loss with the best rate and batch. */
  readonly points: readonly ProfilePoint[]
  /** The best of all legal shapes, which may lie a little below the points. */
  readonly best: ProfilePoint
}

/** The true IsoFLOP profiles of a world: at each size the loss of a model as wide per layer as the best one, well tuned. */
export const worldProfiles = (world: World, budgets: readonly number[] = profileBudgets): WorldProfile[] =>
  budgets.map((flops) => {
    const { config, loss } = optimum(world, flops)
    const parameters = nonEmbeddingParameters(config.dModel, config.numLayers)
    const ratios = Array.from({ length: sizes }, (_, k) => reach ** ((2 * k) / (sizes - 1) - 1))
    const shapes = ratios.map((ratio) => scaled(config, ratio))
    const unlike = shapes.filter(([d, n], k) => k === 0 || d !== shapes[k - 1][0] || n !== shapes[k - 1][1])
    const points = unlike.map(([dModel, numLayers]) => ({
      parameters: nonEmbeddingParameters(dModel, numLayers),
      loss: optimum(world, flops, fixed(dModel, numLayers)).loss,
    }))
    return { flops, points: points.sort((p, q) => p.parameters - q.parameters), best: { parameters, loss } }
  })

/** A legal shape with about so many times the parameters. */
function scaled(shape: { dModel: number; numLayers: number }, ratio: number): [dModel: number, numLayers: number] {
  const numLayers = Math.max(1, Math.round(shape.numLayers * Math.cbrt(ratio)))
  const wanted = shape.dModel * Math.sqrt((ratio * shape.numLayers) / numLayers)
  let dModel = Math.max(targetLimits.models.dModel.least, Math.round(wanted))
  while (headsFor(dModel, targetLimits.models) === null) dModel++
  return [dModel, numLayers]
}

const fixed = (dModel: number, numLayers: number): Limits => ({
  ...targetLimits,
  models: shapeModels(architecture, {
    ...targetLimits.models,
    dModel: { least: dModel, most: dModel },
    numLayers: { least: numLayers, most: numLayers },
  }),
})
