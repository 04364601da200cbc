import type { Runs } from '../core/run.ts'
import type { SurfaceLaw } from '../law/surface.ts'
import { solveCholesky } from '../numeric/cholesky.ts'
import type { Budgets } from './profile.ts'
import { gradientAt, surfaceResiduals } from './surface.ts'

/** A surface at the runs to first order in its five coefficients, with the sums over each budget that resampling needs. */
export interface Linearized {
  /** Derivatives by the coefficients of `gradientAt`, `[5][size]`. */
  readonly gradient: readonly Float64Array[]
  /** Measured minus fitted loss, `[size]`. */
  readonly residual: Float64Array
  /** J'J, `[5, 5]`, and J'r, `[5]`, over the runs of each budget. */
  readonly byBudget: readonly Scatter[]
  /** J'J over all runs. */
  readonly square: Float64Array
}

interface Scatter {
  readonly square: Float64Array
  readonly product: Float64Array
}

/** Linearizes a fitted surface. */
export function linearize(runs: Runs, budgets: Budgets, law: SurfaceLaw): Linearized {
  const residual = surfaceResiduals(runs, law)
  const gradient = gradientAt(runs, law)
  const byBudget = budgets.groups.map(({ runs: members }) => scatter(gradient, residual, members))
  const square = new Float64Array(25)
  for (const own of byBudget) for (let k = 0; k < 25; k++) square[k] += own.square[k]
  return { gradient, residual, byBudget, square }
}

/** J'J and J'r over some runs. */
export function scatter(gradient: readonly Float64Array[], residual: Float64Array, members: Int32Array): Scatter {
  const p = gradient.length
  const square = new Float64Array(p * p)
  const product = new Float64Array(p)
  const row = new Float64Array(p)
  for (const i of members) {
    for (let j = 0; j < p; j++) row[j] = gradient[j][i]
    for (let j = 0; j < p; j++) {
      product[j] += row[j] * residual[i]
      for (let k = 0; k <= j; k++) square[j * p + k] += row[j] * row[k]
    }
  }
  for (let j = 0; j < p; j++) for (let k = j + 1; k < p; k++) square[j * p + k] = square[k * p + j]
  return { square, product }
}

/**
 * Residuals of each budget's runs from the surface as it would be without that budget, to first order in its coefficients
 * (CR3 of Cameron and Miller 2015, section VI.B). Null when the rest does not determine the coefficients.
 */
export function leaveOutResiduals(linear: Linearized, budgets: Budgets): Float64Array | null {
  const { gradient, residual, byBudget, square } = linear
  const adjusted = Float64Array.from(residual)
  for (const [g, { runs: members }] of budgets.groups.entries()) {
    const own = byBudget[g]
    const shift = solveCholesky(
      square.map((value, k) => value - own.square[k]),
      own.product,
    )
    if (shift === null) return null
    for (const i of members) for (let k = 0; k < 5; k++) adjusted[i] += gradient[k][i] * shift[k]
  }
  return adjusted
}
