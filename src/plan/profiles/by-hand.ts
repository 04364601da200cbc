import type { TrainingConfig } from '../../core/config.ts'
import { nonEmbeddingParameters } from '../../core/flops.ts'
import { headsFor, type Limits, usualShape } from '../../core/limits.ts'
import { clamp } from '../../joint/place.ts'

/** Width, depth and heads of a model. */
export type Shape = Pick<TrainingConfig, 'dModel' | 'numLayers' | 'numHeads'>

/** Non-embedding parameters. */
export const sizeOf = ({ dModel, numLayers }: Shape): number => nonEmbeddingParameters(dModel, numLayers)

/** How much a factor of e from the usual width per layer counts beside one from the wanted size; squares are added. */
const oddityWeight = 0.05

/**
 * The legal shape of about so many non-embedding parameters: of the widths that heads of dimension 64 divide, the one that, with
 * a whole number of layers, comes near to the size and to a width of 64 per layer.
 */
export function shapeByHand(parameters: number, limits: Limits): Shape {
  const { headDimension, widthPerLayer } = usualShape
  let best: { shape: Shape; cost: number } | null = null
  const first = Math.ceil(limits.dModel.least / headDimension) * headDimension
  for (let dModel = first; dModel <= limits.dModel.most; dModel += headDimension) {
    const numHeads = headsFor(dModel, limits)
    if (numHeads === null) continue
    const numLayers = clamp(Math.round(parameters / nonEmbeddingParameters(dModel, 1)), limits.numLayers)
    const shape = { dModel, numLayers, numHeads }
    const oddity = Math.log(dModel / numLayers / widthPerLayer)
    const cost = Math.log(sizeOf(shape) / parameters) ** 2 + oddityWeight * oddity ** 2
    if (best === null || cost < best.cost) best = { shape, cost }
  }
  if (best === null) throw new Error('no width within the limits is a multiple of 64')
  return best.shape
}

/** The shapes of these sizes, each once: beyond what the limits allow they are equal. */
export function shapesOf(sizes: readonly number[], limits: Limits): Shape[] {
  const shapes = sizes.map((size) => shapeByHand(size, limits))
  return [...new Map(shapes.map((shape) => [sizeOf(shape), shape])).values()]
}

/** Digits of the rates that people type. */
export const rateDigits = 2

export const text = (x: number): string => {
  const [mantissa, power] = x.toExponential(2).split('e')
  return Math.abs(Number(power)) < 3 ? String(Number(x.toPrecision(3))) : `${Number(mantissa)}e${Number(power)}`
}
