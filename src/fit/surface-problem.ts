import { nnls } from '../numeric/nnls.ts'
import type { PlaneFunction } from '../numeric/plane-newton.ts'
import type { SurfaceRows } from './surface-rows.ts'

/** Exponents outside this range are no scaling law: the term is flat, or gone after the smallest run. */
export const exponentRange = { least: 1e-3, most: 5 }

/** The surface's problem in (alpha, beta) alone: `value` is half the least residual sum of squares. */
export interface SurfaceProblem extends PlaneFunction {
  /** E, and A and B at the geometric means of N and D, of the last `value`. */
  coefficients(): { readonly E: number; readonly A: number; readonly B: number }
}

/**
 * Columns are 1, u = (N / N0)^-alpha and v = (D / D0)^-beta with N0, D0 the geometric means, which keeps the linear problem's
 * condition small. One pass over the runs makes the sums of products, a second the residuals, a third the derivatives (docs/math.md E5).
 * `asymptote` holds E.
 */
export function surfaceProblem(rows: SurfaceRows, asymptote?: number): SurfaceProblem {
  const { size, x, y, weight, excess, meanLoss, total } = rows
  const u = new Float64Array(size)
  const v = new Float64Array(size)
  const residual = new Float64Array(size)
  const held = asymptote !== undefined
  let E = 0
  let A = 0
  let B = 0
  // Sums over the runs of u, v and their products, and those with the loss less its mean.
  let su = 0
  let sv = 0
  let suu = 0
  let svv = 0
  let suv = 0
  let sul = 0
  let svl = 0

  const sums = (alpha: number, beta: number): void => {
    let [u1, v1, u2, v2, uv, ul, vl] = [0, 0, 0, 0, 0, 0, 0]
    for (let i = 0; i < size; i++) {
      const ui = Math.exp(-alpha * x[i])
      const vi = Math.exp(-beta * y[i])
      u[i] = ui
      v[i] = vi
      const wu = weight[i] * ui
      const wv = weight[i] * vi
      u1 += wu
      v1 += wv
      u2 += wu * ui
      v2 += wv * vi
      uv += wu * vi
      ul += wu * excess[i]
      vl += wv * excess[i]
    }
    su = u1
    sv = v1
    suu = u2
    svv = v2
    suv = uv
    sul = ul
    svl = vl
  }

  /** The best non-negative E, A, B. Nearly always none is at its bound, and three equations are solved in closed form. */
  const solve = (): void => {
    const plateau = held ? (asymptote as number) - meanLoss : 0
    const [cu, cv] = held ? [0, 0] : [su / total, sv / total]
    const uu = suu - cu * su
    const vv = svv - cv * sv
    const uv = suv - cu * sv
    const ul = sul - plateau * su
    const vl = svl - plateau * sv
    const determinant = uu * vv - uv * uv
    A = (ul * vv - vl * uv) / determinant
    B = (vl * uu - ul * uv) / determinant
    E = held ? (asymptote as number) : meanLoss - A * cu - B * cv
    if (A > 0 && B > 0 && E >= 0 && determinant > 1e-15 * uu * vv) return
    const lossU = sul + meanLoss * su
    const lossV = svl + meanLoss * sv
    if (held) {
      E = asymptote as number
      ;[A, B] = nnls(Float64Array.of(suu, suv, suv, svv), Float64Array.of(lossU - E * su, lossV - E * sv))
    } else
      [E, A, B] = nnls(
        Float64Array.of(total, su, sv, su, suu, suv, sv, suv, svv),
        Float64Array.of(total * meanLoss, lossU, lossV),
      )
  }

  const value = (alpha: number, beta: number): number => {
    const { least, most } = exponentRange
    if (!(alpha >= least && alpha <= most && beta >= least && beta <= most)) return Number.POSITIVE_INFINITY
    sums(alpha, beta)
    solve()
    const plateau = E - meanLoss
    let rss = 0
    for (let i = 0; i < size; i++) {
      const r = plateau + A * u[i] + B * v[i] - excess[i]
      residual[i] = r
      rss += weight[i] * r * r
    }
    return rss / 2
  }

  /**
   * With p = du/dalpha A = -x u A and q = -y v B: the derivatives by the exponents alone, less what the linear coefficients give back when
   * they follow. Coefficients at 0, and a held E, do not.
   */
  const slope = (out: Float64Array): void => {
    let [pp, qq, pq, pr, qr, xpr, yqr] = [0, 0, 0, 0, 0, 0, 0]
    let [p1, pu, pv, q1, qu, qv] = [0, 0, 0, 0, 0, 0]
    for (let i = 0; i < size; i++) {
      const w = weight[i]
      const r = residual[i]
      const p = -x[i] * u[i]
      const q = -y[i] * v[i]
      const wp = w * p
      const wq = w * q
      pp += wp * p
      qq += wq * q
      pq += wp * q
      pr += wp * r
      qr += wq * r
      xpr += x[i] * wp * r
      yqr += y[i] * wq * r
      p1 += wp
      pu += wp * u[i]
      pv += wp * v[i]
      q1 += wq
      qu += wq * u[i]
      qv += wq * v[i]
    }
    // Mixed derivatives of half the sum of squares, by E, A, B (columns) and by alpha and beta.
    const [Ea, Aa, Ba] = [A * p1, A * pu + pr, A * pv]
    const [Eb, Ab, Bb] = [B * q1, B * qu, B * qv + qr]
    out[0] = A * pr
    out[1] = B * qr
    out[2] = A * A * pp - A * xpr
    out[3] = A * B * pq
    out[4] = B * B * qq - B * yqr
    const plateauFollows = !held && E > 0
    const [cu, cv] = plateauFollows ? [su / total, sv / total] : [0, 0]
    if (plateauFollows) takeAway(out, total, Ea, Eb)
    const uu = suu - cu * su
    const uv = suv - cu * sv
    const ua = Aa - cu * Ea
    const ub = Ab - cu * Eb
    const follows = A > 0 && uu > 0
    if (follows) takeAway(out, uu, ua, ub)
    const c = follows ? uv / uu : 0
    const vv = svv - cv * sv - c * uv
    if (B > 0 && vv > 0) takeAway(out, vv, Ba - cv * Ea - c * ua, Bb - cv * Eb - c * ub)
  }

  return { value, slope, coefficients: () => ({ E, A, B }) }
}

/** Lowers the Hessian by what one direction of the linear coefficients, of this square, follows. */
function takeAway(out: Float64Array, square: number, a: number, b: number): void {
  out[2] -= (a * a) / square
  out[3] -= (a * b) / square
  out[4] -= (b * b) / square
}
