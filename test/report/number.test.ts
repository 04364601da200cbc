import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  compact,
  counted,
  excess,
  interval,
  listed,
  nats,
  orDash,
  significant,
  withInterval,
} from '../../src/report/number.ts'

test('three significant digits, with an exponent that can be typed again', () => {
  const cases: [number, string][] = [
    [126757923308, '1.27e11'],
    [3, '3.00'],
    [0.01783, '0.0178'],
    [-1.434e-9, '-1.43e-9'],
    [0, '0'],
    [9999.6, '1.00e4'],
    [1234, '1230'],
    [0.00099999, '0.00100'],
    [Number.NaN, '-'],
    [Number.POSITIVE_INFINITY, '-'],
  ]
  for (const [x, text] of cases) assert.equal(significant(x), text)
  for (const [x, text] of cases.slice(0, 7)) assert.ok(Math.abs(Number(text) - x) <= 0.005 * Math.abs(x), text)
})

test('chosen numbers are written as short as they can be', () => {
  const cases: [number, string][] = [
    [6e18, '6e18'],
    [5.76e23, '5.76e23'],
    [1e24, '1e24'],
    [0.5, '0.5'],
    [1000, '1000'],
    [12345, '1.23e4'],
    [9.999999e20, '1e21'],
    [5e-4, '5e-4'],
  ]
  for (const [x, text] of cases) assert.equal(compact(x), text)
})

test('an interval is two ends, or how close they are where both read like the estimate', () => {
  assert.equal(interval(3.14e11, [2.79e11, 3.48e11]), '[2.79e11, 3.48e11]')
  assert.equal(interval(3e11, [2.9999e11, 3.0001e11]), '±<0.01%')
  assert.equal(interval(3e11, [2.998e11, 3.002e11]), '±<0.1%')
  assert.equal(interval(3e11, [3.01e11, 3.01e11]), '[3.01e11, 3.01e11]', 'beside its estimate')
  assert.equal(interval(3, null), '-')
  assert.equal(withInterval(3.081, [3.05, 3.12], nats), '3.081 [3.050, 3.120]')
  assert.equal(withInterval(null, [1, 2]), '-')
})

test('an excess loss is never written more exactly than it is known', () => {
  assert.deepEqual([0.017839, 0.0033866, 2.04e-4, 1.9e-6, 0, 1e-15, Number.NaN].map(excess), [
    '0.0178',
    '0.00339',
    '2e-4',
    '<1e-5',
    '0',
    '0',
    '-',
  ])
})

test('words around numbers', () => {
  assert.equal(orDash(null), '-')
  assert.equal(orDash(0), '0')
  assert.equal(counted(1, 'run'), '1 run')
  assert.equal(counted(1234, 'run'), '1,234 runs')
  assert.equal(listed(['a', 'b', 'c']), 'a, b and c')
})
