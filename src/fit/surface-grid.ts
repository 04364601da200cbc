import type { Runs } from '../core/run.ts'
import { nnls } from '../numeric/nnls.ts'
import { centredLogs } from './centred-logs.ts'

const gridSize = 32
const gridExponents = Float64Array.from({ length: gridSize }, (_, k) => 0.03 * (1.6 / 0.03) ** (k / (gridSize - 1)))

/** More runs than this do not make the grid better, only slower. */
const gridRuns = 4096

/**
 * The best local minima, three at most, of the residual sum of squares over a geometric 32 x 32 grid of exponents. All Gram
 * matrices come from the columns of 32 + 32 exponents, so a grid point costs one dot product and a 3 x 3 problem.
 */
export function gridMinima(runs: Runs, weights?: Float64Array): { alpha: number; beta: number }[] {
  const stride = Math.max(1, Math.ceil(runs.size / gridRuns))
  const index = Array.from({ length: Math.ceil(runs.size / stride) }, (_, k) => k * stride)
  const { x, y } = centredLogs(runs)
  const w = Float64Array.from(index, (i) => (weights ? weights[i] : 1))
  const total = w.reduce((sum, value) => sum + value, 0)
  const meanLoss = index.reduce((sum, i, k) => sum + w[k] * runs.loss[i], 0) / total
  const loss = Float64Array.from(index, (i) => runs.loss[i])
  const columns = (logs: Float64Array) => {
    const picked = Float64Array.from(index, (i) => logs[i])
    return Array.from(gridExponents, (exponent) => mapped(picked, (value) => Math.exp(-exponent * value)))
  }
  const U = columns(x)
  const V = columns(y)
  const weighted = (column: Float64Array) => mapped(column, (value, k) => value * w[k])
  const ones = new Float64Array(index.length).fill(1)
  const summary = (column: Float64Array) => {
    const c = weighted(column)
    return { c, one: dot(c, ones), self: dot(c, column), loss: dot(c, loss) }
  }
  const us = U.map(summary)
  const vs = V.map(summary)
  const lossSquares = dot(weighted(loss), loss)

  const gram = new Float64Array(9)
  const right = new Float64Array(3)
  const rss = us.map((u) =>
    Float64Array.from(vs, (v, b) => {
      const uv = dot(u.c, V[b])
      gram.set([total, u.one, v.one, u.one, u.self, uv, v.one, uv, v.self])
      right.set([total * meanLoss, u.loss, v.loss])
      const c = nnls(gram, right)
      return c[1] > 0 && c[2] > 0
        ? lossSquares - (c[0] * right[0] + c[1] * right[1] + c[2] * right[2])
        : Number.POSITIVE_INFINITY
    }),
  )
  const minima: { alpha: number; beta: number; rss: number }[] = []
  for (let a = 0; a < gridSize; a++)
    for (let b = 0; b < gridSize; b++) {
      const value = rss[a][b]
      const neighbours = [rss[a - 1]?.[b], rss[a + 1]?.[b], rss[a][b - 1], rss[a][b + 1]]
      if (Number.isFinite(value) && neighbours.every((other) => other === undefined || value <= other))
        minima.push({ alpha: gridExponents[a], beta: gridExponents[b], rss: value })
    }
  return minima.sort((p, q) => p.rss - q.rss).slice(0, 3)
}

/** `map` without the generality that makes it slow in the middle of a search. */
function mapped(column: Float64Array, f: (value: number, k: number) => number): Float64Array {
  const result = new Float64Array(column.length)
  for (let k = 0; k < column.length; k++) result[k] = f(column[k], k)
  return result
}

/** The inner product of two columns; four sums at a time keep the processor busy. */
function dot(a: Float64Array, b: Float64Array): number {
  const n = a.length
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let k = 0
  for (; k + 3 < n; k += 4) {
    s0 += a[k] * b[k]
    s1 += a[k + 1] * b[k + 1]
    s2 += a[k + 2] * b[k + 2]
    s3 += a[k + 3] * b[k + 3]
  }
  for (; k < n; k++) s0 += a[k] * b[k]
  return s0 + s1 + s2 + s3
}
