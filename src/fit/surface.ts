import type { Runs } from '../core/run.ts'
import { type SurfaceLaw, surfaceLoss } from '../law/surface.ts'
import { levenbergMarquardt } from '../numeric/levenberg-marquardt.ts'
import { nnls } from '../numeric/nnls.ts'
import { centredLogs, type LogCentre } from './centred-logs.ts'
import { type Estimate, estimateOf } from './estimate.ts'
import { gridMinima } from './surface-grid.ts'

/** The law has five coefficients; a fit needs one run more to have a residual. */
export const fewestForSurface = 6

/** Exponents outside this range are no scaling law: the term is flat, or gone after the smallest run. */
export const exponentRange = { least: 1e-3, most: 5 }

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
 * E, A and B are a linear problem with E, A, B >= 0, so only the exponents are searched: a 32 x 32 grid, then
 * Levenberg-Marquardt from its best minima. Least squares on the loss in nats. docs/math.md (E5).
 *
 * Null with fewer than six runs, or when no exponents with A > 0 and B > 0 fit.
 */
export function fitSurface(runs: Runs, { weights, near, asymptote }: SurfaceOptions = {}): SurfaceFit | null {
  if (runs.size < fewestForSurface) return null
  const problem = separate(runs, weights, asymptote)
  const starts = near ? [near] : gridMinima(runs, weights)
  let best: { theta: Float64Array; cost: number; converged: boolean } | null = null
  for (const { alpha, beta } of starts) {
    const minimum = levenbergMarquardt(problem, [alpha, beta])
    if (best === null || minimum.cost < best.cost) best = minimum
  }
  if (best === null || !Number.isFinite(best.cost)) return null
  const law = problem.lawAt(best.theta)
  if (!(law.A > 0 && law.B > 0)) return null
  return {
    ...estimateOf(law, { rmse: Math.sqrt(best.cost / problem.total), of: 'loss' }),
    law,
    rss: best.cost,
    converged: best.converged,
  }
}

/** A function giving, for exponents, the least residual sum of squares that they allow; for maps of many of them. */
export function surfaceProfile(runs: Runs): (alpha: number, beta: number) => number {
  const problem = separate(runs)
  return (alpha, beta) => problem.cost(Float64Array.of(alpha, beta))
}

/**
 * The problem in (alpha, beta) alone. Columns are 1, u = (N / N0)^-alpha and v = (D / D0)^-beta with N0, D0 the geometric means,
 * which keeps the linear problem's condition small. One pass over the runs makes the Gram matrices, a second the residuals.
 */
