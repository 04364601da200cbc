import { cholesky, invertPositive } from '../../numeric/cholesky.ts'
import { symmetricEigen } from '../../numeric/eigen.ts'
import type { Clusters } from './clusters.ts'
import type { GroupsProblem } from './problem.ts'
import { lawSize } from './sharing.ts'

/** The losses of a model at its coefficients, and how the runs deviate from it. */
export interface Deviations {
  /** Nats; `[n]`. */
  readonly fitted: Float64Array
  /** Measured minus modelled loss, with what each cluster drew the law to itself given back; nats, `[n]`. */
  readonly residual: Float64Array
}

/** What is given back: the whole of it, as if the law had been fitted without the cluster, or so much that variances are right. */
export const givenBack = { whole: 1, variance: 0.5 } as const

/** A cluster that determines a coefficient alone has all of its residual drawn to itself; so much of that is believed. */
const mostLeverage = 0.999

/**
 * Residuals of a model at its coefficients times (1 - H)^-power, H the part of the hat matrix that each cluster has for itself: 1 is
 * the CR3 and 1/2 the CR2 of Bell and McCaffrey 2002 (Cameron and Miller 2015, section VI.B). (E94)
 */
export function deviationsOf(
  problem: GroupsProblem,
  theta: Float64Array,
  of: Int32Array,
  clusters: Clusters,
  power: number,
): Deviations {
  problem.cost(theta)
  const covariance = invertPositive(problem.slope().normal, problem.layout.size)
  const residual = problem.residual.map((r) => -r)
  const fitted = problem.loss.map((loss, i) => loss - residual[i])
  if (covariance === null) return { fitted, residual }
  for (const members of clusters.members) {
    const rows = leverageRows(problem, covariance, of, members)
    if (rows === null) continue
    const { precision } = problem
    const back = giveBack(
      rows,
      Float64Array.from(members, (i) => residual[i] * precision[i]),
      power,
    )
    for (const [k, i] of members.entries()) residual[i] += back[k] / precision[i]
  }
  return { fitted, residual }
}

/** Rows U of a cluster's runs, whose products U U' are its part of the hat matrix. A cluster lies in one group. */
function leverageRows(problem: GroupsProblem, covariance: Float64Array, of: Int32Array, members: Int32Array) {
  const { layout, precision, jacobian } = problem
  const place = layout.place[of[members[0]]]
  const own = new Float64Array(lawSize * lawSize)
  for (let j = 0; j < lawSize; j++)
    for (let k = 0; k < lawSize; k++) own[j * lawSize + k] = covariance[place[j] * layout.size + place[k]]
  const factor = cholesky(own, lawSize)
  if (factor === null) return null
  return Array.from(members, (i) =>
    Float64Array.from({ length: lawSize }, (_, k) => {
      let sum = 0
      for (let j = k; j < lawSize; j++) sum += jacobian[i * lawSize + j] * factor[j * lawSize + k]
      return sum * precision[i]
    }),
  )
}

/** ((1 - U U')^-power - 1) r by the eigenvalues of U'U. */
function giveBack(rows: readonly Float64Array[], r: Float64Array, power: number): Float64Array {
  const square = new Float64Array(lawSize * lawSize)
  const product = new Float64Array(lawSize)
  for (const [m, row] of rows.entries())
    for (let j = 0; j < lawSize; j++) {
      product[j] += row[j] * r[m]
      for (let k = 0; k < lawSize; k++) square[j * lawSize + k] += row[j] * row[k]
    }
  const { values, vectors } = symmetricEigen(square, lawSize)
  const shift = new Float64Array(lawSize)
  for (const [k, vector] of vectors.entries()) {
    const leverage = Math.min(mostLeverage, values[k])
    if (!(leverage > 1e-12)) continue
    const along = vector.reduce((sum, value, j) => sum + value * product[j], 0)
    const factor = (((1 - leverage) ** -power - 1) / leverage) * along
    for (let j = 0; j < lawSize; j++) shift[j] += factor * vector[j]
  }
  return Float64Array.from(rows, (row) => row.reduce((sum, value, j) => sum + value * shift[j], 0))
}
