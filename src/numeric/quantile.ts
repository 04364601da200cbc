/**
 * The p-quantile of finite values, interpolated linearly between order statistics (type 7 of Hyndman and Fan 1996, NumPy's
 * default). NaN for no values.
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), p)
}

/** `quantile` of values that are already in ascending order. */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  const position = p * (sorted.length - 1)
  const below = Math.floor(position)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted.length === 0 ? Number.NaN : sorted[below] + (position - below) * (sorted[above] - sorted[below])
}

/** Standard deviations about the mean of a normal number that hold 95 % of it. */
export const normal95 = 1.96

/** The interval that holds the middle 95 % of values. */
export const middle95 = (values: ArrayLike<number>): readonly [low: number, high: number] => [
  quantile(values, 0.025),
  quantile(values, 0.975),
]

/** The median. */
export const median = (values: ArrayLike<number>): number => quantile(values, 0.5)
