/** Weighted least-squares line y = intercept + slope x, and the root mean square of its residuals. */
export interface Line {
  readonly intercept: number
  readonly slope: number
  readonly rmse: number
}

/** The least-squares line through points; null with fewer than two different x. Weights default to 1. */
export function fitLine(x: ArrayLike<number>, y: ArrayLike<number>, weights?: ArrayLike<number>): Line | null {
  const weight = (i: number) => (weights ? weights[i] : 1)
  let total = 0
  let meanX = 0
  let meanY = 0
  for (let i = 0; i < x.length; i++) {
    total += weight(i)
    meanX += weight(i) * x[i]
    meanY += weight(i) * y[i]
  }
  meanX /= total
  meanY /= total
  let sxx = 0
  let sxy = 0
  for (let i = 0; i < x.length; i++) {
    sxx += weight(i) * (x[i] - meanX) ** 2
    sxy += weight(i) * (x[i] - meanX) * (y[i] - meanY)
  }
  if (!(sxx > 1e-24 * total * meanX * meanX)) return null
  const slope = sxy / sxx
  const intercept = meanY - slope * meanX
  let rss = 0
  for (let i = 0; i < x.length; i++) rss += weight(i) * (y[i] - intercept - slope * x[i]) ** 2
  return { intercept, slope, rmse: Math.sqrt(rss / total) }
}
