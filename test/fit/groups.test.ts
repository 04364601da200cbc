import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IsoflopError } from '../../src/core/errors.ts'
import { everyNth, runAt, runsOf, selectRuns } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import { analyseGroups } from '../../src/fit/groups/analysis.ts'
import { clustersOf } from '../../src/fit/groups/clusters.ts'
import { bestPlace, type CompareOptions, comparePair, tokensForLoss } from '../../src/fit/groups/compare.ts'
import { fitSharings, problemOf } from '../../src/fit/groups/fit.ts'
import { splitRuns } from '../../src/fit/groups/grouped.ts'
import { deviationsOf, givenBack } from '../../src/fit/groups/resample.ts'
import type { PairComparison } from '../../src/fit/groups/result.ts'
import { lawSize, sharings } from '../../src/fit/groups/sharing.ts'
import { usualPrior } from '../../src/fit/norm/prior.ts'
import { powerAt } from '../../src/law/power.ts'
import { type SurfaceLaw, surfaceLoss } from '../../src/law/surface.ts'
import { solveCholesky } from '../../src/numeric/cholesky.ts'
import { fewerTokens, firstLaw, interleaved, profilesOf, sixBudgets } from './groups-runs.ts'

const options: CompareOptions = { prior: usualPrior, confidence: 0.95, seed: 0, resamples: 79, level: 0.05 }
const fiveBudgets = sixBudgets.slice(0, 5)

function pairOf(law: SurfaceLaw, noise: { own?: number; shared?: number } = { own: 0.004 }, seed = 1): PairComparison {
  return comparePair(
    [
      { name: 'a', runs: profilesOf(firstLaw, sixBudgets, { ...noise, seed }) },
      { name: 'b', runs: profilesOf(law, fiveBudgets, { ...noise, seed: seed + 1000 }) },
    ],
    {
      places: [1e20, 1e21].map((flops) => bestPlace(firstLaw, flops)),
      budgets: [{ flops: 3e21, works: [3e21, 3e21] }],
    },
    options,
  )
}

const holds = ([low, high]: readonly [number, number], value: number) => low <= value && value <= high

test('losses computed from laws give their relation back', () => {
  const tokens = pairOf(fewerTokens(firstLaw, 1.7), {})
  assert.equal(tokens.kept, 'tokens')
  assert.ok(Math.abs(tokens.tokens!.value - 1.7) < 0.005, `${tokens.tokens!.value}`)
  const one = pairOf(firstLaw, {})
  assert.equal(one.kept, 'one')
  assert.ok(Math.abs(one.tokens!.value - 1) < 0.005, `${one.tokens!.value}`)
})

test('with noise the factor of tokens has an interval that holds it, and it is the same at every budget', () => {
  const { kept, tokens, plateau, sizes, differences, worth, exponents } = pairOf(fewerTokens(firstLaw, 1.7))
  assert.equal(kept, 'tokens')
  assert.ok(holds(tokens!.interval, 1.7) && tokens!.interval[1] / tokens!.interval[0] < 1.1, `${tokens!.interval}`)
  assert.ok(holds(plateau.interval, 0) && plateau.interval[1] - plateau.interval[0] < 0.1, `${plateau.interval}`)
  assert.deepEqual([sizes, differences], [null, null])
  for (const { factor } of worth) assert.ok(Math.abs(factor.value / tokens!.value - 1) < 1e-6)
  assert.ok(holds(exponents!.alpha.interval, firstLaw.alpha) && holds(exponents!.beta.interval, firstLaw.beta))
})

/** How the second law may differ but by its tokens, what is to be kept of it, and what is to be told. */
const differing: Record<
  string,
  { law: SurfaceLaw; kept: PairComparison['kept']; told: (pair: PairComparison) => [unknown, number] }
