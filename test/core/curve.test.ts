import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ThinnedCurve } from '../../src/core/curve.ts'

test('a curve keeps its first and its latest point, an even spread between them, and at most 257 of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), (length) => {
      const curve = new ThinnedCurve()
      for (let step = 1; step <= length; step++) curve.add({ step, tokens: 512 * step, loss: 1 / step })
      const steps = curve.points().map(({ step }) => step)
      assert.ok(steps.length <= 257 && (length < 128 || steps.length >= 128), `${steps.length} of ${length}`)
      assert.equal(steps.at(-1), length === 0 ? undefined : length)
      assert.equal(steps[0], length === 0 ? undefined : 1)
      const gaps = steps.slice(0, -1).map((step, k) => steps[k + 1] - step)
      assert.ok(gaps.every((gap, k) => gap === gaps[0] || (k === gaps.length - 1 && gap > 0 && gap < gaps[0])))
    }),
    { seed: 1, numRuns: 200 },
  )
})
