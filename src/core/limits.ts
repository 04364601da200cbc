import { apiLimits } from './config.ts'

/** From the least to the most allowed value. */
export interface Range {
  readonly least: number
  readonly most: number
}

/** Which configurations may be run. */
export interface Limits {
  readonly dModel: Range
  readonly numLayers: Range
  readonly numHeads: Range
  /** d_model / num_heads, which has to be whole. */
  readonly headDimension: Range
  readonly batchSize: readonly number[]
  readonly learningRate: Range
}

/**
 * The target run of the assignment: free in every hyperparameter except the batch. Any whole d_model for which some number of
 * heads gives a head dimension between 32 and 128 is legal, not only multiples of 8: a submission may be any of them, and none
 * should beat the optimum.
 */
export const targetLimits: Limits = {
  dModel: { least: 32, most: 65_536 },
  numLayers: { least: 1, most: 256 },
  numHeads: { least: 1, most: 2048 },
  headDimension: { least: 32, most: 128 },
  batchSize: apiLimits.batchSize,
  learningRate: { least: 1e-7, most: 1 },
}

/** What the training API answers: 2 to 16 heads that divide d_model, of any dimension. */
export const queryLimits: Limits = {
  dModel: apiLimits.dModel,
  numLayers: apiLimits.numLayers,
  numHeads: apiLimits.numHeads,
  headDimension: { least: 1, most: apiLimits.dModel.most },
  batchSize: apiLimits.batchSize,
  learningRate: apiLimits.learningRate,
}

/** Where nothing decides, the usual is chosen: heads of 64, a width of 64 per layer, a rate of 1e-3. */
export const usualShape = { headDimension: 64, widthPerLayer: 64, learningRate: 1e-3 } as const

/** The legal number of heads whose dimension is nearest to 64; null where this width has none. */
export function headsFor(dModel: number, { numHeads, headDimension }: Limits): number | null {
  const distance = (heads: number) => Math.abs(Math.log(dModel / heads / usualShape.headDimension))
  const least = Math.max(numHeads.least, Math.ceil(dModel / headDimension.most))
  const most = Math.min(numHeads.most, Math.floor(dModel / headDimension.least))
  let best: number | null = null
  for (let heads = least; heads <= most; heads++)
    if (dModel % heads === 0 && (best === null || distance(heads) < distance(best))) best = heads
  return best
}

/** A rate as people type it, with so many digits and within the limits. */
export const roundRate = (rate: number, { learningRate: { least, most } }: Limits, digits = 3): number =>
  Math.min(Math.max(Number(rate.toPrecision(digits)), least), most)
