import type { JointMode } from '../../joint/mode.ts'
import { cholesky } from '../../numeric/cholesky.ts'
import { dot, times } from '../../numeric/matrix.ts'
import type { Place } from '../../space/space.ts'

/** What is at stake at the target. */
export const stakeNames = ['loss', 'size', 'rate', 'shape', 'batch'] as const
export type StakeName = (typeof stakeNames)[number]

/** A quantity at the target whose uncertainty costs: its sensitivity to the coefficients, and nats for each unit of variance. */
export interface Stake {
  readonly name: StakeName
  readonly sensitivity: Float64Array
  readonly worth: number
}

/** Nats that a squared nat of variance of the predicted loss is worth: a standard deviation of 0.02 counts as 0.004. */
export const lossWorth = 10

const axes = ['size', 'rate', 'ratio'] as const
const axisStake = { size: 'size', rate: 'rate', ratio: 'shape' } as const
/** Step of the differences along the axes, ln. */
const step = 0.05
/** Least curvature, nats per squared ln: a flat valley is no reason for infinite steps. */
const leastCurvature = 1e-4

/**
 * What matters at a mode's best place (E53): the loss there; size, rate and shape, whose error costs half the curvature times its
 * square; and which of the batches is better, whose error costs the difference.
 */
export function stakesAt(mode: JointMode, best: Place, batches: readonly number[]): Stake[] {
  const at = (place: Place) => {
    const sensitivity = new Float64Array(mode.size)
    const loss = mode.loss(mode.pointAt(place), sensitivity)
    return { loss, sensitivity }
  }
  const centre = at(best)
  const others = batches.filter((batchSize) => batchSize !== best.batchSize)
  return [
    { name: 'loss', sensitivity: centre.sensitivity, worth: lossWorth },
    ...placeStakes(best, at),
    ...others.flatMap((batchSize) => batchStake(mode, centre, at({ ...best, batchSize }))),
  ]
}

interface Evaluated {
  readonly loss: number
  readonly sensitivity: Float64Array
}

/** Expected regret to second order is half the trace of H^-1 G Sigma G', G the sensitivity of the slope and H the curvature. */
function placeStakes(best: Place, at: (place: Place) => Evaluated): Stake[] {
  const slopes = axes.map((axis) => {
    const up = at({ ...best, [axis]: best[axis] + step }).sensitivity
    const down = at({ ...best, [axis]: best[axis] - step }).sensitivity
    return up.map((value, k) => (value - down[k]) / (2 * step))
  })
  const L = cholesky(
    curvature(best, (place) => at(place).loss),
    axes.length,
  )
  if (L === null) return []
  const rows: Float64Array[] = []
  axes.forEach((_, i) => {
    // Row i of L^-1 G.
    const row = Float64Array.from(slopes[i])
    for (let k = 0; k < row.length; k++) {
      for (let j = 0; j < i; j++) row[k] -= L[i * axes.length + j] * rows[j][k]
      row[k] /= L[i * axes.length + i]
    }
    rows.push(row)
  })
  return axes.map((axis, i) => ({ name: axisStake[axis], sensitivity: rows[i], worth: 0.5 }))
}

/** The second derivatives of the loss along the axes by central differences, with at least `leastCurvature` on the diagonal. */
function curvature(best: Place, loss: (place: Place) => number): Float64Array {
  const n = axes.length
  const H = new Float64Array(n * n)
  const moved = (i: number, u: number, j: number, v: number): Place => {
    const place = { ...best, [axes[i]]: best[axes[i]] + u * step }
    return { ...place, [axes[j]]: place[axes[j]] + v * step }
  }
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const mixed = [
        [1, 1],
        [1, -1],
        [-1, 1],
        [-1, -1],
      ].reduce((sum, [u, v]) => sum + u * v * loss(moved(i, u, j, v)), 0)
      H[i * n + j] = mixed / (4 * step * step)
    }
  for (let i = 0; i < n; i++) H[i * n + i] = 1.01 * Math.max(H[i * n + i], leastCurvature)
  return H
}

/** Choosing the wrong one of two costs sd (phi(t) - t Phi(-t)) on average, t the difference over its sd; by variance phi(t) / 2 sd. */
function batchStake(mode: JointMode, best: Evaluated, other: Evaluated): Stake[] {
  const sensitivity = other.sensitivity.map((value, k) => value - best.sensitivity[k])
  const sd = Math.sqrt(dot(sensitivity, times(mode.fitted.covariance, sensitivity)))
  if (!(sd > 0)) return []
  const t = (other.loss - best.loss) / sd
  const density = Math.exp(-0.5 * t * t) / Math.sqrt(2 * Math.PI)
  return [{ name: 'batch', sensitivity, worth: density / (2 * sd) }]
}
