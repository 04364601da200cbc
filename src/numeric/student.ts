/** Lanczos' approximation of ln Gamma(x) for x > 0, good to 1e-14 (coefficients g = 7, n = 9, Godfrey 2001). */
function logGamma(x: number): number {
  const c = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ]
  const t = x + 6.5
  let sum = c[0]
  for (let k = 1; k < 9; k++) sum += c[k] / (x - 1 + k)
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}

/** The regularized incomplete beta function I_x(a, b), by Lentz's continued fraction (DLMF 8.17.22). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  const tiny = 1e-300
  let f = 1
  let C = 1
  let D = 0
  for (let m = 0; m < 1000; m++) {
    const k = m >> 1
    let numerator = 1
    if (m > 0)
      numerator =
        m % 2 === 0
          ? (k * (b - k) * x) / ((a + 2 * k - 1) * (a + 2 * k))
          : (-(a + k) * (a + b + k) * x) / ((a + 2 * k) * (a + 2 * k + 1))
    D = 1 / (1 + numerator * D || tiny)
    C = 1 + numerator / C || tiny
    f *= C * D
    if (m > 0 && Math.abs(C * D - 1) < 1e-15) break
  }
  return front * (f - 1) // the fraction was evaluated as 1 + 1 / (1 + ...)
}

/** The quantile of Student's t with `df` degrees of freedom: P(T <= t) = p. */
export function studentQuantile(p: number, df: number): number {
  if (p === 0.5) return 0
  const tail = 2 * Math.min(p, 1 - p)
  // P(|T| > t) = I_{df / (df + t^2)}(df / 2, 1 / 2) falls in t; bisect on x = df / (df + t^2) in (0, 1).
  let low = 0
  let high = 1
  for (let k = 0; k < 200; k++) {
    const x = 0.5 * (low + high)
    if (incompleteBeta(x, df / 2, 0.5) < tail) low = x
    else high = x
  }
  const x = 0.5 * (low + high)
  return Math.sign(p - 0.5) * Math.sqrt((df * (1 - x)) / x)
}

/** The quantile of F with 1 and `df` degrees of freedom. */
export const fQuantile1 = (p: number, df: number): number => studentQuantile((1 + p) / 2, df) ** 2

/** The quantile of F with 2 and `df` degrees of freedom, which has a closed form. */
export const fQuantile2 = (p: number, df: number): number => (df / 2) * ((1 - p) ** (-2 / df) - 1)

/** P(F > x) for F with `df1` and `df2` degrees of freedom. */
export const fTail = (x: number, df1: number, df2: number): number =>
  incompleteBeta(df2 / (df2 + df1 * x), df2 / 2, df1 / 2)
