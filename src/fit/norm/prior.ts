/** A normal distribution; of a logarithm where said, `mean` being then the median. */
export interface Normal {
  readonly mean: number
  readonly sd: number
}

/** What method `norm` believes of a law before it sees the runs. A standard deviation of 0 holds the value. */
export interface NormPrior {
  /** E over the lowest loss; of its logit, with this width near the median. */
  readonly E: Normal
  /** Each of the two terms at the largest runs over the lowest loss; of its logarithm. */
  readonly terms: Normal
  /** Of ln alpha. */
  readonly alpha: Normal
  /** Of ln beta. */
  readonly beta: Normal
  /** Of ln q. */
  readonly q: Normal
}

/**
 * Laws fitted to 22 public tables of runs have a median q of 0.46, fifteen of them between 0.35 and 0.76, and exponents from 0.2
 * to 0.5; E is between a third and nine tenths of the lowest loss. The widths are wider than these spreads. docs/math.md (E20)
 */
export const usualPrior: NormPrior = {
  E: { mean: 0.6, sd: 0.3 },
  terms: { mean: 0.2, sd: 1.5 },
  alpha: { mean: 0.33, sd: 0.4 },
  beta: { mean: 0.33, sd: 0.4 },
  q: { mean: 0.5, sd: 0.35 },
}

/** ln of the prior density of q up to a constant. */
export const logPriorOfQ = ({ q: { mean, sd } }: NormPrior, q: number): number =>
  sd === 0 ? 0 : -0.5 * (Math.log(q / mean) / sd) ** 2
