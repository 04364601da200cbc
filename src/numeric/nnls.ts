import { solveCholesky } from './cholesky.ts'

/**
 * Non-negative least squares from normal equations: minimizes x'Gx/2 - g'x over x >= 0 for a positive definite Gram matrix G
 * (`[n, n]`, row-major, n small). The minimum is unique, so the active sets are simply tried, largest support first: with three
 * columns that is at most seven solves. Coefficients at their bound are exactly 0.
 *
 * Source: the optimality conditions of Lawson and Hanson 1974, chapter 23.
 */
export function nnls(G: Float64Array, g: Float64Array): Float64Array {
  const n = g.length
  let best = new Float64Array(n)
  let bestValue = 0
  for (let support = 2 ** n - 1; support > 0; support--) {
    const index = supportOf(support, n)
    const x = solveCholesky(
      subMatrix(G, n, index),
      Float64Array.from(index, (i) => g[i]),
    )
    if (x?.every((value) => value >= 0) !== true) continue
    // At a stationary point of its support the objective is -g'x/2, so the largest g'x is the minimum.
    const value = index.reduce((sum, i, k) => sum + g[i] * x[k], 0)
    if (value <= bestValue) continue
    bestValue = value
    best = new Float64Array(n)
    for (const [k, i] of index.entries()) best[i] = x[k]
    if (index.length === n) break // feasible without constraints: nothing can be better
  }
  return best
}

const supportOf = (bits: number, n: number): number[] =>
  Array.from({ length: n }, (_, i) => i).filter((i) => (bits >> i) & 1)

const subMatrix = (G: Float64Array, n: number, index: number[]): Float64Array =>
  Float64Array.from(index.flatMap((i) => index.map((j) => G[i * n + j])))
