import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaint, numberOf } from '../../src/input/cell.ts'

for (const [cell, value] of [
  [3, 3],
  [12n, 12],
  ['1e18', 1e18],
  ['6.02E+23', 6.02e23],
  [' 123 ', 123],
  ['+5', 5],
  ['.5', 0.5],
  ['-3', -3],
] as const) {
  test(`${typeof cell} ${cell} is a number`, () => assert.equal(numberOf(cell), value))
}

for (const cell of [
  '1_000',
  '1,000',
  '0x10',
  '0b1',
  'n/a',
  '',
  '  ',
  '12abc',
  '3,5',
  'NaN',
  null,
  undefined,
  true,
  {},
  [1],
]) {
  test(`${JSON.stringify(cell)} is not a number`, () => assert.ok(Number.isNaN(numberOf(cell))))
}

test('a complaint names the column, what came, and what was expected', () => {
  assert.equal(complaint('loss', 'n/a'), 'loss is missing ("n/a")')
  assert.equal(complaint('parameters', '-3'), 'parameters is -3, expected a positive number')
  assert.equal(complaint('parameters', 0), 'parameters is 0, expected a positive number')
  assert.equal(complaint('loss', null), 'loss is missing')
  assert.equal(complaint('loss', ' '), 'loss is missing')
  assert.equal(complaint('loss', Number.NaN), 'loss is NaN, expected a positive number')
  assert.equal(complaint('loss', 'Infinity'), 'loss is Infinity, expected a finite number')
  assert.equal(complaint('loss', { a: 1n }), 'loss {"a":"1"} is not a number')
  assert.equal(complaint('loss', 'x'.repeat(100)), `loss "${'x'.repeat(40)}..." is not a number`)
})
