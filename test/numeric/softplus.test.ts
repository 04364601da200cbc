import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sigmoid, softplus } from '../../src/numeric/softplus.ts'
import { close } from '../support.ts'

test('softplus is max(x, 0) far out, ln 2 at 0, and sigmoid its derivative', () => {
  close(softplus(0), Math.LN2, 1e-15)
  assert.equal(softplus(800), 800)
  assert.equal(softplus(-800), 0)
  for (const x of [-5, -1, 0.3, 4]) close((softplus(x + 1e-6) - softplus(x - 1e-6)) / 2e-6, sigmoid(x), 1e-8)
})
