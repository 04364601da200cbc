import { type FrontierLaw, frontierLoss } from '../law/frontier.ts'
import { type PowerLaw, powerAt } from '../law/power.ts'
import { optimalLoss, optimalParameters, optimalTokens, type SurfaceLaw } from '../law/surface.ts'

/** What was minimized, and how far the runs are from it: the root mean square of the residuals, in `of`'s unit. */
export interface FitError {
  readonly rmse: number
  readonly of: 'loss' | 'ln loss' | 'parameters' | 'ln parameters'
}

/** What every method gives: how the compute-optimal N, D and loss depend on C. What a method cannot give is null. */
export interface Estimate {
  /** N_opt(C). */
  readonly modelSize: PowerLaw | null
  /** D_opt(C). */
  readonly datasetSize: PowerLaw | null
  /** The loss surface, of the methods that fit one. */
  readonly law: SurfaceLaw | null
  /** The best loss at C, from the method's own fit. */
  readonly loss: ((C: number) => number) | null
  readonly fitError: FitError | null
}

/** The estimate that a loss surface implies. */
export function estimateOf(law: SurfaceLaw, fitError: FitError): Estimate {
  const frontier: FrontierLaw = optimalLoss(law)
  return {
    modelSize: optimalParameters(law),
    datasetSize: optimalTokens(law),
    law,
    loss: (C) => frontierLoss(frontier, C),
    fitError,
  }
}

/** One number from an estimate, NaN where the method does not give it. */
export const quantities = {
  parameters: (C: number) => (estimate: Estimate) => (estimate.modelSize ? powerAt(estimate.modelSize, C) : Number.NaN),
  tokens: (C: number) => (estimate: Estimate) => (estimate.datasetSize ? powerAt(estimate.datasetSize, C) : Number.NaN),
  loss: (C: number) => (estimate: Estimate) => (estimate.loss ? estimate.loss(C) : Number.NaN),
  modelSizeExponent: (estimate: Estimate) => estimate.modelSize?.exponent ?? Number.NaN,
  datasetSizeExponent: (estimate: Estimate) => estimate.datasetSize?.exponent ?? Number.NaN,
  coefficient: (name: keyof SurfaceLaw) => (estimate: Estimate) => estimate.law?.[name] ?? Number.NaN,
}
