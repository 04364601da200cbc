import assert from 'node:assert/strict'
import { test } from 'node:test'
import { huberLoss, huberSlope } from '../../src/numeric/huber.ts'
import { median, quantile } from '../../src/numeric/quantile.ts'
import { fQuantile1, fQuantile2, fTail, incompleteBeta, studentQuantile } from '../../src/numeric/student.ts'
import { close, reference } from '../support.ts'

const distributions = reference('distributions')

test("Student's quantiles equal SciPy's", () => {
  for (const { p, df, quantile } of distributions.student) {
    close(studentQuantile(p, df), quantile, 1e-9, `t(${p}, ${df})`)
    close(studentQuantile(1 - p, df), -quantile, 1e-9)
  }
  assert.equal(studentQuantile(0.5, 7), 0)
})

test("F's quantiles with 1 and 2 degrees of freedom equal SciPy's", () => {
  for (const { df1, df2, quantile } of distributions.f95) {
    close(fTail(quantile, df1, df2), 0.05, 1e-9)
    close((df1 === 1 ? fQuantile1 : fQuantile2)(0.95, df2), quantile, 1e-8, `F(${df1}, ${df2})`)
  }
})

test('the incomplete beta function at its ends and its symmetry', () => {
  assert.equal(incompleteBeta(0, 2, 3), 0)
  assert.equal(incompleteBeta(1, 2, 3), 1)
  close(incompleteBeta(0.3, 2, 3) + incompleteBeta(0.7, 3, 2), 1, 1e-13)
  close(incompleteBeta(0.3, 1, 1), 0.3, 1e-13)
})

test("quantiles equal NumPy's", () => {
  const { values, at } = distributions.quantiles
  for (const { p, quantile: expected } of at) close(quantile(values, p), expected, 1e-12, `p = ${p}`)
  assert.equal(median([3, 1, 2]), 2)
  assert.ok(Number.isNaN(quantile([], 0.5)))
})

test("Huber's loss is smooth where it turns linear, and its slope is its derivative", () => {
  for (const r of [-3, -1.0001, -0.9999, -0.2, 0, 0.4, 0.9999, 1.0001, 5]) {
    const h = 1e-6
    close(huberSlope(r, 1), (huberLoss(r + h, 1) - huberLoss(r - h, 1)) / (2 * h), 1e-5, `slope at ${r}`)
  }
  close(huberLoss(1 - 1e-12, 1), huberLoss(1 + 1e-12, 1), 1e-11)
})
