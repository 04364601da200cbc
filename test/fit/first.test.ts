import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsOf } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import { firstFit } from '../../src/fit/first.ts'
import { drawFigure } from '../../src/report/draw/figure.ts'
import { newDocument, svgText } from '../../src/report/draw/svg.ts'
import { firstFigures } from '../../src/report/fit/figures.ts'
import { handoutRuns } from '../../src/world/handout.ts'

test('the first numbers are those of the whole analysis, whose intervals take longer', async () => {
  const runs = handoutRuns()
  const counted = { ...runs, flops: runs.flops.map((C) => 1.3 * C) }
  for (const given of [runs, counted]) {
    const options = { targets: [1e23, 1e24], seed: 3 }
    const first = (await firstFit({ runs: given }, options))!.estimate
    const { methods } = await analyse({ runs: given }, { ...options, methods: ['norm'], resamples: 20 })
    const at = methods[0].predictions.find(({ flops }) => flops === 1e24)!
    assert.deepEqual(first, {
      ...{ method: 'norm', flops: 1e24, parameters: at.parameters, tokens: at.tokens, loss: at.loss },
      ...{ sizeExponent: methods[0].modelSize!.exponent, tokensExponent: methods[0].datasetSize!.exponent },
    })
  }
  const { flops } = (await firstFit({ runs }, {}))!.estimate
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
  assert.equal(await firstFit({ runs: runsOf(ray) }, {}), null)
  await assert.rejects(firstFit({ runs: runsOf(ray.slice(0, 2)) }, {}), { code: 'TOO_FEW_RUNS' })
})

test('what is drawn first are the lines of the whole analysis, without bands', async () => {
  const runs = handoutRuns()
  const options = { targets: [1e24] }
  const { analysis } = (await firstFit({ runs }, options))!
  const whole = await analyse({ runs }, { ...options, methods: ['norm'], resamples: 20 })
  const linesOf = (analysis: Parameters<(typeof firstFigures)[0]['draw']>[0]['analysis']) =>
    firstFigures.map((figure) => {
      const svg = svgText(drawFigure(figure, { analysis, truth: null }, newDocument())!)
      assert.doesNotMatch(svg + figure.caption({ analysis, truth: null }), /NaN|undefined|null/)
      return svg.match(/<circle[^>]*>/g)?.length
    })
  assert.deepEqual(linesOf(analysis), linesOf(whole))
  assert.deepEqual(
    analysis.bands[0].points.map(({ flops, parameters, loss }) => ({ flops, parameters, loss })),
    whole.bands[0].points.map(({ flops, parameters, loss }) => ({ flops, parameters, loss })),
  )
  assert.ok(analysis.bands[0].points.every(({ interval }) => interval.parameters === null))
  assert.deepEqual(analysis.profiles, whole.profiles)
})
