/** A symmetric matrix as its eigenvalues and, row by row, their orthonormal eigenvectors. */
export interface Eigen {
  readonly values: Float64Array
  /** `[n][n]`; `vectors[k]` belongs to `values[k]`. */
  readonly vectors: readonly Float64Array[]
}

const mostSweeps = 50

/** Eigenvalues and eigenvectors of a small symmetric matrix (row-major, `[n, n]`) by Jacobi's rotations (Golub and Van Loan 2013, section 8.5). */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const a = Float64Array.from(matrix)
  const vectors = Array.from({ length: n }, (_, k) => new Float64Array(n).fill(0).with(k, 1))
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let off = 0
    let all = 0
    for (let i = 0; i < n * n; i++) {
      all += a[i] ** 2
      if (i % (n + 1) !== 0) off += a[i] ** 2
    }
    if (off <= 1e-30 * all) break
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, n, p, q)
  }
  return { values: Float64Array.from({ length: n }, (_, k) => a[k * n + k]), vectors }
}

/** Turns coordinates p and q so that their product vanishes. */
function rotate(a: Float64Array, vectors: readonly Float64Array[], n: number, p: number, q: number): void {
  const apq = a[p * n + q]
  if (apq === 0) return
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq)
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1))
  const c = 1 / Math.hypot(t, 1)
  const s = t * c
  for (let k = 0; k < n; k++) {
    const [kp, kq] = [a[k * n + p], a[k * n + q]]
    a[k * n + p] = c * kp - s * kq
    a[k * n + q] = s * kp + c * kq
  }
  for (let k = 0; k < n; k++) {
    const [pk, qk] = [a[p * n + k], a[q * n + k]]
    a[p * n + k] = c * pk - s * qk
    a[q * n + k] = s * pk + c * qk
    const [vp, vq] = [vectors[p][k], vectors[q][k]]
    vectors[p][k] = c * vp - s * vq
    vectors[q][k] = s * vp + c * vq
  }
}
