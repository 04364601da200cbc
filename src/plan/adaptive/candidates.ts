import type { TrainingConfig } from '../../core/config.ts'
import { nonEmbeddingParameters, parameterTokens } from '../../core/flops.ts'
import { headsFor, type Limits, roundRate } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import { clamp } from '../../joint/place.ts'
import type { Space } from '../strategy.ts'

type Shape = Pick<TrainingConfig, 'dModel' | 'numLayers' | 'numHeads'>

/** Widths are multiples of this, so that heads of a usual dimension divide them: of 32 from 256 on, of 8 below. */
const widthStep = (width: number): number => (width >= 256 ? 32 : 8)

/**
 * The legal width, depth and heads with about so many non-embedding parameters and about this d_model / layers. Null where no
 * number of heads divides the width.
 */
export function shapeOf(parameters: number, ratio: number, limits: Limits): Shape | null {
  const depth = Math.cbrt(parameters / nonEmbeddingParameters(ratio, 1))
  const numLayers = clamp(Math.max(1, Math.round(depth)), limits.numLayers)
  const width = Math.sqrt(parameters / nonEmbeddingParameters(1, numLayers))
  const step = widthStep(width)
  const dModel = clamp(step * Math.max(1, Math.round(width / step)), limits.dModel)
  const numHeads = headsFor(dModel, limits)
  return numHeads === null ? null : { dModel, numLayers, numHeads }
}

/** Legal shapes near so many parameters, by the depths about the wanted one: what rounding leaves to choose from. */
export function shapesNear(parameters: number, ratio: number, limits: Limits): Shape[] {
  const near = [0.7, 0.85, 1, 1.2, 1.45].flatMap((factor) => shapeOf(parameters, ratio * factor, limits) ?? [])
  return [...new Map(near.map((shape) => [`${shape.dModel}/${shape.numLayers}`, shape])).values()]
}

/** Tokens per parameter and d_model / layers of what may be asked, uniform in their logarithms. */
export interface Reach {
  readonly tokensPerParameter: readonly [number, number]
  readonly widthPerLayer: readonly [number, number]
}

const between = ([low, high]: readonly [number, number], u: number): number => low * (high / low) ** u

/**
 * The configuration at a place of the unit cube: tokens per parameter, shape, rate, batch. Null where the limits have no such
 * model. Beyond the limits' sizes the nearest one is taken.
 */
export function configOfUnit(
  unit: readonly number[],
  trainFlops: number,
  space: Space,
  reach: Reach,
): TrainingConfig | null {
  const { limits } = space
  const [data, shape, rate, batch] = unit
  const { least, most } = {
    least: nonEmbeddingParameters(limits.dModel.least, limits.numLayers.least),
    most: nonEmbeddingParameters(limits.dModel.most, limits.numLayers.most),
  }
  const [few, many] = reach.tokensPerParameter.map((tpp) => Math.sqrt(parameterTokens(trainFlops) / tpp))
  const sizes = [clamp(many, { least, most }), clamp(few, { least, most })] as const
  const found = shapeOf(between(sizes, data), between(reach.widthPerLayer, shape), limits)
  if (found === null) return null
  const learningRate = roundRate(between([limits.learningRate.least, limits.learningRate.most], rate), limits)
  const batchSize = limits.batchSize[Math.min(limits.batchSize.length - 1, Math.floor(batch * limits.batchSize.length))]
  return { ...found, batchSize, learningRate, trainFlops }
}

/** So many places of the unit cube, each coordinate's strata visited once (McKay, Beckman and Conover 1979). */
export function latinHypercube(count: number, dimensions: number, rng: Random): number[][] {
  const columns = Array.from({ length: dimensions }, () => shuffled(count, rng).map((k) => (k + rng.uniform()) / count))
  return Array.from({ length: count }, (_, i) => columns.map((column) => column[i]))
}

/** 0, 1, ..., count - 1 in random order (Fisher and Yates). */
function shuffled(count: number, rng: Random): number[] {
  const order = Array.from({ length: count }, (_, k) => k)
  for (let k = count - 1; k > 0; k--) {
    const j = rng.integer(k + 1)
    ;[order[k], order[j]] = [order[j], order[k]]
  }
  return order
}
