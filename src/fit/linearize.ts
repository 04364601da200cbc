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

/** J'J and J'r over some runs. Written out for the five coefficients: it is most of the work on a million runs. */
export function scatter(gradient: readonly Float64Array[], residual: Float64Array, members: Int32Array): Scatter {
  const [g0, g1, g2, g3, g4] = gradient
  const square = new Float64Array(25)
  const product = new Float64Array(5)
  const row = new Float64Array(5)
  for (let m = 0; m < members.length; m++) {
    const i = members[m]
    row[0] = g0[i]
    row[1] = g1[i]
    row[2] = g2[i]
    row[3] = g3[i]
    row[4] = g4[i]
    const r = residual[i]
    for (let j = 0; j < 5; j++) {
      const value = row[j]
      product[j] += value * r
      for (let k = 0; k <= j; k++) square[j * 5 + k] += value * row[k]
    }
  }
  for (let j = 0; j < 5; j++) for (let k = j + 1; k < 5; k++) square[j * 5 + k] = square[k * 5 + j]
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
