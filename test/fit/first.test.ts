import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsOf } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import { firstEstimate } from '../../src/fit/first.ts'
import { handoutRuns } from '../../src/world/handout.ts'

test('the first numbers are those of the whole analysis, whose intervals take longer', async () => {
  const runs = handoutRuns()
  const counted = { ...runs, flops: runs.flops.map((C) => 1.3 * C) }
  for (const given of [runs, counted]) {
    const options = { targets: [1e23, 1e24], seed: 3 }
    const first = (await firstEstimate({ runs: given }, options))!
    const { methods } = await analyse({ runs: given }, { ...options, methods: ['norm'], resamples: 20 })
    const at = methods[0].predictions.find(({ flops }) => flops === 1e24)!
    assert.deepEqual(first, {
      ...{ method: 'norm', flops: 1e24, parameters: at.parameters, tokens: at.tokens, loss: at.loss },
      ...{ sizeExponent: methods[0].modelSize!.exponent, tokensExponent: methods[0].datasetSize!.exponent },
    })
  }
  const { flops } = (await firstEstimate({ runs }, {}))!
  assert.equal(
    flops,
    runs.flops.reduce((high, C) => Math.max(high, C)),
  )
})

test('runs that do not determine a law have no first numbers', async () => {
  const ray = [1e8, 2e8, 4e8, 8e8, 1.6e9].map((N, k) => ({
    parameters: N,
    tokens: 1e10,
    flops: 6e10 * N,
    loss: 3 - 0.1 * k,
  }))
  assert.equal(await firstEstimate({ runs: runsOf(ray) }, {}), null)
  await assert.rejects(firstEstimate({ runs: runsOf(ray.slice(0, 2)) }, {}), { code: 'TOO_FEW_RUNS' })
})
