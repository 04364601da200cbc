import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupBudgets } from '../../src/fit/profile.ts'
import { handoutRuns } from '../../src/world/handout.ts'
import { close, needs, readShared, reference } from '../support.ts'

test('72 runs: 9 budgets of 8 sizes, the first and the last as published', () => {
  const runs = handoutRuns()
  const { profiles } = groupBudgets(runs)
  assert.equal(runs.size, 72)
  assert.deepEqual(
    profiles.map(({ budget }) => budget),
    [6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21],
  )
  assert.ok(profiles.every(({ sizes }) => sizes === 8))
  assert.equal(runs.parameters[0], 49999999)
  close(runs.loss[0], 7.192784500319437, 1e-14)
  assert.ok(runs.parameters.every(Number.isInteger))
  close(
    runs.loss.reduce((sum, L) => sum + L, 0),
    reference('handout').lossSum,
    1e-13,
  )
})

test('every size and every loss of the published file', { skip: needs('isoflops_curves.json') }, () => {
  const runs = handoutRuns()
  const published = JSON.parse(readShared('isoflops_curves.json'))
  for (const [i, { parameters, compute_budget, final_loss }] of published.entries()) {
    assert.equal(runs.parameters[i], parameters)
    assert.equal(runs.flops[i], compute_budget)
    assert.ok(Math.abs(runs.loss[i] - final_loss) < 1e-12)
  }
})
