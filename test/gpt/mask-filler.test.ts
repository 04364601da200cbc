import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { maskFiller } from '../../src/gpt/mask-filler.ts'

/** The formula of src/gpt/mask-filler.ts, step by step. */
function element(i: number, a: number, b: number): number {
  let x = (a + Math.imul(i, 0x9e3779b9)) | 0
  x ^= x >>> 16
  x = Math.imul(x, 0x85ebca6b)
  x ^= b
  x ^= x >>> 13
  x = Math.imul(x, 0xc2b2ae35)
  x ^= x >>> 16
  return x >>> 0
}

const plain = (count: number, a: number, b: number, rate: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (element(i, a, b) >= rate * 2 ** 32 ? 1 / (1 - rate) : 0))

const key = fc.integer({ min: 0, max: 2 ** 32 - 1 })

test('the module fills what the formula says, bit for bit, whatever the size', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(sizes, key, key, fc.constantFrom(0.1, 0.25, 0.5), (lengths, a, b, rate) => {
      const filler = maskFiller(lengths, rate)
      lengths.forEach((length, k) => {
        filler.fill(k, 0, length, a + k, b)
      })
      // After all were filled: none reaches into the next one.
      lengths.forEach((length, k) => {
        assert.deepEqual(filler.arrays[k], plain(length, a + k, b, rate))
      })
    }),
  )
})

test('a part of an array is filled as if it were one, and the rest stays', () => {
  const filler = maskFiller([8, 22], 0.1)
  for (const array of filler.arrays) array.fill(7)
  filler.fill(1, 4, 8, 1, 2)
  filler.fill(1, 16, 6, 3, 4)
  filler.fill(0, 0, 0, 5, 6)
  const sevens = (count: number) => Array.from({ length: count }, () => 7)
  assert.deepEqual([...filler.arrays[0]], sevens(8))
  assert.deepEqual([...filler.arrays[1]], [...sevens(4), ...plain(8, 1, 2, 0.1), ...sevens(4), ...plain(6, 3, 4, 0.1)])
})

test('a mask of 64 MB, of which every page can be written', () => {
  const size = 2 ** 24 + 3
  const filler = maskFiller([size], 0.1)
  filler.fill(0, 0, size, 11, 12)
  for (const i of [0, 1, 4, 2 ** 20 + 1, size - 2, size - 1])
    assert.equal(filler.arrays[0][i], element(i, 11, 12) >= 0.1 * 2 ** 32 ? Math.fround(1 / 0.9) : 0)
})

test('no masks need no memory', () => {
  assert.deepEqual(maskFiller([], 0.1).arrays, [])
})
