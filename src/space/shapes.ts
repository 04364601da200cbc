import { clamp, type Range } from '../core/range.ts'
import type { Field } from './codec.ts'
import type { Models } from './limits.ts'
import type { ModelWords } from './space.ts'

/** Width, depth and heads of a Transformer. */
export interface Shape {
  /** Width of the residual stream. */
  readonly dModel: number
  readonly numLayers: number
  readonly numHeads: number
}

/** How a shape is written, and told. */
export const shapeFields: readonly Field[] = [
  { key: 'dModel', name: 'd_model', brief: 'd', kind: 'whole' },
  { key: 'numLayers', name: 'num_layers', brief: 'n', kind: 'whole' },
  { key: 'numHeads', name: 'num_heads', brief: 'h', kind: 'whole' },
]

export const shapeWords: ModelWords = {
  keys: ['dModel', 'numLayers', 'numHeads'],
  head: 'd × n / heads',
  legend: 'd × n / heads: d_model, layers and heads.',
  joints: [' × ', ' / '],
  words: [
    { title: 'd_model', before: 'd_model ' },
    { title: 'layers', one: ' layer', more: ' layers' },
    { title: 'heads', one: ' head', more: ' heads' },
  ],
}

/** How the parameters of a family follow from width and depth; real numbers, too. */
export interface Architecture {
  /** Non-embedding parameters. */
  parameters(dModel: number, numLayers: number): number
  /** Layers of a model of so many parameters whose width is `ratio` times its layers. */
  depthFor(parameters: number, ratio: number): number
  /** Width of a model of so many parameters and layers. */
  widthFor(parameters: number, numLayers: number): number
}

/** Which shapes are legal. */
export interface ShapeLimits {
  readonly dModel: Range
  readonly numLayers: Range
  readonly numHeads: Range
  /** d_model / num_heads, which has to be whole. */
  readonly headDimension: Range
  /** Heads share keys and values in groups, so that their number has to be a multiple of this; default 1. */
  readonly headMultiple?: number
  /** Widths are multiples of this; default 32 from 256 on and 8 below when they are chosen, and any whole number when they are judged. */
  readonly widthMultiple?: number
}

/** Legal shapes of a family, and which of them is near. */
export interface ShapeModels extends Models<Shape>, ShapeLimits {
  readonly architecture: Architecture
}

/** Where nothing decides, the usual is chosen: heads of 64, a width of 64 per layer, a rate of 1e-3. */
export const usualShape = { headDimension: 64, widthPerLayer: 64, learningRate: 1e-3 } as const

/** The legal number of heads whose dimension is nearest to 64; null where this width has none. */
export function headsFor(dModel: number, limits: ShapeLimits): number | null {
  const { numHeads, headDimension, headMultiple = 1, widthMultiple = 1 } = limits
  if (dModel % widthMultiple !== 0) return null
  const distance = (heads: number) => Math.abs(Math.log(dModel / heads / usualShape.headDimension))
  const least = Math.max(numHeads.least, Math.ceil(dModel / headDimension.most))
  const most = Math.min(numHeads.most, Math.floor(dModel / headDimension.least))
  const isLegal = (heads: number) => dModel % heads === 0 && heads % headMultiple === 0
  // Outwards from heads of 64, so that a width of a million with heads of any dimension takes a few steps, not a million.
  const usual = Math.floor(dModel / usualShape.headDimension)
  let below = Math.min(usual, most)
  while (below >= least && !isLegal(below)) below--
  let above = Math.max(usual + 1, least)
  while (above <= most && !isLegal(above)) above++
  if (below < least) return above <= most ? above : null
  return above <= most && distance(above) < distance(below) ? above : below
}

/** Widths are multiples of this, so that heads of a usual dimension divide them: of 32 from 256 on, of 8 below. */
const widthStep = (width: number, { widthMultiple }: ShapeLimits): number => widthMultiple ?? (width >= 256 ? 32 : 8)

/** The shapes of a family within limits. Errors: an Error where no width has a legal number of heads. */
export function shapeModels(architecture: Architecture, limits: ShapeLimits): ShapeModels {
  const { dModel, numLayers } = limits
  const near = (parameters: number, ratio: number) => nearShape(parameters, ratio, architecture, limits)
  return {
    ...limits,
    architecture,
    parameters: {
      least: architecture.parameters(dModel.least, numLayers.least),
      most: architecture.parameters(dModel.most, numLayers.most),
    },
    near,
    around(parameters, ratio) {
      const found = [0.7, 0.85, 1, 1.2, 1.45].flatMap((factor) => near(parameters, ratio * factor) ?? [])
      return [...new Map(found.map((shape) => [`${shape.dModel}/${shape.numLayers}`, shape])).values()]
    },
    usual: (parameters) => shapeByHand(parameters, architecture, limits),
  }
}

function nearShape(
  parameters: number,
  ratio: number,
  { depthFor, widthFor }: Architecture,
  limits: ShapeLimits,
): Shape | null {
  const depth = depthFor(parameters, ratio)
  const numLayers = clamp(Math.max(1, Math.round(depth)), limits.numLayers)
  const width = widthFor(parameters, numLayers)
  const step = widthStep(width, limits)
  const dModel = clamp(step * Math.max(1, Math.round(width / step)), limits.dModel)
  const numHeads = headsFor(dModel, limits)
  return numHeads === null ? null : { dModel, numLayers, numHeads }
}

/** How much a factor of e from the usual width per layer counts beside one from the wanted size; squares are added. */
const oddityWeight = 0.05

/**
 * The legal shape of about so many non-embedding parameters: of the widths that heads of dimension 64 divide, the one that, with
 * a whole number of layers, comes near to the size and to a width of 64 per layer. Where none of them is legal, of all widths.
 */
function shapeByHand(parameters: number, architecture: Architecture, limits: ShapeLimits): Shape {
  const { headDimension, widthPerLayer } = usualShape
  const found = [headDimension, limits.widthMultiple ?? 8, 1].map((step) => {
    let best: { shape: Shape; cost: number } | null = null
    const first = Math.ceil(limits.dModel.least / step) * step
    for (let dModel = first; dModel <= limits.dModel.most; dModel += step) {
      const numHeads = headsFor(dModel, limits)
      if (numHeads === null) continue
      const numLayers = clamp(Math.round(parameters / architecture.parameters(dModel, 1)), limits.numLayers)
      const shape = { dModel, numLayers, numHeads }
      const oddity = Math.log(dModel / numLayers / widthPerLayer)
      const cost = Math.log(architecture.parameters(dModel, numLayers) / parameters) ** 2 + oddityWeight * oddity ** 2
      if (best === null || cost < best.cost) best = { shape, cost }
    }
    return best?.shape
  })
  const shape = found.find((candidate) => candidate !== undefined)
  if (shape === undefined) throw new Error('no width within the limits has a legal number of heads')
  return shape
}
