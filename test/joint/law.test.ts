import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  bestJointRate,
  type JointName,
  type JointPoint,
  jointIndex,
  jointLoss,
  jointNames,
  jointReference,
  jointSize,
} from '../../src/joint/law.ts'
import { priors } from '../../src/joint/prior.ts'
import { close } from '../support.ts'

const { mean, sd } = priors.usual
const untrained = 10.47
const scratch = new Float64Array(jointSize)
const lossOf = (theta: Float64Array, x: JointPoint): number => jointLoss(theta, x, untrained, scratch)

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })

/** Coefficients within two standard deviations of the prior's centre: every term of the law is switched on. */
const coefficients = fc
  .array(between(-2, 2), { minLength: jointSize, maxLength: jointSize })
  .map((z) => Float64Array.from(z, (value, k) => mean[k] + value * sd[k]))

const point: fc.Arbitrary<JointPoint> = fc.record({
  size: between(-5, 4),
  tokens: between(-4, 5),
  core: between(-6, 4),
  rate: between(Math.log(1e-5), Math.log(3e-2)),
  batch: between(-1, 3),
  ratio: between(Math.log(20), Math.log(200)),
  steps: between(2, 12),
  compute: between(-3, 8),
})

const withCoefficients = (theta: Float64Array, changes: Partial<Record<JointName, number>>): Float64Array => {
  const changed = Float64Array.from(theta)
  for (const [name, value] of Object.entries(changes)) changed[jointIndex[name as JointName]] = value
  return changed
}

/** Derivative by one coefficient: central differences at two steps, extrapolated. */
function difference(theta: Float64Array, x: JointPoint, k: number, step = 1e-4): number {
  const at = (h: number) => {
    const moved = (by: number) =>
      lossOf(
        theta.map((value, j) => (j === k ? value + by : value)),
        x,
      )
    return (moved(h) - moved(-h)) / (2 * h)
  }
  return (4 * at(step / 2) - at(step)) / 3
}

for (const side of ['below', 'above'] as const)
  test(`${side} the best rate every derivative equals the difference of losses`, () => {
    const distance = between(0.05, 3).map((u) => (side === 'above' ? u : -u))
    const seen = new Set<number>()
    fc.assert(
      fc.property(coefficients, point, distance, (theta, where, u) => {
        const x = { ...where, rate: bestJointRate(theta, where) + u }
        const gradient = new Float64Array(jointSize).fill(Number.NaN)
        // Rounding of the differences goes by the loss, which can be hundreds of nats at odd coefficients.
        const rounding = 2e-9 * Math.max(1, jointLoss(theta, x, untrained, gradient))
        for (let k = 0; k < jointSize; k++) {
          const expected = difference(theta, x, k)
          const error = Math.abs(gradient[k] - expected)
          assert.ok(error <= 1e-5 * Math.abs(expected) + rounding, `${jointNames[k]}: ${gradient[k]}, not ${expected}`)
          if (Math.abs(expected) > 1e-3) seen.add(k)
        }
      }),
      { numRuns: 300 },
    )
    const silent = jointNames.filter((_, k) => !seen.has(k))
    assert.deepEqual(silent, side === 'above' ? [] : ['steepness'])
  })

test('at the best rate itself the rate has no slope', () => {
  fc.assert(
    fc.property(coefficients, point, (theta, where) => {
      const gradient = new Float64Array(jointSize)
      jointLoss(theta, { ...where, rate: bestJointRate(theta, where) }, untrained, gradient)
      for (const name of ['rate', 'rateSize', 'rateCurve', 'rateTokens', 'rateBatch', 'waste', 'harm', 'tail'] as const)
        assert.ok(Math.abs(gradient[jointIndex[name]]) < 1e-9, name)
    }),
  )
})

test('the loss is above E and between the untrained loss and that of the same run without a slow start', () => {
  fc.assert(
    fc.property(coefficients, point, (theta, x) => {
      const loss = lossOf(theta, x)
      const atOnce = lossOf(withCoefficients(theta, { until: -1e3 }), x)
      assert.ok(atOnce > Math.exp(theta[jointIndex.E]))
      assert.ok(loss > Math.exp(theta[jointIndex.E]))
      assert.ok(loss >= Math.min(atOnce, untrained) - 1e-12 && loss <= Math.max(atOnce, untrained) + 1e-12)
    }),
    { numRuns: 500 },
  )
})

test('with few steps the loss tends to that before training, and it falls with every step that a slow start has', () => {
  fc.assert(
    fc.property(coefficients, point, (theta, where) => {
      const at = (steps: number) => lossOf(theta, { ...where, steps })
      close(at(-80), untrained, 1e-9)
      const atOnce = lossOf(withCoefficients(theta, { until: -1e3 }), where)
      close(at(60), atOnce, 1e-12)
      if (atOnce > untrained) return
      const losses = [-2, 0, 2, 4, 6, 8].map(at)
      for (let k = 1; k < losses.length; k++) assert.ok(losses[k] <= losses[k - 1])
    }),
  )
})