function separate(runs: Runs, weights?: Float64Array, asymptote?: number) {
  const n = runs.size
  const { x, y, meanX, meanY } = centredLogs(runs)
  const loss = runs.loss
  const u = new Float64Array(n)
  const v = new Float64Array(n)
  const residual = new Float64Array(n)
  let total = 0
  for (let i = 0; i < n; i++) total += weights ? weights[i] : 1
  let meanLoss = 0
  for (let i = 0; i < n; i++) meanLoss += ((weights ? weights[i] : 1) * loss[i]) / total
  let c: Float64Array<ArrayBufferLike> = new Float64Array(3)
  const gram = new Float64Array(9)
  const right = new Float64Array(3)

  /** The residual sum of squares with the best non-negative E, A, B; leaves u, v, residual and c behind. */
  const cost = ([alpha, beta]: Float64Array): number => {
    const allowed = (value: number) => value >= exponentRange.least && value <= exponentRange.most
    if (!(allowed(alpha) && allowed(beta))) return Number.POSITIVE_INFINITY
    let su = 0
    let sv = 0
    let suu = 0
    let svv = 0
    let suv = 0
    let sul = 0
    let svl = 0
    for (let i = 0; i < n; i++) {
      const w = weights ? weights[i] : 1
      if (w === 0) continue
      const ui = Math.exp(-alpha * x[i])
      const vi = Math.exp(-beta * y[i])
      u[i] = ui
      v[i] = vi
      su += w * ui
      sv += w * vi
      suu += w * ui * ui
      svv += w * vi * vi
      suv += w * ui * vi
      sul += w * ui * loss[i]
      svl += w * vi * loss[i]
    }
    gram.set([total, su, sv, su, suu, suv, sv, suv, svv])
    right.set([total * meanLoss, sul, svl])
    c = asymptote === undefined ? nnls(gram, right) : withAsymptote(gram, right, asymptote)
    let rss = 0
    for (let i = 0; i < n; i++) {
      const w = weights ? weights[i] : 1
      if (w === 0) continue
      const r = c[0] + c[1] * u[i] + c[2] * v[i] - loss[i]
      residual[i] = r
      rss += w * r * r
    }
    return rss
  }

  /**
   * J'r and J'J for J = P (d Phi c), P projecting away what the linear coefficients can follow (Kaufman 1975). Columns whose
   * coefficient is at 0 cannot follow.
   */
  const slope = () => {
    const [, A, B] = c
    // Sums over the runs of products with p = du/dalpha = -x u and q = dv/dbeta = -y v.
    const withP = new Float64Array(3)
    const withQ = new Float64Array(3)
    let pp = 0
    let qq = 0
    let pq = 0
    let pr = 0
    let qr = 0
    for (let i = 0; i < n; i++) {
      const w = weights ? weights[i] : 1
      if (w === 0) continue
      const p = -A * x[i] * u[i]
      const q = -B * y[i] * v[i]
      pp += w * p * p
      qq += w * q * q
      pq += w * p * q
      pr += w * p * residual[i]
      qr += w * q * residual[i]
      withP[0] += w * p
      withP[1] += w * p * u[i]
      withP[2] += w * p * v[i]
      withQ[0] += w * q
      withQ[1] += w * q * u[i]
      withQ[2] += w * q * v[i]
    }
    const free = [0, 1, 2].filter((k) => c[k] > 0 && !(k === 0 && asymptote !== undefined))
    const projected = projectOut(gram, free, withP, withQ)
    const normal = Float64Array.of(pp - projected.pp, pq - projected.pq, pq - projected.pq, qq - projected.qq)
    return { gradient: Float64Array.of(pr, qr), normal }
  }

  const lawAt = (theta: Float64Array): SurfaceLaw => {
    cost(theta)
    const [alpha, beta] = theta
    return { E: c[0], A: c[1] * Math.exp(alpha * meanX), B: c[2] * Math.exp(beta * meanY), alpha, beta, q: 1 }
  }
  return { cost, slope, lawAt, total }
}

/** E as given, and the best non-negative A and B beside it. */
function withAsymptote(gram: Float64Array, right: Float64Array, E: number): Float64Array {
  const [A, B] = nnls(
    Float64Array.of(gram[4], gram[5], gram[7], gram[8]),
    Float64Array.of(right[1] - E * gram[1], right[2] - E * gram[2]),
  )
  return Float64Array.of(E, A, B)
}

/** What of p'p, p'q and q'q lies in the span of the free columns, given their Gram matrix and products with p and q. */
function projectOut(gram: Float64Array, free: number[], withP: Float64Array, withQ: Float64Array) {
  // Orthogonalize the columns one after the other (the Cholesky factor of their Gram matrix), at most three.
  const basis: { pivot: number; row: number[]; p: number; q: number }[] = []
  for (const k of free) {
    const row = [gram[k * 3], gram[k * 3 + 1], gram[k * 3 + 2]]
    let p = withP[k]
    let q = withQ[k]
    for (const earlier of basis) {
      const factor = earlier.row[k]
      for (let j = 0; j < 3; j++) row[j] -= factor * earlier.row[j]
      p -= factor * earlier.p
      q -= factor * earlier.q
    }
    const length = Math.sqrt(row[k])
    if (!(length > 0)) continue
    basis.push({ pivot: k, row: row.map((value) => value / length), p: p / length, q: q / length })
  }
  const sum = (f: (b: { p: number; q: number }) => number) => basis.reduce((total, b) => total + f(b), 0)
  return { pp: sum((b) => b.p * b.p), pq: sum((b) => b.p * b.q), qq: sum((b) => b.q * b.q) }
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
