import type { Normal } from '../norm/prior.ts'

/**
 * What is believed of the two R* before any run: Muennighoff et al. 2023 found 15.4 for tokens and 5.3 for size; the standard
 * deviations of the logarithms are assumed, and wide: from 1.5 to 150 tokens in 95 %.
 */
export const repeatsPrior: { readonly tokens: Normal; readonly size: Normal } = {
  tokens: { mean: 15.4, sd: 1.2 },
  size: { mean: 5.3, sd: 1.2 },
}
