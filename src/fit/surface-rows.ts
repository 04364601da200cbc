import type { Runs } from '../core/run.ts'
import { centredLogs, type LogCentre } from './centred-logs.ts'

/** The runs that count, as columns that are ready for sums of products; `[size]` each. */
export interface SurfaceRows extends LogCentre {
  readonly size: number
  /** ln N and ln D minus their means. */
  readonly x: Float64Array
  readonly y: Float64Array
  /** Loss minus its weighted mean, nats: sums of its products lose no digits to the plateau. */
  readonly excess: Float64Array
  readonly meanLoss: number
  readonly weight: Float64Array
  /** The sum of the weights. */
  readonly total: number
}

/** Runs of weight 0, a third of a resample, are left out. */
export function surfaceRows(runs: Runs, weights?: Float64Array): SurfaceRows {
  const { x, y, meanX, meanY } = centredLogs(runs)
  const columns = weights
    ? counted({ x, y, excess: runs.loss, weight: weights })
    : { x, y, excess: runs.loss.slice(), weight: new Float64Array(runs.size).fill(1) }
  const { excess, weight } = columns
  let total = 0
  let sum = 0
  for (let i = 0; i < weight.length; i++) {
    total += weight[i]
    sum += weight[i] * excess[i]
  }
  const meanLoss = sum / total
  for (let i = 0; i < excess.length; i++) excess[i] -= meanLoss
  return { size: weight.length, ...columns, meanX, meanY, meanLoss, total }
}

type Columns = Pick<SurfaceRows, 'x' | 'y' | 'excess' | 'weight'>

/** The rows whose weight is not 0. */
function counted({ x, y, excess, weight }: Columns): Columns {
  let size = 0
  for (let i = 0; i < weight.length; i++) if (weight[i] !== 0) size++
  const kept = {
    x: new Float64Array(size),
    y: new Float64Array(size),
    excess: new Float64Array(size),
    weight: new Float64Array(size),
  }
  for (let i = 0, k = 0; i < weight.length; i++) {
    if (weight[i] === 0) continue
    kept.x[k] = x[i]
    kept.y[k] = y[i]
    kept.excess[k] = excess[i]
    kept.weight[k++] = weight[i]
  }
  return kept
}

/** Every so many-th row, so that there are at most `most`. */
export function thinned(rows: SurfaceRows, most: number): SurfaceRows {
  const stride = Math.ceil(rows.size / most)
  if (stride <= 1) return rows
  const every = (column: Float64Array) => column.filter((_, i) => i % stride === 0)
  const [x, y, weight] = [every(rows.x), every(rows.y), every(rows.weight)]
  const total = weight.reduce((sum, w) => sum + w, 0)
  const excess = every(rows.excess)
  const mean = excess.reduce((sum, value, i) => sum + weight[i] * value, 0) / total
  return {
    ...rows,
    size: x.length,
    x,
    y,
    weight,
    total,
    excess: excess.map((value) => value - mean),
    meanLoss: rows.meanLoss + mean,
  }
}
