import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../src/core/random.ts'

const draw = (n: number, next: () => number) => Array.from({ length: n }, next)

test('the same name gives the same numbers, another name others', () => {
  assert.deepEqual(draw(5, random(3, 1, 4).uniform), draw(5, random(3, 1, 4).uniform))
  for (const other of [random(4, 1, 4), random(3, 1, 5), random(3, 2, 4), random(3, 1), random(3 + 2 ** 32, 1, 4)])
    assert.notDeepEqual(draw(5, random(3, 1, 4).uniform), draw(5, other.uniform))
})

test('the numbers never change: results in the log depend on them', () => {
  const { uniform, normal, integer } = random(0, 7)
  assert.deepEqual(
    [uniform(), uniform(), normal(), integer(1000)],
    [0.7805681480218172, 0.5400024200181136, 0.6241562581780951, 995],
  )
})

test('uniform fills [0, 1), normal has mean 0 and variance 1, streams are uncorrelated', () => {
  const n = 50_000
  const u = draw(n, random(1).uniform)
  const z = draw(n, random(2).normal)
  const other = draw(n, random(1, 0).uniform)
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / n
  assert.ok(u.every((value) => value >= 0 && value < 1))
  assert.ok(Math.abs(mean(u) - 0.5) < 0.005)
  assert.ok(Math.abs(mean(u.map((value) => (value - 0.5) ** 2)) - 1 / 12) < 0.002)
  assert.ok(Math.abs(mean(z)) < 0.02)
  assert.ok(Math.abs(mean(z.map((value) => value * value)) - 1) < 0.03)
  assert.ok(Math.abs(mean(z.map((value) => value ** 4)) - 3) < 0.2)
  assert.ok(Math.abs(mean(u.map((value, i) => (value - 0.5) * (other[i] - 0.5)))) < 0.002)
})

test('integer reaches every value below n equally often', () => {
  const { integer } = random(5)
  const counts = new Array(7).fill(0)
  for (let k = 0; k < 70_000; k++) counts[integer(7)]++
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${counts}`)
})
