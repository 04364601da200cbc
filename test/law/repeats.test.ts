import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { powerAt } from '../../src/law/power.ts'
import {
  bestRepeated,
  epochsWorthOnAverage,
  epochWorth,
  lossAbovePlateau,
  type RepeatsLaw,
  repeatsLoss,
  repeatsSize,
  servedSize,
  supportedSize,
  taughtTokens,
} from '../../src/law/repeats.ts'
import { optimalParameters, optimalTokens, type SurfaceLaw, surfaceLoss } from '../../src/law/surface.ts'
import { close, reference } from '../support.ts'

const {
  law: fresh,
  stars,
  best,
} = reference('repeats') as {
  law: SurfaceLaw
  stars: { tokens: number; size: number }
  best: { flops: number; unique: number; parameters: number; loss: number }[]
}
const law: RepeatsLaw = { fresh, ...stars }

test('four epochs by the published R* are worth 3.73 fresh ones, and ever more 16.4', () => {
  // D' = U + U R* (1 - exp(-R / R*)), R* = 15.387756 (Muennighoff et al. 2023), with a calculator.
  const published = { tokens: 15.387756 }
  close(taughtTokens(published, 4e10, 1e10) / 1e10, 3.7258, 1e-4)
  close(taughtTokens(published, 1e14, 1e10) / 1e10, 16.387756, 1e-6)
  assert.equal(taughtTokens(published, 5e9, 1e10), 5e9, 'half an epoch is fresh')
})

test('U fresh tokens are compute-optimal for the size that they support, and a smaller one serves in full', () => {
  for (const U of [1e9, 3e10]) {
    const N = supportedSize(fresh, U)
    close(powerAt(optimalTokens(fresh), 6 * N * U), U, 1e-9)
    close(powerAt(optimalParameters(fresh), 6 * N * U), N, 1e-9)
    assert.equal(servedSize(law, 0.7 * N, U), 0.7 * N)
    assert.ok(servedSize(law, 3 * N, U) < 3 * N)
    assert.ok(servedSize(law, 1e6 * N, U) <= N * (1 + law.size) * (1 + 1e-12))
  }
})

test('best runs are those of SciPy', () => {
  for (const { flops, unique, parameters, loss } of best) {
    const found = bestRepeated(law, flops, unique)
    close(found.loss, loss, 1e-12, `loss at ${flops} with ${unique}`)
    close(found.parameters, parameters, 1e-4, `N at ${flops} with ${unique}`)
    close(found.loss, repeatsLoss(law, found.parameters, found.tokens, unique), 1e-15)
    close(6 * found.parameters * found.tokens, flops, 1e-12)
  }
})

test('with enough unique tokens the best is that of fresh data, with fewer it is never better, with more never worse', () => {
  const C = 1e22
  const enough = powerAt(optimalTokens(fresh), C)
  const all = bestRepeated(law, C, 1.001 * enough)
  assert.equal(all.cost, 0)
  assert.equal(all.worth, 0)
  close(all.parameters, powerAt(optimalParameters(fresh), C), 1e-12)
  let last = 0
  for (const share of [0.9, 0.5, 0.2, 0.05, 0.01, 0.001]) {
    const { cost, epochs, tokens, worth } = bestRepeated(law, C, share * enough)
    assert.ok(cost >= last, `${share}: ${cost} after ${last}`)
    assert.ok(epochs > 1 && worth > 0 && worth < tokens - share * enough)
    last = cost
  }
})

test('an epoch worth 90 % of a fresh one is where another token teaches so much, by differences', () => {
  for (const share of [0.9, 0.5]) {
    const e = epochWorth(law, share)
    const taught = (epochs: number) => taughtTokens(law, epochs * 1e10, 1e10) / 1e10
    close((taught(e + 1e-5) - taught(e - 1e-5)) / 2e-5, share, 1e-6)
    const average = epochsWorthOnAverage(law, share)
    close((taught(average) - 1) / (average - 1), share, 1e-9)
    assert.ok(average > e)
  }
})

const point = fc.record({
  size: fc.double({ min: -4, max: 4, noNaN: true }),
  tokens: fc.double({ min: -1, max: 3, noNaN: true }),
  before: fc.double({ min: 0, max: 5, noNaN: true }),
})
const coefficients = fc.tuple(
  fc.double({ min: -1.5, max: 0, noNaN: true }),
  fc.double({ min: -1.5, max: 0, noNaN: true }),
  fc.double({ min: -1.6, max: -0.6, noNaN: true }),
  fc.double({ min: -1.6, max: -0.6, noNaN: true }),
  fc.double({ min: 0, max: 5, noNaN: true }),
  fc.double({ min: 0, max: 5, noNaN: true }),
)

test('the derivatives are those of differences, for sizes that the unique tokens support and for larger ones', () => {
  const sides = new Set<boolean>()
  fc.assert(
    fc.property(point, coefficients, fc.constantFrom(1, 0.7, 0.35), ({ size, tokens, before }, values, q) => {
      const theta = Float64Array.of(0, ...values)
      const x = { size, tokens, unique: tokens - before }
      const alpha = Math.exp(theta[3])
      const beta = Math.exp(theta[4])
      const support = (q * (theta[3] - theta[4]) + theta[1] - theta[2] + beta * x.unique) / alpha
      fc.pre(Math.abs(size - support) > 1e-3) // the second derivative has a step there
      sides.add(size > support)
      const gradient = new Float64Array(repeatsSize)
      const scratch = new Float64Array(repeatsSize)
      lossAbovePlateau(theta, q, x, gradient)
      for (let k = 1; k < repeatsSize; k++) {
        const at = (by: number) => lossAbovePlateau(theta.with(k, theta[k] + by), q, x, scratch)
        const step = 1e-5
        const slope = (at(step) - at(-step)) / (2 * step)
        assert.ok(Math.abs(slope - gradient[k]) < 1e-7 * (1 + Math.abs(slope)), `${k}: ${gradient[k]} is not ${slope}`)
      }
    }),
    { seed: 1, numRuns: 400 },
  )
  assert.equal(sides.size, 2)
})

test('with logarithms about a centre the loss is that of the law as a value', () => {
  const [N0, D0] = [4e8, 2e10]
  const theta = Float64Array.of(
    0,
    Math.log(fresh.A) - fresh.alpha * Math.log(N0),
    Math.log(fresh.B) - fresh.beta * Math.log(D0),
    Math.log(fresh.alpha),
    Math.log(fresh.beta),
    Math.log(law.tokens),
    Math.log(law.size),
  )
  for (const N of [1e7, 1e9, 1e11])
    for (const U of [1e8, 1e10]) {
      const D = 7 * U
      const x = { size: Math.log(N / N0), tokens: Math.log(D / D0), unique: Math.log(U / D0) }
      const above = lossAbovePlateau(theta, fresh.q, x, new Float64Array(repeatsSize))
      close(fresh.E + above, repeatsLoss(law, N, D, U), 1e-12)
    }
  close(repeatsLoss(law, 1e8, 1e10, 1e10), surfaceLoss(fresh, 1e8, 1e10), 1e-15, 'one epoch of a small model')
})
