import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { firstEqual, mixed } from '../../src/numeric/equal-rows.ts'

test('the first equal row is found, NaN being equal to NaN', () => {
  const a = Float64Array.of(1, 2, 1, 1, Number.NaN, Number.NaN)
  const b = Float64Array.of(5, 5, 5, 6, 7, 7)
  assert.deepEqual([...firstEqual([a, b], 6)], [0, 1, 0, 3, 4, 4])
  assert.deepEqual([...firstEqual([a], 4)], [0, 1, 0, 0])
})

test('it agrees with comparing every row to every earlier one', () => {
  const column = fc.array(fc.constantFrom(1, 1.5, 1e18, 1e18 + 256, 3), { minLength: 30, maxLength: 30 })
  fc.assert(
    fc.property(column, column, (a, b) => {
      const naive = a.map((_, i) => a.findIndex((value, j) => value === a[i] && b[j] === b[i]))
      assert.deepEqual([...firstEqual([Float64Array.from(a), Float64Array.from(b)], 30)], naive)
    }),
  )
})

test('a hundred thousand different budgets and sizes stay quick', () => {
  const n = 100_000
  const grid = Float64Array.from({ length: n }, (_, i) => 2 ** (i % 50))
  const other = Float64Array.from({ length: n }, (_, i) => 1e6 * Math.floor(i / 50))
  const start = performance.now()
  assert.deepEqual(
    firstEqual([grid, other], n),
    Int32Array.from(grid, (_, i) => i),
  )
  assert.ok(performance.now() - start < 2000, 'the hash clusters')
})

test('rows that are made to hash alike stay quick, and are told apart', () => {
  const n = 100_000
  const column = new Float64Array(n)
  const words = new Uint32Array(column.buffer)
  // The second word takes back what the first did to the hash. Of every ten rows the last two are equal.
  for (let i = 0; i < n; i++) {
    words[2 * i] = i % 10 === 9 ? i - 1 : i
    words[2 * i + 1] = mixed(0, words[2 * i]) ^ 7
  }
  const start = performance.now()
  const first = firstEqual([column], n)
  assert.ok(performance.now() - start < 2000, 'the chain of rows is followed to its end for each')
  assert.deepEqual(
    first,
    Int32Array.from(column, (_, i) => (i % 10 === 9 ? i - 1 : i)),
  )
})
