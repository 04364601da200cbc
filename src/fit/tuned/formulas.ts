import { tunedIndex as at, bestTunedPoint } from '../../law/tuned.ts'
import { estimated, estimatedExp, type Uncertainty } from './estimate.ts'
import type { TunedFit } from './fit.ts'
import type { Formula, RepeatedData } from './result.ts'

/** Epochs whose worth is told. */
const epochsTold = [2, 4, 8, 16, 40] as const

/** ln of the best rate and batch at ln ratios of size and tokens, in the table's units. */
export const lnRate = ({ data }: TunedFit, size: number, tokens: number) => {
  const unit = Math.log(data.reference.rate)
  return (theta: Float64Array) => unit + bestTunedPoint(theta, size, tokens).rate
}
export const lnBatch = ({ data }: TunedFit, tokens: number) => {
  const unit = Math.log(data.reference.batch)
  return (theta: Float64Array) => unit + bestTunedPoint(theta, 0, tokens).batch
}

/** r* = c N^p D^z at the best batch. */
export function rateFormula(fit: TunedFit, uncertainty: Uncertainty): Formula {
  const { parameters: N0, tokens: D0 } = fit.data.reference
  const parameters = estimated(fit, (theta) => theta[at.rateSize], uncertainty)
  const tokens = estimated(fit, (theta) => theta[at.rateTokens], uncertainty)
  const here = estimatedExp(fit, lnRate(fit, 0, 0), uncertainty).value
  return { coefficient: here * N0 ** -parameters.value * D0 ** -tokens.value, parameters, tokens }
}

/** B* = c D^z. */
export function batchFormula(fit: TunedFit, uncertainty: Uncertainty): Formula {
  const tokens = estimated(fit, (theta) => theta[at.batchTokens], uncertainty)
  const here = estimatedExp(fit, lnBatch(fit, 0), uncertainty).value
  return { coefficient: here * fit.data.reference.tokens ** -tokens.value, parameters: null, tokens }
}

/** What repeats are worth, and the size that unique tokens support. */
export function repeatedData(fit: TunedFit, uncertainty: Uncertainty): RepeatedData {
  const { parameters: N0, tokens: D0 } = fit.data.reference
  const worth = (epochs: number) => (theta: Float64Array) => {
    const limit = Math.exp(theta[at.repeats])
    return Math.log(1 - limit * Math.expm1((1 - epochs) / limit))
  }
  return {
    repeats: estimatedExp(fit, (theta) => theta[at.repeats], uncertainty),
    surplus: estimatedExp(fit, (theta) => theta[at.surplus], uncertainty),
    support: estimatedExp(fit, (theta) => theta[at.support] + Math.log(N0 / D0), uncertainty),
    worth: epochsTold.map((epochs) => ({ epochs, tokens: estimatedExp(fit, worth(epochs), uncertainty) })),
  }
}