/** All terms off but E and what size and tokens leave. */
const bare = {
  help: 0,
  waste: -1e3,
  harm: -1e3,
  critical: 1e3,
  batchWaste: -1e3,
  oddity: -1e3,
  until: -1e3,
  transient: -1e3,
  slow: -1e3,
  gain: 0,
  computeGain: 0,
} as const

test('norm 0 without waste is E + A n^-alpha + B t^-beta; other norms have a product term or take the larger', () => {
  fc.assert(
    fc.property(coefficients, point, (drawn, x) => {
      const theta = withCoefficients(drawn, { ...bare, norm: 0 })
      const value = (name: JointName) => theta[jointIndex[name]]
      const E = Math.exp(value('E'))
      const { A, B } = leftAtReference(theta, x)
      close(A * B, Math.exp(2 * value('left')), 1e-9)
      const a = A * Math.exp(x.size) ** -Math.exp(value('alpha'))
      const b = B * Math.exp(x.tokens) ** -Math.exp(value('beta'))
      close(lossOf(theta, x), E + a + b, 1e-9)
      close(lossOf(withCoefficients(theta, { norm: Math.log(2) }), x), E + a + b + 2 * Math.sqrt(a * b), 1e-9)
      close(lossOf(withCoefficients(theta, { norm: -9 }), x), E + Math.max(a, b), 1e-3)
      const leaning = leftAtReference(withCoefficients(theta, { balance: value('balance') + Math.log(3) }), x)
      close(leaning.A / leaning.B, (3 * A) / B, 1e-9)
    }),
  )
})

/** What size and tokens leave at the reference, nats, where they add up: each is seen where the other leaves nothing. */
function leftAtReference(theta: Float64Array, x: JointPoint): { A: number; B: number } {
  const above = (where: Partial<JointPoint>) => lossOf(theta, { ...x, ...where }) - Math.exp(theta[jointIndex.E])
  return { A: above({ size: 0, tokens: 1e5 }), B: above({ size: 1e5, tokens: 0 }) }
}

test('with equal exponents balance is the ratio of what size and tokens leave at the reference', () => {
  assert.deepEqual(jointReference, { parameters: 1e8, tokens: 2e9, stepTokens: 65_536, trainFlops: 1e16 })
  const x = { size: 0, tokens: 0, core: 0, rate: -7, batch: 0, ratio: 4, steps: 8, compute: 5 }
  const theta = withCoefficients(mean, {
    ...{ ...bare, norm: 0, E: 0, left: Math.log(0.6), balance: Math.log(4), alpha: -1, beta: -1 },
  })
  close(lossOf(theta, x), 1 + 1.2 + 0.3, 1e-12)
  close(leftAtReference(theta, x).A, 1.2, 1e-12)
})

test('the best rate is the minimum along the rate, with one valley, steeper above it where steepness is positive', () => {
  fc.assert(
    fc.property(coefficients, point, (drawn, where) => {
      // Without gains that would make tokens hurt.
      const gain = Math.abs(drawn[jointIndex.gain])
      const computeGain = Math.abs(drawn[jointIndex.computeGain])
      const theta = withCoefficients(drawn, { startRate: 0, help: 0, gain, computeGain, steepness: 0.4 })
      const best = bestJointRate(theta, where)
      const at = (u: number) => lossOf(theta, { ...where, rate: best + u })
      const steps = [0, 0.1, 0.3, 0.8, 1.5, 3]
      const above = steps.map(at)
      const below = steps.map((u) => at(-u))
      // Where the slow start has not let go of the untrained loss, nothing changes by more than rounding.
      const trainedBelowUntrained =
        lossOf(withCoefficients(theta, { until: -1e3 }), { ...where, rate: best + 3 }) < untrained
      if (!trainedBelowUntrained) return
      for (let k = 1; k < steps.length; k++) {
        assert.ok(above[k] >= above[k - 1] - 1e-13 && below[k] >= below[k - 1] - 1e-13, `${steps[k]}`)
        assert.ok(above[k] >= below[k] - 1e-13)
      }
      if (above[5] - untrained < -0.5) assert.ok(above[5] > above[0] && below[5] > below[0])
    }),
    { numRuns: 300 },
  )
})

test('the best rate: exponents of size, tokens and batch, and a curvature of size', () => {
  const theta = withCoefficients(mean, {
    ...{ rate: Math.log(2e-3), rateSize: -0.5, rateCurve: 0.1, rateTokens: 0.25, rateBatch: 0.5 },
  })
  const x = { size: 9, tokens: 0, core: 0, rate: 0, batch: 0, ratio: 4, steps: 8, compute: 5 }
  const at = (where: Partial<JointPoint>) => Math.exp(bestJointRate(theta, { ...x, ...where }))
  close(at({}), 2e-3, 1e-12)
  close(at({ core: Math.log(4) }), 2e-3 * 4 ** -0.5 * Math.exp(0.05 * Math.log(4) ** 2), 1e-12)
  close(at({ tokens: Math.log(16) }), 4e-3, 1e-12)
  close(at({ batch: Math.log(4) }), 4e-3, 1e-12)
})
