import type { Config } from '../../core/config.ts'
import { parameterTokens } from '../../core/flops.ts'
import type { Random } from '../../core/random.ts'
import { clamp } from '../../core/range.ts'
import { roundRate } from '../../space/limits.ts'
import type { Space } from '../../space/space.ts'
import { configWith } from '../../space/space.ts'

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
export function configOfUnit<C extends Config>(
  unit: readonly number[],
  trainFlops: number,
  space: Space<C>,
  reach: Reach,
): C | null {
  const { limits } = space
  const [data, shape, rate, batch] = unit
  const { models } = limits
  const [few, many] = reach.tokensPerParameter.map((tpp) => Math.sqrt(parameterTokens(trainFlops) / tpp))
  const sizes = [clamp(many, models.parameters), clamp(few, models.parameters)] as const
  const model = models.near(between(sizes, data), between(reach.widthPerLayer, shape))
  if (model === null) return null
  const { least, most } = limits.learningRate
  const learningRate = roundRate(between([least, most], rate), limits.learningRate)
  const batchSize = limits.batchSize[Math.min(limits.batchSize.length - 1, Math.floor(batch * limits.batchSize.length))]
  return configWith<C>(model, { batchSize, learningRate, trainFlops })
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
