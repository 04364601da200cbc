/**
 * Solves H x = b for a symmetric positive definite H (row-major, `[n, n]`) by Cholesky's factorization.
 * Returns null when H is not positive definite to working precision.
 */
export function solveCholesky(H: Float64Array, b: Float64Array): Float64Array | null {
  const factor = cholesky(H, b.length)
  return factor === null ? null : solveFactored(factor, b)
}

/**
 * The lower factor of a symmetric positive definite matrix, `[n, n]` row-major; null when there is none. Column by column, four rows at
 * a time: a sum that has to wait for itself at each step would take twice as long.
 */
export function cholesky(H: Float64Array, n: number): Float64Array | null {
  const L = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    const row = j * n
    let pivot = H[row + j]
    for (let k = 0; k < j; k++) pivot -= L[row + k] * L[row + k]
    if (!(pivot > 1e-15 * H[row + j])) return null
    const root = Math.sqrt(pivot)
    L[row + j] = root
    let i = j + 1
    for (; i + 3 < n; i += 4) {
      const a = i * n
      const b = a + n
      const c = b + n
      const d = c + n
      let ofA = H[a + j]
      let ofB = H[b + j]
      let ofC = H[c + j]
      let ofD = H[d + j]
      for (let k = 0; k < j; k++) {
        const l = L[row + k]
        ofA -= L[a + k] * l
        ofB -= L[b + k] * l
        ofC -= L[c + k] * l
        ofD -= L[d + k] * l
      }
      L[a + j] = ofA / root
      L[b + j] = ofB / root
      L[c + j] = ofC / root
      L[d + j] = ofD / root
    }
    for (; i < n; i++) {
      let sum = H[i * n + j]
      for (let k = 0; k < j; k++) sum -= L[i * n + k] * L[row + k]
      L[i * n + j] = sum / root
    }
  }
  return L
}

/** Solves L L' x = b for a factor that `cholesky` made. */
export function solveFactored(L: Float64Array, b: Float64Array): Float64Array {
  const n = b.length
  const x = Float64Array.from(b)
  for (let i = 0; i < n; i++) {
    let left = x[i]
    for (let k = 0; k < i; k++) left -= L[i * n + k] * x[k]
    x[i] = left / L[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    let left = x[i]
    for (let k = i + 1; k < n; k++) left -= L[k * n + i] * x[k]
    x[i] = left / L[i * n + i]
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
