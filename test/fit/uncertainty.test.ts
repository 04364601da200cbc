import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../src/core/random.ts'
import { type Runs, runsOf, withLoss } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import {
  budgetSampler,
  intervalBy,
  intervalOf,
  type Replicates,
  reasonWithoutInterval,
  runSampler,
} from '../../src/fit/bootstrap.ts'
import { estimateOf, quantities } from '../../src/fit/estimate.ts'
import { refitHuber } from '../../src/fit/huber.ts'
import { groupBudgets } from '../../src/fit/profile.ts'
import { asymptoteInterval, exponentRegion } from '../../src/fit/region.ts'
import { surfaceScores } from '../../src/fit/scores.ts'
import { fitSurface, surfaceProfile } from '../../src/fit/surface.ts'
import { surfaceLoss } from '../../src/law/surface.ts'
import { fQuantile2 } from '../../src/numeric/student.ts'
import { handoutRuns } from '../../src/world/handout.ts'
import { chinchillaRuns, close, knownLawRuns, needs } from '../support.ts'

const noisy = (runs: Runs, sd: number, seed = 1): Runs => {
  const { normal } = random(seed)
  return withLoss(
    runs,
    runs.loss.map((L) => L + sd * normal()),
  )
}

test('scheme runs: every budget keeps its number of runs, equal replicates are equal', () => {
  const runs = knownLawRuns()
  const budgets = groupBudgets(runs)
  const sampler = runSampler(runs, budgets, 5)
  const { weights } = sampler(3)
  for (const { runs: members } of budgets.groups)
    assert.equal(
      [...members].reduce((sum, i) => sum + weights![i], 0),
      members.length,
    )
  assert.deepEqual(sampler(3).weights, weights)
  assert.notDeepEqual(sampler(4).weights, weights)
  assert.notDeepEqual(runSampler(runs, budgets, 6)(3).weights, weights)
})

test('scheme runs: budgets of one or two sizes are drawn from together', () => {
  const lone = runsOf(
    [1e17, 2e17, 3e17, 4e17].map((flops) => ({ parameters: 1e6, tokens: flops / 6e6, flops, loss: 4 })),
  )
  const sampler = runSampler(lone, groupBudgets(lone), 0)
  assert.ok([...Array(20).keys()].some((k) => sampler(k).weights!.some((w) => w > 1)))
})

test('scheme budgets: a budget deviates as a whole, by its residuals from the surface without it', () => {
  const runs = knownLawRuns()
  const budgets = groupBudgets(runs)
  const { law } = fitSurface(runs)!
  const sampler = budgetSampler(runs, budgets, law, 1)!
  const change = (k: number) =>
    sampler(k).runs.loss.map((L, i) => L - surfaceLoss(law, runs.parameters[i], runs.tokens[i]))
  const [first, second] = [change(0), change(1)]
  const wider = [0, 0]
  for (const { runs: members } of budgets.groups) {
    const ratio = first[members[0]] / second[members[0]]
    for (const i of members) close(first[i] / second[i], ratio, 1e-6)
    for (const i of members) {
      const own = runs.loss[i] - surfaceLoss(law, runs.parameters[i], runs.tokens[i])
      wider[0] += own ** 2
    }
  }
  // Leaving a budget out makes its residuals larger on the whole than within the fit.
  const draws = Array.from({ length: 400 }, (_, k) => change(k).reduce((sum, r) => sum + r * r, 0))
  wider[1] = draws.reduce((sum, value) => sum + value, 0) / draws.length
  assert.ok(wider[1] > wider[0])
})

test('intervals: percentiles, the wider end of two schemes, null when too many fail', () => {
  const law = fitSurface(knownLawRuns())!.law
  const at = (E: number) => estimateOf({ ...law, E }, { rmse: 0, of: 'loss' })
  const E = quantities.coefficient('E')
  const many = (from: number, to: number) => Array.from({ length: 101 }, (_, k) => at(from + ((to - from) * k) / 100))
  const replicates: Replicates = new Map([
    ['runs', many(1, 2)],
    ['budgets', many(1.2, 2.4)],
  ])
  const rounded = (interval: readonly number[] | null) => interval?.map((x) => Math.round(x * 1e9) / 1e9)
  assert.deepEqual(rounded(intervalBy(replicates, 'runs', E, 0.9)), [1.05, 1.95])
  assert.deepEqual(rounded(intervalOf(replicates, E, 0.9)), [1.05, 2.34])
  const failing: Replicates = new Map([['runs', [...many(1, 2).slice(0, 80), ...new Array(21).fill(null)]]])
  assert.equal(intervalOf(failing, E, 0.9), null)
  assert.equal(intervalOf(new Map(), E, 0.9), null)
})

test('score resampling agrees with refitting', () => {
  const runs = noisy(handoutRuns(), 0.02)
  const budgets = groupBudgets(runs)
  const { law } = fitSurface(runs)!
  const scores = surfaceScores(runs, budgets, law, { resamples: 800, seed: 1, confidence: 0.95 })!
  const samplers = { runs: runSampler(runs, budgets, 1), budgets: budgetSampler(runs, budgets, law, 1)! }
  for (const scheme of ['runs', 'budgets'] as const) {
    const spread = (values: number[]) => {
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length
      return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)
    }
    const refits = Array.from({ length: 800 }, (_, k) => {
      const sample = samplers[scheme](k)
      return fitSurface(sample.runs, { weights: sample.weights, near: law })!.law.alpha
    })
    close(spread(scores.get(scheme)!.map(({ alpha }) => alpha)), spread(refits), 0.25, scheme)
  }
})

