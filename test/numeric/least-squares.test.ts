import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cholesky, invertPositive, solveCholesky } from '../../src/numeric/cholesky.ts'
import { levenbergMarquardt } from '../../src/numeric/levenberg-marquardt.ts'
import { fitLine } from '../../src/numeric/line.ts'
import { nnls } from '../../src/numeric/nnls.ts'
import { close, reference } from '../support.ts'

const finite = fc.double({ min: -10, max: 10, noNaN: true })
const matrix = fc.array(fc.array(finite, { minLength: 3, maxLength: 3 }), { minLength: 5, maxLength: 9 })

/** X'X with a ridge, and X'y. */
function normalEquations(X: number[][], y: number[], ridge = 0) {
  const n = X[0].length
  const G = new Float64Array(n * n)
  const g = new Float64Array(n)
  for (const [i, row] of X.entries())
    for (let j = 0; j < n; j++) {
      g[j] += row[j] * y[i]
      for (let k = 0; k < n; k++) G[j * n + k] += row[j] * row[k]
    }
  for (let j = 0; j < n; j++) G[j * n + j] += ridge
  return { G, g }
}

test('Cholesky solves what it is given, and its inverse is one', () => {
  fc.assert(
    fc.property(matrix, fc.array(finite, { minLength: 3, maxLength: 3 }), (X, x) => {
      const { G } = normalEquations(X, new Array(X.length).fill(0), 1)
      const b = Float64Array.from({ length: 3 }, (_, i) => x.reduce((sum, xj, j) => sum + G[i * 3 + j] * xj, 0))
      const solved = solveCholesky(G, b)
      assert.ok(solved)
      for (let i = 0; i < 3; i++) assert.ok(Math.abs(solved[i] - x[i]) < 1e-7 * (1 + Math.abs(x[i])))
      const inverse = invertPositive(G, 3)!
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) {
          let sum = 0
          for (let k = 0; k < 3; k++) sum += G[i * 3 + k] * inverse[k * 3 + j]
          assert.ok(Math.abs(sum - (i === j ? 1 : 0)) < 1e-7)
        }
    }),
  )
})

test('Cholesky refuses what is not positive definite', () => {
  assert.equal(cholesky(Float64Array.of(1, 2, 2, 1), 2), null)
  assert.equal(cholesky(Float64Array.of(1, 1, 1, 1), 2), null)
  assert.equal(cholesky(Float64Array.of(Number.NaN, 0, 0, 1), 2), null)
})

test('nnls equals scipy.optimize.nnls, bounds active or not', () => {
  const { columns, cases } = reference('distributions').nnls
  for (const { name, y, x } of cases) {
    const { G, g } = normalEquations(columns, y)
    for (const [k, value] of nnls(G, g).entries())
      assert.ok(Math.abs(value - x[k]) < 1e-10, `${name}: ${value}, ${x[k]}`)
  }
})

test('nnls meets the optimality conditions of any problem', () => {
  fc.assert(
    fc.property(matrix, fc.array(finite, { minLength: 9, maxLength: 9 }), (X, y) => {
      const { G, g } = normalEquations(X, y, 0.5)
      const x = nnls(G, g)
      for (let i = 0; i < 3; i++) {
        let slope = -g[i]
        for (let j = 0; j < 3; j++) slope += G[i * 3 + j] * x[j]
        assert.ok(x[i] >= 0)
        if (x[i] > 0) assert.ok(Math.abs(slope) < 1e-7)
        else assert.ok(slope > -1e-7)
      }
    }),
  )
})

test('a weighted line equals the line through repeated points, and needs two different x', () => {
  const line = fitLine([1, 2, 4], [3, 1, 5], [1, 3, 2])!
  const repeated = fitLine([1, 2, 2, 2, 4, 4], [3, 1, 1, 1, 5, 5])!
  close(line.slope, repeated.slope, 1e-12)
  close(line.intercept, repeated.intercept, 1e-12)
  close(line.rmse, repeated.rmse, 1e-12)
  assert.equal(fitLine([2, 2, 2], [1, 2, 3]), null)
  assert.equal(fitLine([], []), null)
})

test('Levenberg-Marquardt finds the minimum of a curved valley from far away', () => {
  // Rosenbrock's function as least squares: r = (10 (y - x^2), 1 - x).
  let point = [0, 0]
  const residuals = ([x, y]: number[]) => [10 * (y - x * x), 1 - x]
  const jacobian = ([x]: number[]) => [
    [-20 * x, 10],
    [-1, 0],
  ]
  const result = levenbergMarquardt(
    {
      cost(theta) {
        point = [...theta]
        return residuals(point).reduce((sum, r) => sum + r * r, 0)
      },
      slope() {
        const { G, g } = normalEquations(jacobian(point), residuals(point))
        return { gradient: g, normal: G }
      },
    },
    [-1.2, 1],
  )
  assert.ok(result.converged)
  close(result.theta[0], 1, 1e-9)
  close(result.theta[1], 1, 1e-9)
})