> = {
  'a higher plateau': {
    law: { ...fewerTokens(firstLaw, 1.7), E: 2.1 },
    kept: 'plateau',
    told: ({ plateau }) => [plateau, 0.3],
  },
  'other sizes': {
    law: { ...firstLaw, A: firstLaw.A * 1.5 ** firstLaw.alpha },
    kept: 'exponents',
    told: ({ sizes }) => [sizes, 1.5],
  },
  'losses in bits beside nats': {
    law: { ...firstLaw, E: firstLaw.E / Math.LN2, A: firstLaw.A / Math.LN2, B: firstLaw.B / Math.LN2 },
    kept: 'exponents',
    told: ({ plateau }) => [plateau, firstLaw.E / Math.LN2 - firstLaw.E],
  },
  'another exponent of N': {
    law: { ...firstLaw, alpha: 0.28, A: firstLaw.A * 3e8 ** -0.07 },
    kept: 'own',
    told: ({ differences }) => [differences!.alpha, -0.07],
  },
}

for (const [name, { law, kept, told }] of Object.entries(differing))
  test(`${name} is no factor of tokens: what differs is told, and what tokens are worth where`, () => {
    const pair = pairOf(law)
    assert.equal(pair.kept, kept)
    const [estimate, truth] = told(pair) as [{ interval: [number, number] }, number]
    assert.ok(holds(estimate.interval, truth), `${estimate.interval} ${truth}`)
    for (const { parameters, tokens, factor } of pair.worth.slice(0, 1)) {
      const needed = tokensForLoss(law, parameters, surfaceLoss(firstLaw, parameters, tokens)) / tokens
      assert.ok(holds(factor.interval, needed), `${factor.interval} ${needed}`)
    }
  })

test('the best runs of both are beside each other at a budget, and intervals hold what is true there, whatever the laws seem to share', () => {
  const laws = {
    ...Object.fromEntries(Object.entries(differing).map(([name, { law }]) => [name, law])),
    'one law': firstLaw,
    'a factor of tokens': fewerTokens(firstLaw, 1.7),
    'an exponent that differs less than the runs show': {
      ...firstLaw,
      beta: firstLaw.beta - 0.015,
      B: firstLaw.B * 1e10 ** -0.015,
    },
  }
  for (const [name, law] of Object.entries(laws)) {
    const [{ flops, parameters, tokens, loss }] = pairOf(law).optima
    const [a, b] = [firstLaw, law].map((each) => bestPlace(each, flops))
    const lossOf = (of: SurfaceLaw, place: typeof a) => surfaceLoss(of, place.parameters, place.tokens)
    assert.ok(holds(parameters.interval, b.parameters / a.parameters), `${name}: N ${parameters.interval}`)
    assert.ok(holds(tokens.interval, b.tokens / a.tokens), `${name}: D ${tokens.interval}`)
    assert.ok(holds(loss.interval, lossOf(law, b) - lossOf(firstLaw, a)), `${name}: loss ${loss.interval}`)
    assert.ok(parameters.interval[1] < 2.5 * parameters.interval[0], `${name}: N ${parameters.interval}`)
    assert.ok(Math.abs(parameters.value * tokens.value - 1) < 1e-9, 'the same compute')
  }
})

test('a loss below the other plateau needs more tokens than any', () => {
  const { worth } = pairOf({ ...firstLaw, E: 2.6 })
  for (const { factor } of worth) assert.deepEqual([factor.value, ...factor.interval], new Array(3).fill(Infinity))
})

test('errors that a budget shares do not give a sharing up that errors of single runs would', () => {
  const pairs = Array.from({ length: 6 }, (_, k) =>
    pairOf(fewerTokens(firstLaw, 1.7), { own: 0.003, shared: 0.006 }, 2 + k),
  )
  const tests = pairs.flatMap((pair) => pair.tests.slice(1))
  const byRuns = tests.filter((each) => each.byRuns < 0.05).length
  const both = tests.filter(({ p }) => p < 0.05).length
  assert.ok(byRuns >= 4 && both <= 1, `${byRuns} by runs, ${both} by both of ${tests.length}`)
})

test('tokens for a loss are the inverse of the law', () => {
  for (const q of [0.4, 1]) {
    const law = { ...firstLaw, q }
    const D = tokensForLoss(law, 1e8, surfaceLoss(law, 1e8, 3e10))
    assert.ok(Math.abs(D / 3e10 - 1) < 1e-9)
  }
  assert.equal(tokensForLoss(firstLaw, 1e8, firstLaw.E), Number.POSITIVE_INFINITY)
})