test("Chinchilla: huber's bootstrap intervals by runs are the published ones", {
  skip: needs('chinchilla_svg_extracted.csv'),
}, () => {
  const runs = chinchillaRuns()
  const budgets = groupBudgets(runs)
  const fit = refitHuber(runs, { E: 1.8172, A: 482, B: 2085, alpha: 0.3478, beta: 0.3658, q: 1 })!
  const sampler = runSampler(runs, { ...budgets, groups: [{ ...budgets.groups[0], runs: all(runs), sizes: 99 }] }, 0)
  const replicates: Replicates = new Map([
    ['runs', Array.from({ length: 1000 }, (_, k) => refitHuber(runs, fit.law, sampler(k).weights!))],
  ])
  // 4,000 resamples gave these; 1,000 leave their ends uncertain by about a tenth of the width.
  const published = { alpha: [0.316, 0.372], beta: [0.334, 0.415], E: [1.771, 1.871] } as const
  for (const [name, [low, high]] of Object.entries(published)) {
    const interval = intervalOf(replicates, quantities.coefficient(name as 'E'), 0.95)!
    const tolerance = 0.12 * (high - low)
    assert.ok(
      Math.abs(interval[0] - low) < tolerance && Math.abs(interval[1] - high) < tolerance,
      `${name} ${interval}`,
    )
  }
  const a = intervalOf(replicates, quantities.modelSizeExponent, 0.95)!
  assert.ok(Math.abs(a[0] - 0.481) < 0.006 && Math.abs(a[1] - 0.555) < 0.006, `a ${a}`)
})

const all = (runs: Runs) => Int32Array.from({ length: runs.size }, (_, i) => i)

test('the exponent region is a closed line where the residual sum of squares reaches its level', () => {
  const runs = knownLawRuns()
  const fit = fitSurface(runs)!
  const { line } = exponentRegion(runs, fit, 0.95)!
  const level = fit.rss * (1 + (2 * fQuantile2(0.95, 55)) / 55)
  const rss = surfaceProfile(runs)
  for (const { alpha, beta } of line) close(rss(alpha, beta), level, 1e-5)
  // The law that made these runs is inside: farther in than the line in its direction.
  assert.ok(rss(0.35, 0.37) < level)
})

test("E's profile-likelihood interval holds the truth, and reaches 0 when nothing shows a plateau", () => {
  const runs = knownLawRuns()
  const [low, high] = asymptoteInterval(runs, fitSurface(runs)!, 0.95)!
  assert.ok(low < 1.8 && 1.8 < high && high - low < 0.3)
  const narrow = noisy(
    runsOf(
      [1e17, 1.5e17].flatMap((flops) =>
        [1e7, 2e7, 4e7, 8e7].map((parameters) => {
          const tokens = flops / (6 * parameters)
          return {
            parameters,
            tokens,
            flops,
            loss: surfaceLoss({ E: 1.8, A: 480, B: 2100, alpha: 0.35, beta: 0.37, q: 1 }, parameters, tokens),
          }
        }),
      ),
    ),
    0.05,
  )
  const fit = fitSurface(narrow)
  assert.ok(fit)
  assert.equal(asymptoteInterval(narrow, fit, 0.95)![0], 0)
})

test('intervals contain their estimates, widen with the noise and do not depend on the threads', async () => {
  const options = { targets: [1e23], methods: ['surface', 'huber', 'parabola'] as const, resamples: 100, starts: 60 }
  const quiet = await analyse({ runs: noisy(handoutRuns(), 0.005) }, { ...options, threads: 1 })
  const loud = await analyse({ runs: noisy(handoutRuns(), 0.05) }, { ...options, threads: 2 })
  const again = await analyse({ runs: noisy(handoutRuns(), 0.05) }, { ...options, threads: 1 })
  assert.deepEqual(JSON.stringify(again.methods), JSON.stringify(loud.methods))
  for (const [k, { predictions }] of loud.methods.entries()) {
    const [{ parameters, interval }] = predictions
    const [low, high] = interval.parameters!
    assert.ok(low <= parameters && parameters <= high)
    const [quietLow, quietHigh] = quiet.methods[k].predictions[0].interval.parameters!
    assert.ok(high / low > 1.5 * (quietHigh / quietLow - 1) + 1)
  }
})

test('an interval that is withheld says why: which refits failed, and how many', () => {
  const found = estimateOf({ E: 1.8, A: 480, B: 2100, alpha: 0.35, beta: 0.37, q: 1 }, { rmse: 0, of: 'loss' })
  const replicates = (failed: number): Replicates =>
    new Map([
      ['runs', Array.from({ length: 100 }, () => found)],
      ['budgets', Array.from({ length: 100 }, (_, k) => (k < failed ? null : found))],
    ])
  assert.equal(reasonWithoutInterval(replicates(10)), null)
  assert.ok(intervalOf(replicates(10), quantities.modelSizeExponent, 0.95))
  assert.match(reasonWithoutInterval(replicates(11))!, /^11 of 100 refits by budgets found no law$/)
  assert.equal(intervalOf(replicates(11), quantities.modelSizeExponent, 0.95), null)
})
