import { parameterTokens } from '../../core/flops.ts'
import { pointsOf, type TunedData } from '../../fit/tuned/data.ts'
import type { TunedFit } from '../../fit/tuned/fit.ts'
import { bestTunedBatch, bestTunedRate, bestTunedSize, type TunedPoint } from '../../law/tuned.ts'
import { isBudget, type PoolTarget, type Settings } from './pool.ts'

/** Sizes about the law's best one by which the best of a budget is judged, as factors: an error of a factor 2 is seen. */
const sizes = [0.5, Math.SQRT1_2, 1, Math.SQRT2, 2] as const

/** The runs that a target is: those given, or sizes about the most believed law's best one with so many FLOPs on fresh data. */
export function regionOf(target: PoolTarget, { data, modes }: TunedFit): Settings {
  if (!isBudget(target)) return target
  const { parameters: N0, tokens: D0 } = data.reference
  const product = parameterTokens(target.bestAt)
  const best = N0 * Math.exp(bestTunedSize(modes[0].theta, Math.log(product / (N0 * D0))))
  const parameters = Float64Array.from(sizes, (factor) => factor * best)
  return {
    size: sizes.length,
    parameters,
    tokens: parameters.map((N) => product / N),
    flops: new Float64Array(sizes.length).fill(target.bestAt),
  }
}

/** A run of the target as a law sees it. */
export type Aim = (theta: Float64Array) => TunedPoint

/** Each run of a region as any law of these data sees it: at that law's best rate or batch where the run does not say its own. */
export function aimsOf(region: Settings, data: Pick<TunedData, 'reference' | 'features'>): Aim[] {
  const { tuning } = region
  const isSaid = (name: 'rate' | 'batch', i: number) => !data.features.has(name) || (tuning?.[name]?.[i] ?? 0) > 0
  return pointsOf(region, data).map((point, i) => {
    const [hasRate, hasBatch] = [isSaid('rate', i), isSaid('batch', i)]
    if (hasRate && hasBatch) return () => point
    return (theta) => {
      const batch = hasBatch ? point.batch : bestTunedBatch(theta, point.tokens)
      return { ...point, batch, rate: hasRate ? point.rate : bestTunedRate(theta, { ...point, batch }) }
    }
  })
}
