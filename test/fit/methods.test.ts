import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Runs } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import { type Method, noProfiles, plain } from '../../src/fit/methods/method.ts'
import { methods } from '../../src/fit/methods.ts'
import { estimateOfPoints } from '../../src/fit/power.ts'
import { powerAt } from '../../src/law/power.ts'
import { renderFigures } from '../../src/report/draw/svg.ts'
import { fitFigures } from '../../src/report/fit/figures.ts'
import { fitText } from '../../src/report/fit/text.ts'
import { handoutRuns } from '../../src/world/handout.ts'

/** A method as the recipe in ARCHITECTURE.md has it, and registered nowhere: the mean size of each profile's two lowest runs. */
const lowestPair: Method = {
  name: 'lowest-pair',
  fit({ runs, profiles }) {
    if (profiles.length < 2) return noProfiles
    const fit = (runs: Runs, weights?: Float64Array) => {
      const points = profiles.flatMap(({ budget, runs: members }) => {
        const there = [...members].filter((i) => weights === undefined || weights[i] > 0)
        const [first, second] = there.sort((i, j) => runs.loss[i] - runs.loss[j])
        if (second === undefined) return []
        const N = Math.sqrt(runs.parameters[first] * runs.parameters[second])
        return [{ budget, N, D: Math.sqrt(runs.tokens[first] * runs.tokens[second]) }]
      })
      return estimateOfPoints(
        points.map(({ budget }) => budget),
        points.map(({ N }) => N),
        points.map(({ D }) => D),
      )
    }
    const estimate = fit(runs)
    if (estimate === null) return 'the lowest runs do not determine a power law'
    return { ...plain, estimate, replicas: { kind: 'refits', refit: (sample) => fit(sample.runs, sample.weights) } }
  },
}
const handout = handoutRuns()
const quick = { targets: [1e22], resamples: 40, starts: 45, threads: 1 }

test('a method that is registered nowhere gets intervals, a backtest, a row of the table and a line of the figures', async () => {
  const analysis = await analyse({ runs: handout }, { ...quick, methods: ['norm', 'parabola', lowestPair] })
  assert.deepEqual(
    analysis.methods.map(({ method }) => method),
    ['norm', 'parabola', 'lowest-pair'],
  )
  const [{ flops, parameters, interval }] = analysis.methods[2].predictions
  assert.equal(parameters, powerAt(analysis.methods[2].modelSize!, flops))
  assert.ok(interval.parameters![0] < parameters && parameters < interval.parameters![1])
  assert.equal(analysis.backtests.filter(({ method }) => method === 'lowest-pair').length, 3)
  assert.equal(analysis.bands.at(-1)!.method, 'lowest-pair')
  assert.match(fitText({ analysis, truth: null }), /^lowest-pair +0\.\d+ /m)
  const drawn = renderFigures(fitFigures, { analysis, truth: null }).filter(({ svg }) => svg.includes('>lowest-pair'))
  assert.deepEqual(
    drawn.map(({ name }) => name),
    ['optimum', 'lowest', 'agreement', 'backtest'],
  )
})

test('a method alone speaks for the analysis, and what it says does not depend on the others', async () => {
  const alone = await analyse({ runs: handout }, { ...quick, methods: [lowestPair] })
  const beside = await analyse({ runs: handout }, { ...quick, methods: ['norm', 'envelope', lowestPair] })
  assert.equal(alone.headline.method, 'lowest-pair')
  assert.deepEqual(alone.methods[0], beside.methods[2])
})

test('a method that cannot fit says why', async () => {
  const cannot: Method = { name: 'cannot', fit: () => 'it never can' }
  const { methods, backtests } = await analyse({ runs: handout }, { ...quick, methods: [cannot] })
  assert.equal(methods[0].unavailable, 'it never can')
  assert.deepEqual(methods[0].predictions, [])
  assert.deepEqual(backtests, [])
})

test('no two methods have one name', () => {
  assert.equal(new Set(methods.map(({ name }) => name)).size, methods.length)
})

test('a fit that takes long tells how far it has come, each hundredth once, on any number of threads', async () => {
  for (const threads of [1, 2]) {
    const shares: number[] = []
    await analyse(
      { runs: handoutRuns() },
      {
        ...{ methods: ['huber'], starts: 600, resamples: 5, threads },
        onStep: (step, share) => step === 'huber' && share !== undefined && shares.push(share),
      },
    )
    assert.ok(shares.length > 50, `${shares}`)
    assert.deepEqual(
      shares,
      [...new Set(shares)].sort((a, b) => a - b),
    )
    assert.ok(shares[0] > 0 && shares.at(-1)! < 1 && shares.at(-1)! > 0.9, `${shares}`)
  }
})
