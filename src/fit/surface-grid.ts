import { type SurfaceRows, thinned } from './surface-rows.ts'

/** Two exponents to the octave, 0.03 to 1.36: the columns an octave up are the squares of those below, and need no exponential. */
const perOctave = 2
const gridSize = 12
const gridExponents = Float64Array.from({ length: gridSize }, (_, k) => 0.03 * 2 ** (k / perOctave))

/** More runs than this do not make the grid better, only slower. */
const gridRuns = 4096

/** Columns exp(-exponent log), one row for each exponent of the grid, and their sums of products, about their means. */
interface GridColumns {
  /** `[gridSize, size]`, row-major. */
  readonly values: Float64Array
  readonly means: Float64Array
  readonly squares: Float64Array
  readonly withLoss: Float64Array
}

/**
 * The best local minima, three at most, of the residual sum of squares over a geometric 12 x 12 grid of exponents. A grid point costs
 * one inner product and a system of two equations, E being taken out by the means. On 2,650 tables of 7 to 240 runs (resampled, noisy, exact)
 * Newton's steps from there ended below what came from a 32 x 32 grid in 3, above it in 3 (docs/log.md).
 */
export function gridMinima(all: SurfaceRows): { alpha: number; beta: number }[] {
  const rows = thinned(all, gridRuns)
  const rss = residuals(rows, gridColumns(rows, rows.x), gridColumns(rows, rows.y))
  const minima: { alpha: number; beta: number; rss: number }[] = []
  for (let a = 0; a < gridSize; a++)
    for (let b = 0; b < gridSize; b++) {
      const value = rss[a * gridSize + b]
      if (value === Number.POSITIVE_INFINITY) continue
      const least =
        (a === 0 || value <= rss[(a - 1) * gridSize + b]) &&
        (a === gridSize - 1 || value <= rss[(a + 1) * gridSize + b]) &&
        (b === 0 || value <= rss[a * gridSize + b - 1]) &&
        (b === gridSize - 1 || value <= rss[a * gridSize + b + 1])
      if (least) minima.push({ alpha: gridExponents[a], beta: gridExponents[b], rss: value })
    }
  return minima.sort((p, q) => p.rss - q.rss).slice(0, 3)
}

function gridColumns({ size, weight, excess, total }: SurfaceRows, logs: Float64Array): GridColumns {
  const values = new Float64Array(gridSize * size)
  for (let k = 0; k < perOctave; k++)
    for (let i = 0; i < size; i++) values[k * size + i] = Math.exp(-gridExponents[k] * logs[i])
  for (let k = perOctave * size; k < values.length; k++) {
    const below = values[k - perOctave * size]
    values[k] = below * below
  }
  const means = new Float64Array(gridSize)
  const squares = new Float64Array(gridSize)
  const withLoss = new Float64Array(gridSize)
  for (let k = 0; k < gridSize; k++) {
    const from = k * size
    let sum = 0
    for (let i = 0; i < size; i++) sum += weight[i] * values[from + i]
    const mean = sum / total
    let square = 0
    let product = 0
    for (let i = 0; i < size; i++) {
      const value = values[from + i] - mean
      values[from + i] = value
      square += weight[i] * value * value
      product += weight[i] * value * excess[i]
    }
    means[k] = mean
    squares[k] = square
    withLoss[k] = product
  }
  return { values, means, squares, withLoss }
}

/** The least residual sum of squares with A > 0, B > 0 and E >= 0 at every point; infinite where there is none. `[gridSize, gridSize]` */
function residuals({ size, weight, excess, meanLoss, total }: SurfaceRows, u: GridColumns, v: GridColumns) {
  const rss = products(size, weight, u.values, v.values)
  let lossSquares = 0
  for (let i = 0; i < size; i++) lossSquares += weight[i] * excess[i] * excess[i]
  for (let a = 0, at = 0; a < gridSize; a++)
    for (let b = 0; b < gridSize; b++, at++) {
      const [mu, mv, uv] = [u.means[a], v.means[b], rss[at]]
      const [uu, vv, ul, vl] = [u.squares[a], v.squares[b], u.withLoss[a], v.withLoss[b]]
      const determinant = uu * vv - uv * uv
      const A = (ul * vv - vl * uv) / determinant
      const B = (vl * uu - ul * uv) / determinant
      if (A > 0 && B > 0 && A * mu + B * mv <= meanLoss) rss[at] = lossSquares - A * ul - B * vl
      else rss[at] = lossSquares + withoutPlateau(uu, vv, uv, ul, vl, mu, mv, total, meanLoss)
    }
  return rss
}

/** What E = 0 and the best positive A and B leave, less the squares of the loss about its mean; infinite where these are not the best. */
function withoutPlateau(
  uu: number,
  vv: number,
  uv: number,
  ul: number,
  vl: number,
  mu: number,
  mv: number,
  total: number,
  meanLoss: number,
): number {
  const squareU = uu + total * mu * mu
  const squareV = vv + total * mv * mv
  const product = uv + total * mu * mv
  const lossU = ul + total * mu * meanLoss
  const lossV = vl + total * mv * meanLoss
  const determinant = squareU * squareV - product * product
  const A = (lossU * squareV - lossV * product) / determinant
  const B = (lossV * squareU - lossU * product) / determinant
  if (!(A > 0 && B > 0 && A * mu + B * mv >= meanLoss)) return Number.POSITIVE_INFINITY
  return total * meanLoss * meanLoss - A * lossU - B * lossV
}

/** Weighted inner products of all columns of u with all of v, four at a time. `[gridSize, gridSize]` */
function products(size: number, weight: Float64Array, u: Float64Array, v: Float64Array): Float64Array {
  const result = new Float64Array(gridSize * gridSize)
  const weighted = new Float64Array(size)
  for (let a = 0; a < gridSize; a++) {
    for (let i = 0; i < size; i++) weighted[i] = weight[i] * u[a * size + i]
    for (let b = 0; b < gridSize; b += 4) {
      const [first, second, third, fourth] = [b * size, (b + 1) * size, (b + 2) * size, (b + 3) * size]
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let i = 0; i < size; i++) {
        const c = weighted[i]
        s0 += c * v[first + i]
        s1 += c * v[second + i]
        s2 += c * v[third + i]
        s3 += c * v[fourth + i]
      }
      const at = a * gridSize + b
      result[at] = s0
      result[at + 1] = s1
      result[at + 2] = s2
      result[at + 3] = s3
    }
  }
  return result
}
