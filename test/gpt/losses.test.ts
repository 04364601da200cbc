import assert from 'node:assert/strict'
import { test } from 'node:test'
import { averaged } from '../../src/gpt/losses.ts'
import { close } from '../support.ts'

const averageOf = (losses: readonly number[]): number =>
  losses.reduce<number | null>((average, loss) => averaged(average, loss), null)!

test('the first loss begins the average, each later one has a hundredth of it', () => {
  assert.equal(averageOf([10.5]), 10.5)
  close(averageOf([10, 9]), 9.99, 1e-12)
  close(averageOf([10, 9, 8]), 0.99 * 9.99 + 0.08, 1e-12)
})

test('it is the sum of all losses with weights that die away', () => {
  const losses = Array.from({ length: 300 }, (_, k) => 4 + 6 * Math.exp(-k / 40) + 0.1 * Math.sin(7 * k))
  const last = losses.length - 1
  const weights = losses.map((_, k) => 0.99 ** (last - k) * (k === 0 ? 1 : 0.01))
  close(
    weights.reduce((sum, weight) => sum + weight),
    1,
    1e-12,
  )
  close(
    averageOf(losses),
    losses.reduce((sum, loss, k) => sum + weights[k] * loss, 0),
    1e-12,
  )
})
