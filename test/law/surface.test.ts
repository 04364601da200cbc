import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { tokensFor, trainFlops } from '../../src/core/flops.ts'
import { frontierLoss } from '../../src/law/frontier.ts'
import { powerAt } from '../../src/law/power.ts'
import { excessLoss, optimalLoss, optimalParameters, optimalTokens, surfaceLoss } from '../../src/law/surface.ts'
import { close } from '../support.ts'

const law = fc.record({
  E: fc.double({ min: 0, max: 3, noNaN: true }),
  A: fc.double({ min: 10, max: 5000, noNaN: true }),
  B: fc.double({ min: 10, max: 5000, noNaN: true }),
  alpha: fc.double({ min: 0.1, max: 0.8, noNaN: true }),
  beta: fc.double({ min: 0.1, max: 0.8, noNaN: true }),
  q: fc.oneof(fc.constant(1), fc.double({ min: 0.2, max: 1.5, noNaN: true })),
})
const budget = fc.double({ min: 15, max: 26, noNaN: true }).map((exponent) => 10 ** exponent)

test('the optimum spends the budget exactly and no other size does better', () => {
  fc.assert(
    fc.property(law, budget, fc.double({ min: -3, max: 3, noNaN: true }), (L, C, shift) => {
      const N = powerAt(optimalParameters(L), C)
      const D = powerAt(optimalTokens(L), C)
      close(trainFlops(N, D), C, 1e-9)
      const other = N * Math.exp(shift)
      assert.ok(surfaceLoss(L, other, tokensFor(C, other)) >= surfaceLoss(L, N, D) * (1 - 1e-12))
      assert.ok(excessLoss(L, C, other) >= 0)
    }),
  )
})

test('the best loss is the power law with a plateau that the surface implies', () => {
  fc.assert(
    fc.property(law, budget, (L, C) => {
      const N = powerAt(optimalParameters(L), C)
      close(frontierLoss(optimalLoss(L), C), surfaceLoss(L, N, tokensFor(C, N)), 1e-9)
    }),
  )
})

test('the exponents of N and D sum to one', () => {
  fc.assert(fc.property(law, (L) => close(optimalParameters(L).exponent + optimalTokens(L).exponent, 1, 1e-12)))
})
