import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linearAxis, linearTicks, logAxis, logTicks, minus } from '../../src/report/draw/axis.ts'

test('logarithmic ticks are exact powers of ten where there are many', () => {
  assert.deepEqual(logTicks(5e18, 2e24, 8), [1e19, 1e20, 1e21, 1e22, 1e23, 1e24])
  assert.deepEqual(logTicks(0.5, 2e20, 8), [1, 1e3, 1e6, 1e9, 1e12, 1e15, 1e18])
})

test('logarithmic ticks stay inside, few, apart and without long gaps over any range', () => {
  for (let decades = 0.05; decades < 30; decades *= 1.07)
    for (const low of [1, 1.3, 3.7, 8.9]) {
      const high = low * 10 ** decades
      const ticks = logTicks(low, high, 8)
      const all = [low, ...ticks, high].map(Math.log10)
      const gaps = all.slice(1).map((value, k) => (value - all[k]) / decades)
      const range = `${low} to ${high}: ${ticks}`
      assert.ok(ticks.length >= 2 && ticks.length <= 8, range)
      assert.ok(Math.min(...gaps) > -1e-9, range)
      assert.ok(Math.min(...gaps.slice(1, -1)) >= 0.06, range)
      assert.ok(Math.max(...gaps) <= 0.55, range)
    }
})

test('linear ticks are round numbers with the decimals that they need', () => {
  assert.deepEqual(linearTicks(0.28, 0.39, 7), { ticks: [0.28, 0.3, 0.32, 0.34, 0.36, 0.38], decimals: 2 })
  assert.deepEqual(linearTicks(-8.6, 8.6, 7), { ticks: [-5, 0, 5], decimals: 0 })
  assert.deepEqual(linearTicks(3.5, 7.4, 7), { ticks: [4, 5, 6, 7], decimals: 0 })
})

test('an axis covers its values with room, whatever they are', () => {
  for (const values of [[1e18, 1e24], [5, 5], [3]]) {
    const { domain } = logAxis('x', values)
    assert.ok(domain[0] < Math.min(...values) && domain[1] > Math.max(...values))
  }
  for (const values of [[1, 2], [5, 5], [0]]) {
    const { domain } = linearAxis('y', values)
    assert.ok(domain[0] < Math.min(...values) && domain[1] > Math.max(...values))
  }
  assert.ok(logAxis('x', [0, -1, Number.NaN, 10]).domain.every((end) => end > 0))
})

test('a negative number has a minus sign, and zero none', () => {
  assert.deepEqual(['-0.02', '0.02', '-0.00'].map(minus), ['\u22120.02', '0.02', '0.00'])
})
