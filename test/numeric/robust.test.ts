import assert from 'node:assert/strict'
import { test } from 'node:test'
import { levenbergMarquardt } from '../../src/numeric/levenberg-marquardt.ts'
import { type Observation, type Predict, robustLeastSquares } from '../../src/numeric/robust.ts'

const x = Array.from({ length: 21 }, (_, i) => i / 10)
const decay: Predict = ([level, rate], predictions) => {
  for (const [i, at] of x.entries()) predictions[i] = level * Math.exp(-rate * at)
}
const truth = Float64Array.from([2, 0.7])
const exact = (() => {
  const predictions = new Float64Array(x.length)
  decay(truth, predictions)
  return predictions
})()
const observations = (soft: boolean, outlier = 0): Observation[] =>
  Array.from(exact, (value, of) => ({ of, value: value + (of === 5 ? outlier : 0), sd: 0.01, soft }))
const fitted = (data: Observation[]) => levenbergMarquardt(robustLeastSquares(decay, x.length, data), [1, 1]).theta

test('recovers the coefficients of exact data', () => {
  for (const soft of [false, true])
    for (const [k, value] of fitted(observations(soft)).entries()) assert.ok(Math.abs(value - truth[k]) < 1e-6)
})

test('an outlier moves soft observations less than squared ones', () => {
  const error = (soft: boolean) => Math.abs(fitted(observations(soft, 1))[0] - truth[0])
  assert.ok(error(true) < 0.01 && error(false) > 5 * error(true), `${error(true)}, ${error(false)}`)
})

test('the slope is half the gradient of the cost', () => {
  const problem = robustLeastSquares(decay, x.length, [
    ...observations(true, 0.5),
    { of: 3, value: 1, sd: 0.1, soft: false },
  ])
  const theta = Float64Array.from([1.8, 0.8])
  const { gradient } = problem.slope(theta)
  for (const k of [0, 1]) {
    const moved = (h: number) => problem.cost(theta.with(k, theta[k] + h))
    const numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5
    assert.ok(Math.abs(2 * gradient[k] - numeric) < 1e-4 * Math.abs(numeric))
  }
})
