import type { Runs } from '../core/run.ts'
import { type SurfaceLaw, surfaceLoss } from '../law/surface.ts'
import { newtonInPlane, type PlaneMinimum } from '../numeric/plane-newton.ts'
import { centredLogs, type LogCentre } from './centred-logs.ts'
import { type Estimate, estimateOf } from './estimate.ts'
import { gridMinima } from './surface-grid.ts'
import { surfaceProblem } from './surface-problem.ts'
import { surfaceRows } from './surface-rows.ts'

export { exponentRange } from './surface-problem.ts'

/** The law has five coefficients; a fit needs one run more to have a residual. */
export const fewestForSurface = 6

/** A loss surface with its residual sum of squares, nats^2. */
export interface SurfaceFit extends Estimate {
  readonly law: SurfaceLaw
  readonly rss: number
  readonly converged: boolean
}

export interface SurfaceOptions {
  /** How often each run counts, `[size]`; 1 by default. */
  readonly weights?: Float64Array | undefined
  /** Exponents near the minimum: saves the grid. */
  readonly near?: { readonly alpha: number; readonly beta: number } | undefined
  /** Holds E at this value instead of fitting it. */
  readonly asymptote?: number | undefined
}

/**
 * Method `surface`: L = E + A / N^alpha + B / D^beta by variable projection (Golub and Pereyra 1973): given the two exponents,
 * E, A and B are a linear problem with E, A, B >= 0, so only the exponents are searched: a 12 x 12 grid, then
 * Newton's steps from its best minima. Least squares on the loss in nats. docs/math.md (E5).
 *
 * Null with fewer than six runs, or when no exponents with A > 0 and B > 0 fit.
 */
export function fitSurface(runs: Runs, { weights, near, asymptote }: SurfaceOptions = {}): SurfaceFit | null {
  if (runs.size < fewestForSurface) return null
  const rows = surfaceRows(runs, weights)
  const problem = surfaceProblem(rows, asymptote)
  let best: PlaneMinimum | null = null
  for (const { alpha, beta } of near ? [near] : gridMinima(rows)) {
    const minimum = newtonInPlane(problem, alpha, beta)
    if (best === null || minimum.value < best.value) best = minimum
  }
  if (best === null || !Number.isFinite(best.value)) return null
  const { x: alpha, y: beta, value, converged } = best
  problem.value(alpha, beta)
  const { E, A, B } = problem.coefficients()
  if (!(A > 0 && B > 0)) return null
  const law = { E, A: A * Math.exp(alpha * rows.meanX), B: B * Math.exp(beta * rows.meanY), alpha, beta, q: 1 }
  const rss = 2 * value
  return { ...estimateOf(law, { rmse: Math.sqrt(rss / rows.total), of: 'loss' }), law, rss, converged }
}

/** A function giving, for exponents, the least residual sum of squares that they allow; for maps of many of them. */
export function surfaceProfile(runs: Runs): (alpha: number, beta: number) => number {
  const problem = surfaceProblem(surfaceRows(runs))
  return (alpha, beta) => 2 * problem.value(alpha, beta)
}

/** Measured minus fitted loss of every run, nats; `[size]`. */
export const surfaceResiduals = (runs: Runs, law: SurfaceLaw): Float64Array =>
  runs.loss.map((L, i) => L - surfaceLoss(law, runs.parameters[i], runs.tokens[i]))

/**
 * The surface's derivatives at every run, by the coefficients E, ln A', ln B', alpha, beta with A' and B' the terms' values at
 * the geometric means of N and D; five columns, `[5][size]`.
 */
export function gradientAt(runs: Runs, law: SurfaceLaw): Float64Array[] {
  const { x, y } = centredLogs(runs)
  const u = runs.parameters.map((N) => law.A * N ** -law.alpha)
  const v = runs.tokens.map((D) => law.B * D ** -law.beta)
  return [
    new Float64Array(runs.size).fill(1),
    u,
    v,
    u.map((value, i) => -value * x[i]),
    v.map((value, i) => -value * y[i]),
  ]
}

/** The law after a small step in the coefficients of `gradientAt`. */
export function shiftLaw(law: SurfaceLaw, step: Float64Array, { meanX, meanY }: LogCentre): SurfaceLaw {
  return {
    E: law.E + step[0],
    A: law.A * Math.exp(step[1] + step[3] * meanX),
    B: law.B * Math.exp(step[2] + step[4] * meanY),
    alpha: law.alpha + step[3],
    beta: law.beta + step[4],
    q: law.q,
  }
}
