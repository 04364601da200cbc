import { parameterTokens } from '../core/flops.ts'
import type { Range } from '../core/range.ts'
import { clamp, logRange } from '../core/range.ts'
import type { Limits } from '../space/limits.ts'
import type { Place } from '../space/space.ts'
import { bestJointRate, jointIndex } from './law.ts'
import type { JointMode } from './mode.ts'

/** Which sizes come into question at so many FLOPs: from 1000 tokens per parameter to one, as far as the limits go; ln. */
export function sizesAt(flops: number, { models: { parameters } }: Limits): Range {
  const size = (tokensPerParameter: number) => Math.sqrt(parameterTokens(flops) / tokensPerParameter)
  return logRange({ least: clamp(size(1000), parameters), most: clamp(size(1), parameters) })
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
    return { ...place, rate: clamp(bestJointRate(theta, mode.pointAt(place)), rates) }
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
