/**
 * Solves H x = b for a symmetric positive definite H (row-major, `[n, n]`) by Cholesky's factorization.
 * Returns null when H is not positive definite to working precision.
 */
export function solveCholesky(H: Float64Array, b: Float64Array): Float64Array | null {
  const factor = cholesky(H, b.length)
  return factor === null ? null : solveFactored(factor, b)
}

/** The lower factor of a symmetric positive definite matrix, `[n, n]` row-major; null when there is none. */
export function cholesky(H: Float64Array, n: number): Float64Array | null {
  const L = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = H[i * n + j]
      for (let k = 0; k < j; k++) sum -= L[i * n + k] * L[j * n + k]
      if (i !== j) L[i * n + j] = sum / L[j * n + j]
      else if (sum > 1e-15 * H[i * n + i]) L[i * n + i] = Math.sqrt(sum)
      else return null
    }
  return L
}

/** Solves L L' x = b for a factor that `cholesky` made. */
export function solveFactored(L: Float64Array, b: Float64Array): Float64Array {
  const n = b.length
  const x = Float64Array.from(b)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= L[i * n + k] * x[k]
    x[i] /= L[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= L[k * n + i] * x[k]
    x[i] /= L[i * n + i]
  }
  return x
}

/** The inverse of a symmetric positive definite matrix, `[n, n]` row-major; null when it is not one. */
export function invertPositive(H: Float64Array, n: number): Float64Array | null {
  const factor = cholesky(H, n)
  if (factor === null) return null
  const inverse = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    const unit = new Float64Array(n)
    unit[j] = 1
    const column = solveFactored(factor, unit)
    for (let i = 0; i < n; i++) inverse[i * n + j] = column[i]
  }
  return inverse
}
