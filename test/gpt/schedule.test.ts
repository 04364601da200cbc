import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cosine } from '../../src/gpt/schedule.ts'
import { close } from '../support.ts'

test('the rate begins at its peak and would be a tenth of it one step after the last', () => {
  assert.equal(cosine(1e-3, 0, 100), 1e-3)
  close(cosine(1e-3, 100, 100), 1e-4, 1e-12)
  close(cosine(1e-3, 50, 100), 5.5e-4, 1e-12)
  close(cosine(2e-3, 25, 100), 2e-3 * (0.1 + 0.45 * (1 + Math.SQRT1_2)), 1e-12)
  assert.equal(cosine(1e-3, 0, 1), 1e-3)
})

test('it only falls, and is symmetric about its middle', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 2000 }), fc.double({ min: 1e-6, max: 1, noNaN: true }), (steps, peak) => {
      for (let step = 1; step <= steps; step += Math.ceil(steps / 50)) {
        assert.ok(cosine(peak, step, steps) < cosine(peak, step - 1, steps))
        close(cosine(peak, step, steps) + cosine(peak, steps - step, steps), 1.1 * peak, 1e-12)
      }
    }),
  )
})
