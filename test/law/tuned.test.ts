import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { priorFor, tunedFeatures } from '../../src/fit/tuned/prior.ts'
import { surfaceLoss } from '../../src/law/surface.ts'
import {
  bestTunedBatch,
  bestTunedPoint,
  bestTunedRate,
  bestTunedSize,
  type TunedPoint,
  tunedIndex,
  tunedLoss,
  tunedNames,
  tunedSize,
} from '../../src/law/tuned.ts'
import { close } from '../support.ts'

const scratch = new Float64Array(tunedSize)
const lossOf = (theta: ArrayLike<number>, x: TunedPoint): number => tunedLoss(theta, x, scratch)
const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const scale = { lowest: 2.2, tokensPerParameter: 20 }
const prior = priorFor(new Set(tunedFeatures), scale, 0.5)

/** Coefficients within two standard deviations of the prior's centre, every term switched on, and any q. */
const coefficients = fc
  .tuple(fc.array(between(-2, 2), { minLength: tunedSize, maxLength: tunedSize }), between(0.3, 1.2))
  .map(([z, q]) => {
    const theta = Float64Array.from(z, (value, k) => prior.mean[k] + value * prior.sd[k])
    theta[tunedIndex.norm] = Math.log(q)
    return theta
  })

/** A point at these distances from the best rate and batch, and with so many repeats. */
const pointNear = (
  theta: Float64Array,
  { size, tokens, u, v, epochs }: Record<'size' | 'tokens' | 'u' | 'v' | 'epochs', number>,
): TunedPoint => {
  const batch = bestTunedBatch(theta, tokens) + v
  const unique = tokens - Math.log(epochs)
  return { size, tokens, batch, unique, rate: bestTunedRate(theta, { size, tokens, batch, unique }) + u }
}
const place = fc.record({
  size: between(-4, 3),
  tokens: between(-4, 3),
  u: fc.oneof(between(-3, -0.01), between(0.01, 3)),
  v: between(-3, 3),
  epochs: between(1.01, 500),
})

test('every derivative equals the difference of losses', () => {
  fc.assert(
    fc.property(coefficients, place, (theta, where) => {
      const x = pointNear(theta, where)
      const gradient = new Float64Array(tunedSize)
      const loss = tunedLoss(theta, x, gradient)
      for (let k = 0; k < tunedSize; k++) {
        const difference = (h: number) => {
          const moved = (by: number) => lossOf(theta.with(k, theta[k] + by), x)
          return (moved(h) - moved(-h)) / (2 * h)
        }
        const expected = (4 * difference(5e-5) - difference(1e-4)) / 3
        const scale = Math.max(1e-3 * loss, Math.abs(expected), Math.abs(gradient[k]))
        assert.ok(
          Math.abs(gradient[k] - expected) <= 2e-5 * scale,
          `${tunedNames[k]}: ${gradient[k]} is not ${expected} at ${JSON.stringify(x)}`,
        )
      }
    }),
    { numRuns: 300, seed: 5 },
  )
})

test('with q = 1, at the best rate and batch and on fresh data it is the additive surface', () => {
  const { mean } = priorFor(new Set(), scale, 1)
  const [E, A, B, alpha, beta] = (['E', 'A', 'B', 'alpha', 'beta'] as const).map((name) =>
    Math.exp(mean[tunedIndex[name]]),
  )
  const law = { E, A, B, alpha, beta, q: 1 }
  for (const [size, tokens] of [
    [0, 0],
    [1.5, -2],
    [-3, 2],
  ])
    close(lossOf(mean, bestTunedPoint(mean, size, tokens)), surfaceLoss(law, Math.exp(size), Math.exp(tokens)), 1e-13)
})

test('no rate and no batch is better than the best, and the best batch is seen whatever the rate does', () => {
  fc.assert(
    fc.property(coefficients, place, (theta, { size, tokens, u, v }) => {
      const best = lossOf(theta, bestTunedPoint(theta, size, tokens))
      assert.ok(lossOf(theta, pointNear(theta, { size, tokens, u, v: 0, epochs: 1 })) >= best)
      assert.ok(lossOf(theta, pointNear(theta, { size, tokens, u: 0, v, epochs: 1 })) >= best)
    }),
    { seed: 6 },
  )
})

test('the best size of a budget is the lowest of all', () => {
  fc.assert(
    fc.property(coefficients, between(-3, 6), between(-1, 1), (theta, compute, away) => {
      const size = bestTunedSize(theta, compute)
      const at = (n: number) => lossOf(theta, bestTunedPoint(theta, n, compute - n))
      assert.ok(at(size + away) >= at(size) - 1e-12)
    }),
    { seed: 7 },
  )
})

test('repeated tokens are worth less than fresh ones, and never more than R* times the unique ones', () => {
  const { mean } = priorFor(new Set(tunedFeatures), scale, 0.5)
  const theta = Float64Array.from(mean)
  theta[tunedIndex.overfit] = -50
  theta[tunedIndex.support] = 50
  const limit = Math.exp(theta[tunedIndex.repeats])
  const at = (epochs: number) => lossOf(theta, { ...bestTunedPoint(theta, 0, Math.log(epochs)), unique: 0 })
  const fresh = (tokens: number) => lossOf(theta, bestTunedPoint(theta, 0, Math.log(tokens)))
  for (const epochs of [2, 4, 16, 100]) {
    assert.ok(at(epochs) > fresh(epochs))
    // D' = U + U R* (1 - exp(-R / R*)), R = epochs - 1 (Muennighoff et al. 2023, equation 5).
    const worth = 1 + limit * (1 - Math.exp(-(epochs - 1) / limit))
    close(at(epochs), fresh(worth), 1e-12, `${epochs} epochs`)
  }
  close(at(1e6), fresh(1 + limit), 1e-12, 'endless epochs')
})