const twoGroups = [
  profilesOf(firstLaw, sixBudgets, { own: 0.004, seed: 1 }),
  profilesOf({ ...firstLaw, E: 1.9 }, fiveBudgets, { own: 0.004, seed: 2 }),
]

test('a model never fits better than one that it is part of', () => {
  const { fits } = fitSharings(twoGroups, usualPrior)
  const costs = sharings.map(({ name }) => fits[name].cost)
  for (let k = 1; k < costs.length; k++) assert.ok(costs[k] <= costs[k - 1] * (1 + 1e-6), `${costs}`)
})

test('the slope of the problem is that of its cost', () => {
  const shared = fitSharings(twoGroups, usualPrior)
  for (const { name } of sharings) {
    const { layout, theta } = shared.fits[name]
    const problem = problemOf(shared, layout)
    const place = theta.map((value, k) => value + 0.05 * Math.sin(k + 1))
    problem.cost(place)
    const { gradient } = problem.slope()
    for (let k = 0; k < layout.size; k++) {
      const at = (step: number) => problem.cost(place.with(k, place[k] + step))
      const numeric = (at(1e-5) - at(-1e-5)) / 2e-5 / 2
      assert.ok(Math.abs(gradient[k] - numeric) < 1e-5 * (1 + Math.abs(numeric)), `${name} ${k}`)
    }
  }
})

test('what a budget drew to itself is given back as if it had not been there', () => {
  const shared = fitSharings(twoGroups, usualPrior)
  const { layout, theta } = shared.fits.plateau
  const problem = problemOf(shared, layout)
  const clusters = clustersOf(twoGroups)
  const { residual } = deviationsOf(problem, theta, shared.data.of, clusters, givenBack.whole)
  problem.cost(theta)
  const { normal } = problem.slope()
  // r + J (rest's J'J)^-1 J' r, written out for the second budget of the second group.
  const members = clusters.members[7]
  const rows = Array.from(members, (i) => {
    const row = new Float64Array(layout.size)
    for (let k = 0; k < lawSize; k++) row[layout.place[1][k]] = problem.jacobian[i * lawSize + k] * problem.precision[i]
    return row
  })
  const rest = normal.map((value, at) => {
    const [j, k] = [Math.floor(at / layout.size), at % layout.size]
    return value - rows.reduce((sum, row) => sum + row[j] * row[k], 0)
  })
  const r = Array.from(members, (i) => -problem.residual[i] * problem.precision[i])
  const shift = solveCholesky(
    rest,
    Float64Array.from({ length: layout.size }, (_, k) => rows.reduce((sum, row, m) => sum + row[k] * r[m], 0)),
  )!
  for (const [m, i] of members.entries()) {
    const wanted = r[m] + rows[m].reduce((sum, value, k) => sum + value * shift[k], 0)
    assert.ok(Math.abs(residual[i] * problem.precision[i] - wanted) < 1e-6 * (1 + Math.abs(wanted)))
  }
})

test('each group is fitted as if it were alone, wherever its rows stand', async () => {
  const [a, b] = twoGroups
  const asked = { methods: ['norm', 'parabola'], targets: [1e21], resamples: 40 } as const
  const { groups, comparison, left } = await analyseGroups(interleaved({ a, b }), asked)
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['a', 'b'],
  )
  for (const [k, runs] of twoGroups.entries()) assert.deepEqual(groups[k].analysis, await analyse({ runs }, asked))
  const more = await analyseGroups(interleaved({ a, b }), { ...asked, methods: ['norm', 'parabola', 'surface'] })
  assert.deepEqual(more.comparison, comparison, 'it is of the law that leads')
  assert.deepEqual(left, [])
  assert.equal(comparison.reference, 'a')
  const [reached] = comparison.pairs[0].worth
  assert.ok(Math.abs(reached.flops / 1e20 - 1) < 1e-9, 'the largest budget of both')
  const { N, C } = { N: groups[0].analysis.methods[0].modelSize!, C: reached.flops }
  assert.ok(Math.abs(reached.parameters / powerAt(N, C) - 1) < 1e-6, 'the best size that the table has')
})

