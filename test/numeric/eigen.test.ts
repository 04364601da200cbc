import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { random } from '../../src/core/random.ts'
import { symmetricEigen } from '../../src/numeric/eigen.ts'
import { dot, times } from '../../src/numeric/matrix.ts'

test('eigenvectors are orthonormal, and the matrix only stretches them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
      const { normal } = random(seed)
      const matrix = new Float64Array(n * n)
      for (let i = 0; i < n; i++)
        for (let j = 0; j <= i; j++) {
          matrix[i * n + j] = normal()
          matrix[j * n + i] = matrix[i * n + j]
        }
      const { values, vectors } = symmetricEigen(matrix, n)
      for (const [k, vector] of vectors.entries()) {
        const stretched = times(matrix, vector)
        for (let i = 0; i < n; i++) assert.ok(Math.abs(stretched[i] - values[k] * vector[i]) < 1e-10)
        for (const [l, other] of vectors.entries()) assert.ok(Math.abs(dot(vector, other) - (k === l ? 1 : 0)) < 1e-12)
      }
    }),
  )
})

test('a diagonal matrix has its own diagonal', () => {
  assert.deepEqual([...symmetricEigen(Float64Array.of(3, 0, 0, 1), 2).values], [3, 1])
})
