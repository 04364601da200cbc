import type { TrainingConfig } from '../core/config.ts'
import { nonEmbeddingParameters, parameterTokens } from '../core/flops.ts'
import type { Limits, Range } from '../core/limits.ts'
import { bestJointRate, jointIndex } from './law.ts'
import type { JointMode } from './mode.ts'

/** A configuration in continuous terms, width and depth as real numbers. */
export interface Place {
  /** ln of non-embedding parameters. */
  readonly size: number
  /** ln of the learning rate. */
  readonly rate: number
  /** ln of d_model / layers. */
  readonly ratio: number
  readonly batchSize: number
  readonly flops: number
}

/** The configuration of a place; its width and depth are not whole. */
export function configAt({ size, rate, ratio, batchSize, flops }: Place): TrainingConfig {
  const widthPerLayer = Math.exp(ratio)
  const numLayers = Math.cbrt(Math.exp(size) / nonEmbeddingParameters(widthPerLayer, 1))
  const learningRate = Math.exp(rate)
  return { dModel: numLayers * widthPerLayer, numLayers, numHeads: 1, batchSize, learningRate, trainFlops: flops }
}

/** The place of a configuration. */
export const placeOf = ({ dModel, numLayers, learningRate, batchSize, trainFlops }: TrainingConfig): Place => ({
  size: Math.log(nonEmbeddingParameters(dModel, numLayers)),
  rate: Math.log(learningRate),
  ratio: Math.log(dModel / numLayers),
  batchSize,
  flops: trainFlops,
})

export const logRange = ({ least, most }: Range): Range => ({ least: Math.log(least), most: Math.log(most) })
export const clamp = (x: number, { least, most }: Range): number => Math.min(Math.max(x, least), most)

/** Which sizes come into question at so many FLOPs: from 1000 tokens per parameter to one, as far as the limits go; ln. */
export function sizesAt(flops: number, { dModel, numLayers }: Limits): Range {
  const size = (tokensPerParameter: number) => Math.sqrt(parameterTokens(flops) / tokensPerParameter)
  const least = nonEmbeddingParameters(dModel.least, numLayers.least)
  const most = nonEmbeddingParameters(dModel.most, numLayers.most)
  return logRange({ least: clamp(size(1000), { least, most }), most: clamp(size(1), { least, most }) })
}

/** The lowest place of a function of size and rate within ranges, from a start, by a pattern search to `finest` in ln. */
export function descend(
  start: Place,
  loss: (place: Place) => number,
  sizes: Range,
  rates: Range,
  { first = 0.4, finest = 0.01 } = {},
): { place: Place; loss: number } {
  let place = start
  let value = loss(start)
  for (let step = first; step > finest; ) {
    const moved = [{ size: step }, { size: -step }, { rate: step }, { rate: -step }].some(({ size = 0, rate = 0 }) => {
      const trial = { ...place, size: clamp(place.size + size, sizes), rate: clamp(place.rate + rate, rates) }
      const next = loss(trial)
      if (next >= value) return false
      place = trial
      value = next
      return true
    })
    if (!moved) step /= 2
  }
  return { place, loss: value }
}

/** Steps in ln size of the scan that finds the valley. */
const scanStep = 0.25

/** Where a law, of all or some coefficients of a mode, expects the least loss at so many FLOPs, at its best shape. */
export function bestPlace(
  mode: JointMode,
  theta: Float64Array,
  loss: (place: Place) => number,
  flops: number,
  limits: Limits,
): Place {
  const sizes = sizesAt(flops, limits)
  const rates = logRange(limits.learningRate)
  const ratio = theta[jointIndex.ratio]
  const ratedAt = (size: number, batchSize: number): Place => {
    const place = { size, rate: 0, ratio, batchSize, flops }
    return { ...place, rate: clamp(bestJointRate(theta, mode.point(configAt(place))), rates) }
  }
  let best: { place: Place; loss: number } | null = null
  for (const batchSize of limits.batchSize)
    for (let size = sizes.least; size <= sizes.most; size += scanStep) {
      const place = ratedAt(size, batchSize)
      const value = loss(place)
      if (best === null || value < best.loss) best = { place, loss: value }
    }
  if (best === null) throw new Error('the limits leave no size')
  return descend(best.place, loss, sizes, rates, { first: scanStep / 2, finest: 2e-3 }).place
}