test('training curves go with the run that is their end; runs without a group are counted', async () => {
  const curves = twoGroups.map((runs) => everyNth(runs, 6))
  const ends = interleaved({ a: twoGroups[0], b: twoGroups[1] })
  // Every sixth run has a checkpoint at half of its tokens.
  const rows = curves.flatMap((runs) => Array.from({ length: runs.size }, (_, i) => runAt(runs, i)))
  const checkpoints = runsOf(
    rows.flatMap((run) => [{ ...run, tokens: run.tokens / 2, flops: run.flops / 2, loss: run.loss + 0.2 }, run]),
  )
  const curve = Int32Array.from({ length: checkpoints.size }, (_, i) => i >> 1)
  const input = { ...ends, curves: { checkpoints, curve, curveCount: rows.length } }
  const parts = splitRuns(input)
  assert.deepEqual(
    parts.map(({ name, curves: own }) => [name, own!.curveCount, own!.checkpoints.size]),
    [
      ['a', 6, 12],
      ['b', 5, 10],
    ],
  )
  for (const { runs, curves: own } of parts)
    for (const [i, k] of own!.curve.entries())
      if (i % 2 === 1) assert.ok(runs.loss.includes(own!.checkpoints.loss[i]) && k === i >> 1)
  ends.groups.of[3] = -1
  const { left } = await analyseGroups(ends, { methods: ['norm'], resamples: 40 })
  assert.deepEqual(left, [{ name: '', runs: 1, reason: '"dataset" is empty there.' }])
})

test('groups that are too small are named with their reason, fitted or not', async () => {
  const small = selectRuns(twoGroups[1], [0, 1])
  const oneBudget = selectRuns(twoGroups[1], [0, 1, 2, 3])
  const few = selectRuns(twoGroups[1], [0, 3, 7, 10, 14])
  const input = interleaved({ a: twoGroups[0], small, oneBudget, few })
  const { groups, left, comparison } = await analyseGroups(input, { methods: ['norm'], resamples: 40 })
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['a', 'few'],
  )
  assert.deepEqual(
    left.map(({ name, runs }) => [name, runs]),
    [
      ['small', 2],
      ['oneBudget', 4],
    ],
  )
  assert.match(left[0].reason, /at least 3 runs, got 2/)
  assert.match(left[1].reason, /two compute budgets/)
  assert.deepEqual([comparison.reference, comparison.pairs, comparison.together], [null, [], null])
  assert.match(comparison.left[0].reason, /5 runs .* needs 7/)
})

test('where no group can be fitted the error names each and why', async () => {
  const input = interleaved({ a: selectRuns(twoGroups[0], [0]), b: selectRuns(twoGroups[1], [0, 1]) })
  await assert.rejects(analyseGroups(input), (error: unknown) => {
    assert.ok(error instanceof IsoflopError)
    assert.equal(error.code, 'TOO_FEW_RUNS')
    assert.match(error.message, /"dataset".*"a".*got 1.*"b".*got 2/)
    return true
  })
})

test('of three groups all are tested together, and each beside the first', async () => {
  const c = profilesOf(fewerTokens(firstLaw, 0.6), fiveBudgets, { own: 0.004, seed: 3 })
  const [a, b] = twoGroups
  const { comparison } = await analyseGroups(interleaved({ a, b, c }), { methods: ['norm'], resamples: 40 })
  const [ofB, ofC] = comparison.pairs
  assert.deepEqual([ofB.group, ofC.group], ['b', 'c'])
  for (const { kept } of [comparison.together!, ofB]) assert.ok(kept === 'plateau' || kept === 'exponents', kept)
  assert.equal(ofC.kept, 'tokens')
  assert.ok(holds(ofC.tokens!.interval, 0.6))
})

test('a run with a wrong loss is in no comparison', async () => {
  const b = profilesOf(fewerTokens(firstLaw, 1.7), fiveBudgets, { own: 0.004, seed: 4 })
  b.loss[8] += 1
  const { comparison } = await analyseGroups(interleaved({ a: twoGroups[0], b }), { methods: ['norm'], resamples: 40 })
  assert.deepEqual(comparison.outliers, [{ group: 'b', runs: 1 }])
  assert.equal(comparison.pairs[0].kept, 'tokens')
  assert.ok(holds(comparison.pairs[0].tokens!.interval, 1.7))
})
