import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isChanged, readSummed, summed } from '../../src/core/summed.ts'
import { assertLinear } from '../linear.ts'

const record = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.jsonValue(), { minKeys: 1, maxKeys: 6 })

test('whatever is in a record, it takes time that grows with its length', async () => {
  for (const fill of [' ', '}', ' }', '",'])
    await assertLinear(`summed of ${fill}`, 50_000, (n) => ({ a: fill.repeat(n / fill.length) }), summed)
  for (const fill of [' ', '}', '"', ',"checksum":"'])
    await assertLinear(`readSummed of ${fill}`, 50_000, (n) => `{"a":1${fill.repeat(n / fill.length)}}`, readSummed)
})

test('what was written is read, with and without an indent, and any flipped bit is told or changes nothing', () => {
  fc.assert(
    fc.property(
      record,
      fc.constantFrom(undefined, 2),
      fc.nat(),
      fc.integer({ min: 0, max: 7 }),
      (given, indent, at, bit) => {
        const { checksum: _, ...expected } = given
        const text = summed(expected, indent)
        if (Object.keys(expected).length === 0) return
        const read = readSummed(`${text}\n`)
        assert.equal(read.kind, 'whole')
        assert.deepEqual(read.kind === 'whole' && read.record, JSON.parse(JSON.stringify(expected)))
        assert.equal(isChanged(text, JSON.parse(text)), false)

        const bytes = Buffer.from(text)
        bytes[at % bytes.length] ^= 1 << bit
        const flipped = readSummed(bytes.toString('utf8'))
        assert.notEqual(flipped.kind, 'unsummed')
        if (flipped.kind === 'whole') assert.deepEqual(flipped.record, read.kind === 'whole' && read.record)
      },
    ),
    { numRuns: 2000 },
  )
})

test('a text without a checksum is told from one whose checksum is wrong', () => {
  assert.equal(readSummed('{"a":1}').kind, 'unsummed')
  assert.equal(readSummed('{"a":1,"checksum":"000000000000"}').kind, 'damaged')
  assert.equal(readSummed('{"checksum":"000000000000","a":1}').kind, 'damaged')
  assert.equal(readSummed('{"a":1,"checksum":3}').kind, 'damaged')
  assert.equal(readSummed('{"a":1,"checksul":"0123456789ab"}').kind, 'damaged')
  for (const text of ['', 'null', '3', '[]', '"x"', '{', '{"a":1}}'])
    assert.equal(readSummed(text).kind, 'damaged', text)
})
