import assert from 'node:assert/strict'
import { test } from 'node:test'
import { regret } from '../../src/core/regret.ts'

test('regret is the loss beyond the best, and none where the search for the best missed by a hair', () => {
  assert.equal(regret(2.75, 2.5), 0.25)
  assert.equal(regret(2.5, 2.5), 0)
  assert.equal(regret(2.4999999, 2.5), 0)
})
