import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitFrontier, fitLogLine, fitPinnedFrontier, frontierPoints, logLineLoss } from '../../src/fit/frontier.ts'
import { groupBudgets } from '../../src/fit/profile.ts'
import { frontierLoss } from '../../src/law/frontier.ts'
import { optimalLoss } from '../../src/law/surface.ts'
import { handoutLaw, handoutRuns } from '../../src/world/handout.ts'
import { close, knownLawRuns, reference } from '../support.ts'

const truth = { E: 1.7, coefficient: 4000, exponent: 0.18 }
const exact = [1e17, 1e18, 1e19, 1e20, 1e21].map((flops) => ({
  flops,
  loss: frontierLoss(truth, flops),
  from: 'lowest run' as const,
}))

test('a power law with a plateau is given back, free and pinned', () => {
  for (const fit of [fitFrontier(exact)!, fitPinnedFrontier(exact, truth.E)!]) {
    close(fit.law.E, truth.E, 1e-6)
    close(fit.law.coefficient, truth.coefficient, 1e-4)
    close(fit.law.exponent, truth.exponent, 1e-6)
    assert.ok(fit.rmse < 1e-7)
  }
})

test("noisy runs: the free frontier equals SciPy's", () => {
  const runs = knownLawRuns()
  const fit = fitFrontier(frontierPoints(runs, groupBudgets(runs).profiles))!
  const { frontier } = reference('known-law')
  close(fit.law.E, frontier.E, 1e-6)
  close(fit.law.coefficient, frontier.coefficient, 1e-5)
  close(fit.law.exponent, frontier.exponent, 1e-6)
  close(6 * fit.rmse ** 2, frontier.rss, 1e-8)
})

test('the handout: the plateau keeps the loss at 1e24 within 0.01, a straight line misses by more than a nat', () => {
  const runs = handoutRuns()
  const points = frontierPoints(runs, groupBudgets(runs).profiles)
  assert.equal(points.length, 9)
  assert.ok(points.every(({ from }) => from === 'parabola'))
  const true24 = frontierLoss(optimalLoss(handoutLaw), 1e24)
  assert.ok(Math.abs(frontierLoss(fitFrontier(points)!.law, 1e24) - true24) < 0.01)
  assert.ok(Math.abs(frontierLoss(fitPinnedFrontier(points, handoutLaw.E)!.law, 1e24) - true24) < 0.002)
  assert.ok(true24 - logLineLoss(fitLogLine(points)!.law, 1e24) > 1)
})

test('no fit is made of too few budgets, of rising losses, or below the asymptote', () => {
  assert.equal(fitFrontier(exact.slice(0, 3)), null)
  assert.equal(
    fitFrontier(exact.map(({ flops, loss }) => ({ flops, loss: 10 - loss, from: 'lowest run' as const }))),
    null,
  )
  assert.equal(fitPinnedFrontier(exact, 2.5), null)
  assert.equal(fitLogLine(exact.slice(0, 1)), null)
})

test('a free asymptote stays at or above 0', () => {
  const steep = exact.map(({ flops }) => ({ flops, loss: 12 - 0.25 * Math.log(flops), from: 'lowest run' as const }))
  assert.ok(fitFrontier(steep)!.law.E >= 0)
})
