/** The inner product. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k]
  return sum
}

/** A square matrix (row-major, `[n, n]`) times a vector. */
export function times(matrix: Float64Array, v: Float64Array): Float64Array {
  const n = v.length
  const product = new Float64Array(n)
  for (let a = 0; a < n; a++) {
    let sum = 0
    for (let b = 0; b < n; b++) sum += matrix[a * n + b] * v[b]
    product[a] = sum
  }
  return product
}

/** Subtracts scale v v' from a square matrix, in place. */
export function downdate(matrix: Float64Array, v: Float64Array, scale: number): void {
  const n = v.length
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) matrix[a * n + b] -= scale * v[a] * v[b]
}
