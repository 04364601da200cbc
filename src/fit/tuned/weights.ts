import { bestTunedPoint, bestTunedSize, type TunedPoint, tunedLoss, tunedSize } from '../../law/tuned.ts'
import type { TunedData } from './data.ts'

/**
 * How much a run tells of the law at large compute (E86). Chosen on held-out parts of public tables, by the mean R^2 there: it
 * changes by less than 0.01 from 0.06 to 0.15 in `spread` and from 0.05 to none in `valley`, where 0.02 loses 0.12 on tables of
 * rates; without weights by compute it is 0.04 lower.
 */
export const weighting = {
  /** Weight (C / Cmax)^compute; half of it where data are repeated, because compute spent on repeats brings no run closer. */
  compute: 1,
  computeRepeated: 0.5,
  /** A run this far above the law's best at its size and tokens has half the weight. */
  spread: 0.06,
  /** The same where only runs near the best are to speak; farther ones fall off faster, with the fourth power. */
  near: 0.015,
  /** So has one whose size is this far from the best of its budget, in loss. */
  valley: 0.05,
} as const

/** ln(C / Cmax)-wide groups of runs whose lowest stands for the best, before there is a law. */
const groupWidth = 0.5

const scratch = new Float64Array(tunedSize)

/** Weights of the runs before there is a law: their excess over the lowest run of about their compute. */
export function firstWeights({ runs, compute, features }: TunedData): Float64Array {
  const group = (i: number) => Math.round(compute[i] / groupWidth)
  const lowest = new Map<number, number>()
  for (let i = 0; i < runs.size; i++)
    lowest.set(group(i), Math.min(lowest.get(group(i)) ?? Number.POSITIVE_INFINITY, runs.loss[i]))
  const power = features.has('repeats') ? weighting.computeRepeated : weighting.compute
  return compute.map((c, i) => Math.exp(power * c) * halfAt(runs.loss[i] / lowest.get(group(i))! - 1, weighting.spread))
}

/** What a weight hangs on: runs that were made, or such as could be made with the loss that the law expects of them. */
export interface Weighed extends Pick<TunedData, 'compute' | 'points' | 'features' | 'floor'> {
  readonly runs: { readonly loss: Float64Array }
}

/** Weights of the runs under a law; with `near` only of those near the best at their size and tokens. */
export function weightsUnder(
  theta: Float64Array,
  { runs, compute, points, features, floor }: Weighed,
  near: boolean,
): Float64Array {
  const power = features.has('repeats') ? weighting.computeRepeated : weighting.compute
  const lossAt = (point: TunedPoint) => tunedLoss(theta, point, scratch)
  return compute.map((c, i) => {
    const { size, tokens, unique } = points[i]
    const here = bestTunedPoint(theta, size, tokens)
    const bestSize = bestTunedSize(theta, size + tokens)
    const best = lossAt(bestTunedPoint(theta, bestSize, size + tokens - bestSize))
    // Where the law is too low for a whole size and length, its runs are no worse for it.
    const reference = Math.max(lossAt({ ...here, unique }), floor[i])
    const above = Math.max(0, runs.loss[i] / reference - 1)
    const spread = near ? halfAt((above / weighting.near) ** 2, 1) : halfAt(above, weighting.spread)
    return Math.exp(power * c) * spread * halfAt(lossAt(here) / best - 1, weighting.valley)
  })
}

export const halfAt = (x: number, half: number): number => 1 / (1 + (x / half) ** 2)
