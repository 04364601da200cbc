/**
 * Non-negative least squares from normal equations: minimizes x'Gx/2 - g'x over x >= 0 for a positive definite Gram matrix G
 * (`[n, n]`, row-major, n small). The minimum is unique, so the active sets are simply tried, largest support first: with three
 * columns that is at most seven solves. Coefficients at their bound are exactly 0. It works in place, being called for every
 * point of a grid.
 *
 * Source: the optimality conditions of Lawson and Hanson 1974, chapter 23.
 */
export function nnls(G: Float64Array, g: Float64Array): Float64Array {
  const n = g.length
  const best = new Float64Array(n)
  let bestValue = 0
  for (const support of supportsOf(n)) {
    if (!solveOn(support, G, g)) continue
    // At a stationary point of its support the objective is -g'x/2, so the largest g'x is the minimum.
    let value = 0
    for (let k = 0; k < support.length; k++) value += g[support[k]] * x[k]
    if (value <= bestValue) continue
    bestValue = value
    best.fill(0)
    for (let k = 0; k < support.length; k++) best[support[k]] = x[k]
    if (support.length === n) break // feasible without constraints: nothing can be better
  }
  return best
}

const mostColumns = 8
const L = new Float64Array(mostColumns * mostColumns)
const x = new Float64Array(mostColumns)

/** Solves the equations of some columns by Cholesky into `x`; false when they are singular or a coefficient is negative. */
function solveOn(support: readonly number[], G: Float64Array, g: Float64Array): boolean {
  const n = g.length
  const m = support.length
  for (let i = 0; i < m; i++)
    for (let j = 0; j <= i; j++) {
      let sum = G[support[i] * n + support[j]]
      const before = sum
      for (let k = 0; k < j; k++) sum -= L[i * m + k] * L[j * m + k]
      if (i !== j) L[i * m + j] = sum / L[j * m + j]
      else if (sum > 1e-15 * before) L[i * m + i] = Math.sqrt(sum)
      else return false
    }
  for (let i = 0; i < m; i++) {
    let sum = g[support[i]]
    for (let k = 0; k < i; k++) sum -= L[i * m + k] * x[k]
    x[i] = sum / L[i * m + i]
  }
  for (let i = m - 1; i >= 0; i--) {
    let sum = x[i]
    for (let k = i + 1; k < m; k++) sum -= L[k * m + i] * x[k]
    x[i] = sum / L[i * m + i]
    if (!(x[i] >= 0)) return false
  }
  return true
}

const supportCache: (readonly (readonly number[])[])[] = []

/** All non-empty sets of columns, largest first. */
function supportsOf(n: number): readonly (readonly number[])[] {
  if (n > mostColumns) throw new RangeError(`nnls takes at most ${mostColumns} columns, got ${n}`)
  supportCache[n] ??= Array.from({ length: 2 ** n - 1 }, (_, bits) =>
    Array.from({ length: n }, (_, i) => i).filter((i) => ((bits + 1) >> i) & 1),
  ).sort((p, q) => q.length - p.length)
  return supportCache[n]
}
