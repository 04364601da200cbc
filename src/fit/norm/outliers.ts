import { invertPositive } from '../../numeric/cholesky.ts'
import { dot, times } from '../../numeric/matrix.ts'
import { median } from '../../numeric/quantile.ts'
import { studentWeight } from './alike.ts'
import type { NormFit } from './fit.ts'
import { fitPlain } from './plain.ts'
import { type NormData, NormProblem, normSize } from './problem.ts'

/** A run beside the law of the others: measured minus expected loss, and how far it may lie from that, nats. */
export interface Beside {
  readonly residual: Float64Array
  /** Standard deviation of each run about what is expected of it; `[n]`. */
  readonly sd: Float64Array
  /** Of the runs about the law of all runs alike. */
  readonly spread: number
}

/** With more runs than this no single one can bend the law of all runs alike to itself. */
const mostForLeavingOut = 60

/**
 * Every run beside the law of the other runs. Where there are many, that is the law of all runs alike by Student's t; where there are
 * few, a run at the end of the range can draw the law to itself, so each is left out in turn and what the others expect of it has the
 * uncertainty of their law too.
 */
export function besideOthers({ data, modes, prior, alike }: NormFit): Beside {
  const n = data.loss.length
  if (n > mostForLeavingOut)
    return { residual: alike.residual, sd: new Float64Array(n).fill(alike.spread), spread: alike.spread }
  const { q } = modes.reduce((best, mode) => (mode.weight > best.weight ? mode : best))
  const found = Array.from({ length: n }, (_, i) => leftOut(data, i))
  const fits = found.map((rest) => ({ rest, fit: fitPlain(rest, q, prior) }))
  const told = fits.map(({ rest, fit }, i) => {
    const problem = new NormProblem(rest, q, prior)
    problem.cost(fit.theta)
    for (let k = 0; k < n - 1; k++)
      problem.precision[k] = Math.sqrt(studentWeight((problem.residual[k] / fit.scale) ** 2)) / fit.scale
    const covariance = invertPositive(problem.slope().normal, normSize)
    const { loss, gradient } = expected(data, i, q, fit.theta)
    const variance = covariance ? dot(gradient, times(covariance, gradient)) : Number.POSITIVE_INFINITY
    return { residual: data.loss[i] - loss, sd: Math.hypot(fit.spread, Math.sqrt(variance)), spread: fit.spread }
  })
  return {
    residual: Float64Array.from(told, ({ residual }) => residual),
    sd: Float64Array.from(told, ({ sd }) => sd),
    spread: median(told.map(({ spread }) => spread)),
  }
}

/** The runs without one. The centre and the scale of E stay, so that coefficients mean the same. */
function leftOut(data: NormData, i: number): NormData {
  const without = (values: Float64Array) => values.filter((_, k) => k !== i)
  return { ...data, x: without(data.x), y: without(data.y), loss: without(data.loss), work: without(data.work) }
}

/** What a law expects of one run, with the derivatives by its coefficients. */
function expected(data: NormData, i: number, q: number, theta: Float64Array) {
  const e = 1 / (1 + Math.exp(-theta[0]))
  const [alpha, beta] = [Math.exp(theta[3]), Math.exp(theta[4])]
  const a = theta[1] - alpha * data.x[i]
  const b = theta[2] - beta * data.y[i]
  const ratio = Math.exp(-Math.abs(a - b) / q)
  const left = Math.exp(Math.max(a, b)) * (1 + ratio) ** q
  const share = a >= b ? 1 / (1 + ratio) : ratio / (1 + ratio)
  const [byA, byB] = [left * share, left * (1 - share)]
  return {
    loss: e * data.lowest + left,
    gradient: Float64Array.of(e * (1 - e) * data.lowest, byA, byB, -byA * alpha * data.x[i], -byB * beta * data.y[i]),
  }
}
