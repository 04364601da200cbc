import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../src/core/random.ts'
import { type Runs, selectRuns, withLoss } from '../../src/core/run.ts'
import { gridMinima } from '../../src/fit/surface-grid.ts'
import { surfaceProblem } from '../../src/fit/surface-problem.ts'
import { surfaceRows } from '../../src/fit/surface-rows.ts'
import { nnls } from '../../src/numeric/nnls.ts'
import { close, knownLawRuns } from '../support.ts'

/** Half the least residual sum of squares, from the columns themselves. */
function fromColumns(runs: Runs, weights: Float64Array, alpha: number, beta: number): number {
  const columns = [
    new Float64Array(runs.size).fill(1),
    runs.parameters.map((N) => (N / 1e8) ** -alpha),
    runs.tokens.map((D) => (D / 1e10) ** -beta),
  ]
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + weights[i] * value * b[i], 0)
  const c = nnls(
    Float64Array.from(columns.flatMap((a) => columns.map((b) => dot(a, b)))),
    Float64Array.from(columns, (a) => dot(a, runs.loss)),
  )
  const residual = runs.loss.map((L, i) => columns.reduce((sum, column, k) => sum + c[k] * column[i], 0) - L)
  return dot(residual, residual) / 2
}

const shifted = (runs: Runs, by: number) =>
  withLoss(
    runs,
    runs.loss.map((L) => L + by),
  )

const { uniform } = random(4)
const known = knownLawRuns()
const resampled = Float64Array.from({ length: known.size }, () => Math.floor(3 * uniform()))
const ones = new Float64Array(known.size).fill(1)
/** Losses that fall with neither size nor tokens, so that coefficients are at 0. */
const turned = withLoss(
  known,
  known.loss.map((L) => 6 - L),
)

test('the reduced problem is the least squares of its columns, whichever coefficients are at 0', () => {
  for (const [runs, weights] of [
    [known, ones],
    [known, resampled],
    [shifted(known, -1.9), ones],
    [turned, ones],
  ] as const)
    for (const [alpha, beta] of [
      [0.35, 0.37],
      [0.05, 1.2],
      [1.5, 0.04],
    ])
      close(
        surfaceProblem(surfaceRows(runs, weights)).value(alpha, beta),
        fromColumns(runs, weights, alpha, beta),
        1e-9,
        `at ${alpha}, ${beta}`,
      )
})

test('gradient and Hessian are the derivatives, with E free, at 0 and held, and with A at 0', () => {
  const cases: { name: string; runs: Runs; weights?: Float64Array; asymptote?: number }[] = [
    { name: 'free', runs: known },
    { name: 'resampled', runs: known, weights: resampled },
    { name: 'E at 0', runs: shifted(known, -1.9) },
    { name: 'E held', runs: known, asymptote: 1.5 },
    { name: 'E held at 0', runs: known, asymptote: 0 },
    { name: 'A and B at 0', runs: turned },
  ]
  const [alpha, beta, h] = [0.45, 0.3, 1e-4]
  for (const { name, runs, weights, asymptote } of cases) {
    const problem = surfaceProblem(surfaceRows(runs, weights), asymptote)
    const slopeAt = (a: number, b: number) => {
      const value = problem.value(a, b)
      const slope = new Float64Array(5)
      problem.slope(slope)
      return { value, slope }
    }
    const middle = slopeAt(alpha, beta).slope
    if (name === 'E at 0') assert.equal(problem.coefficients().E, 0)
    const [left, right, low, high] = [
      slopeAt(alpha - h, beta),
      slopeAt(alpha + h, beta),
      slopeAt(alpha, beta - h),
      slopeAt(alpha, beta + h),
    ]
    const expected = [
      (right.value - left.value) / (2 * h),
      (high.value - low.value) / (2 * h),
      (right.slope[0] - left.slope[0]) / (2 * h),
      (high.slope[0] - low.slope[0]) / (2 * h),
      (high.slope[1] - low.slope[1]) / (2 * h),
    ]
    const scale = Math.max(...expected.map(Math.abs))
    for (let k = 0; k < 5; k++)
      assert.ok(Math.abs(middle[k] - expected[k]) <= 1e-5 * scale, `${name}, ${k}: ${middle[k]}, ${expected[k]}`)
    if (name === 'A and B at 0') assert.equal(scale, 0)
    else assert.ok(Math.abs(middle[3]) > 1e-3 * scale) // the exponents do not stand alone
  }
})

test('the grid names its local minima, the lowest first, of the weighted problem', () => {
  const exponents = Array.from({ length: 12 }, (_, k) => 0.03 * 2 ** (k / 2))
  for (const [runs, weights] of [
    [known, undefined],
    [known, resampled],
    [shifted(known, -1.9), undefined],
    [selectRuns(known, [1, 5, 9, 22, 33, 41, 52]), undefined],
  ] as const) {
    const rows = surfaceRows(runs, weights)
    const problem = surfaceProblem(rows)
    const rss = exponents.map((alpha) =>
      exponents.map((beta) => {
        const value = problem.value(alpha, beta)
        const { A, B } = problem.coefficients()
        return A > 0 && B > 0 ? value : Number.POSITIVE_INFINITY
      }),
    )
    const minima = rss
      .flatMap((row, a) =>
        row.map((value, b) => {
          const beside = [rss[a - 1]?.[b], rss[a + 1]?.[b], row[b - 1], row[b + 1]]
          return {
            alpha: exponents[a],
            beta: exponents[b],
            value,
            least: beside.every((r) => r === undefined || value <= r),
          }
        }),
      )
      .filter(({ value, least }) => least && Number.isFinite(value))
      .sort((p, q) => p.value - q.value)
      .slice(0, 3)
    assert.ok(minima.length > 0)
    assert.deepEqual(
      gridMinima(rows).map(({ alpha, beta }) => [alpha.toFixed(9), beta.toFixed(9)]),
      minima.map(({ alpha, beta }) => [alpha.toFixed(9), beta.toFixed(9)]),
    )
  }
  assert.deepEqual(gridMinima(surfaceRows(turned)), [])
})
