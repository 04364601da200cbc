import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { exactInteger, integerAsWritten, shortExact, shortInteger } from '../../src/core/exact-integer.ts'

test('every way to write an integer in decimal gives all its digits', () => {
  for (const [text, value] of [
    ['0', 0n],
    [' 2e18 ', 2n * 10n ** 18n],
    ['2.5e18', 25n * 10n ** 17n],
    ['1e+23', 10n ** 23n],
    ['1E23', 10n ** 23n],
    ['120e-1', 12n],
    ['3.000', 3n],
    ['.5e1', 5n],
    ['-7', -7n],
    ['9007199254740993', 9_007_199_254_740_993n],
  ] as const)
    assert.equal(exactInteger(text), value, text)
})

test('what is no integer in decimal is none', () => {
  for (const text of ['', ' ', '.', 'e5', '1.5', '15e-1', '0x10', '1e1000', 'Infinity', '1 000', '1e2.5', '--1'])
    assert.equal(exactInteger(text), null, text)
})

test('digits and any exponent stand for digits times the power of ten', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 40n), 10n ** 40n), fc.nat(300), (digits, exponent) => {
      assert.equal(exactInteger(`${digits}e${exponent}`), digits * 10n ** BigInt(exponent))
      assert.equal(exactInteger(`${digits}${'0'.repeat(exponent)}e-${exponent}`), digits)
    }),
  )
})

test('a number stands for what it was written as: exact below 2^53, and in powers of ten beyond', () => {
  fc.assert(fc.property(fc.maxSafeInteger(), (x) => assert.equal(integerAsWritten(x), BigInt(x))))
  for (let power = 0; power <= 300; power++)
    for (const digits of [1, 3, 6, 7, 999])
      assert.equal(integerAsWritten(Number(`${digits}e${power}`)), BigInt(digits) * 10n ** BigInt(power))
  for (const x of [1.5, Number.NaN, Number.POSITIVE_INFINITY]) assert.throws(() => integerAsWritten(x), RangeError)
})

test('a whole number reads as it is typed, and means itself where every digit counts', () => {
  const read: [bigint, string][] = [
    [0n, '0'],
    [1000n, '1000'],
    [2n * 10n ** 18n, '2e18'],
    [15n * 10n ** 17n, '1.5e18'],
    [9_999_999_999_999_999n, '1e16'],
    [10n ** 23n, '1e23'],
  ]
  for (const [value, text] of read) assert.equal(shortInteger(value), text)
  assert.equal(shortExact(9_999_999_999_999_999n), '9999999999999999')
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 30n), fc.nat(20), (head, zeros) => {
      const value = head * 10n ** BigInt(zeros)
      assert.equal(exactInteger(shortExact(value)), value)
      const short = Number(exactInteger(shortInteger(value)))
      assert.ok(Math.abs(short - Number(value)) <= 5e-6 * Number(value))
    }),
    { seed: 1 },
  )
})
