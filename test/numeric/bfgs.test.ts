import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bfgs } from '../../src/numeric/bfgs.ts'
import { close } from '../support.ts'

test("BFGS finds Rosenbrock's minimum", () => {
  const { x, evaluations } = bfgs(
    ([a, b], gradient) => {
      gradient[0] = -400 * a * (b - a * a) - 2 * (1 - a)
      gradient[1] = 200 * (b - a * a)
      return 100 * (b - a * a) ** 2 + (1 - a) ** 2
    },
    [-1.2, 1],
    { tolerance: 1e-14 },
  )
  close(x[0], 1, 1e-6)
  close(x[1], 1, 1e-6)
  assert.ok(evaluations < 200)
})

test('BFGS copes with kinks in the derivative and with infinite values', () => {
  const { x } = bfgs(
    ([a, b], gradient) => {
      gradient[0] = Math.sign(a - 2) * Math.min(Math.abs(a - 2), 0.01)
      gradient[1] = Math.sign(b + 1) * Math.min(Math.abs(b + 1), 0.01)
      const h = (r: number) => (Math.abs(r) < 0.01 ? (r * r) / 2 : 0.01 * (Math.abs(r) - 0.005))
      return a < -50 ? Number.POSITIVE_INFINITY : h(a - 2) + h(b + 1)
    },
    [-40, 30],
    { tolerance: 1e-14 },
  )
  close(x[0], 2, 1e-6)
  close(x[1], -1, 1e-6)
})

test('BFGS returns its start where the function is not finite', () => {
  const { x, value } = bfgs(() => Number.NaN, [1, 2])
  assert.deepEqual([...x], [1, 2])
  assert.ok(Number.isNaN(value))
})

test('BFGS that is told the inverse Hessian steps to the minimum; one that is wrong is survived', () => {
  const parabola = ([a, b]: Float64Array, gradient: Float64Array) => {
    gradient[0] = 2 * (a - 3) + 1.9 * (b + 4)
    gradient[1] = 1.9 * (a - 3) + 2 * (b + 4)
    return (a - 3) ** 2 + 1.9 * (a - 3) * (b + 4) + (b + 4) ** 2
  }
  const determinant = 4 - 1.9 ** 2
  const right = Float64Array.of(2 / determinant, -1.9 / determinant, -1.9 / determinant, 2 / determinant)
  const told = bfgs(parabola, [100, 200], { metric: right })
  assert.ok(told.evaluations <= 5, `${told.evaluations}`)
  for (const metric of [right, right.map((value) => -value), new Float64Array(4), right.map((value) => 1e9 * value)]) {
    const { x } = bfgs(parabola, [100, 200], { metric, tolerance: 1e-14 })
    close(x[0], 3, 1e-6)
    close(x[1], -4, 1e-6)
  }
})
