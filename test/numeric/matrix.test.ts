import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { random } from '../../src/core/random.ts'
import { dot, downdate, times } from '../../src/numeric/matrix.ts'
import { close } from '../support.ts'

/** A matrix as rows, and two vectors, of normal numbers. */
function normal(n: number, seed: number) {
  const rng = random(seed)
  const vector = () => Array.from({ length: n }, () => rng.normal())
  return { rows: Array.from({ length: n }, vector), u: vector(), v: vector() }
}

const shape = [fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 1e6 })] as const
const sum = (terms: readonly number[]): number => terms.reduce((total, term) => total + term, 0)

test('dot and times equal plain sums; a matrix that is not symmetric is read by rows', () => {
  fc.assert(
    fc.property(...shape, (n, seed) => {
      const { rows, u, v } = normal(n, seed)
      const own = dot(Float64Array.from(u), Float64Array.from(v))
      assert.ok(Math.abs(own - sum(u.map((x, k) => x * v[k]))) < 1e-12)
      const product = times(Float64Array.from(rows.flat()), Float64Array.from(v))
      assert.equal(product.length, n)
      rows.forEach((row, a) => {
        assert.ok(Math.abs(product[a] - sum(row.map((x, b) => x * v[b]))) < 1e-12)
      })
    }),
  )
  assert.deepEqual([...times(Float64Array.of(1, 2, 3, 4), Float64Array.of(10, 1))], [12, 34])
  assert.equal(dot(new Float64Array(0), new Float64Array(0)), 0)
})

test('downdate subtracts scale v v^T in place, and leaves the vector', () => {
  fc.assert(
    fc.property(...shape, fc.double({ min: -3, max: 3, noNaN: true }), (n, seed, scale) => {
      const { rows, v } = normal(n, seed)
      const matrix = Float64Array.from(rows.flat())
      const vector = Float64Array.from(v)
      downdate(matrix, vector, scale)
      assert.deepEqual([...vector], v)
      for (let a = 0; a < n; a++)
        for (let b = 0; b < n; b++) assert.ok(Math.abs(matrix[a * n + b] - (rows[a][b] - scale * v[a] * v[b])) < 1e-12)
    }),
  )
})

test('a downdate by what an observation tells is the covariance given it', () => {
  // Two quantities of variances 4 and 9 and covariance 3; the sum of both is seen with variance 2.
  const covariance = Float64Array.of(4, 3, 3, 9)
  const seen = Float64Array.of(1, 1)
  const image = times(covariance, seen)
  const variance = dot(seen, image)
  close(variance, 19, 1e-15)
  downdate(covariance, image, 1 / (variance + 2))
  const expected = [4 - 49 / 21, 3 - 84 / 21, 3 - 84 / 21, 9 - 144 / 21]
  expected.forEach((value, k) => {
    close(covariance[k], value, 1e-14)
  })
})
