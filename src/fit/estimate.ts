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
  /** How things drift from the law beyond a budget; nowhere unless given. */
  readonly drift?: Drift | undefined
}

/** Beyond `from` FLOPs N_opt goes with a power of C that is larger by `size`, and losses are 1 + `loss` ln(C / from) times the law's. */
export interface Drift {
  readonly from: number
  readonly size: number
  readonly loss: number
}

/** ln(C / from) where that is positive. */
export const distanceBeyond = (drift: Drift | null | undefined, C: number): number =>
  drift ? Math.max(0, Math.log(C / drift.from)) : 0
const distance = ({ drift }: Estimate, C: number): number => distanceBeyond(drift, C)
const sizeDrift = (estimate: Estimate, C: number): number =>
  Math.exp((estimate.drift?.size ?? 0) * distance(estimate, C))
const lossDrift = (estimate: Estimate, C: number): number => 1 + (estimate.drift?.loss ?? 0) * distance(estimate, C)

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

/**
 * The estimate of runs whose FLOPs are so many times 6ND: a law knows C only as 6ND. Attention, embeddings or another count make
 * C 1.1 to 1.7 times that.
 */
export function inFlopsOf(estimate: Estimate, ratio: number): Estimate {
  if (ratio === 1) return estimate
  const { modelSize, datasetSize, loss, drift } = estimate
  const moved = (law: PowerLaw | null) => law && { ...law, coefficient: law.coefficient * ratio ** -law.exponent }
  return {
    ...estimate,
    modelSize: moved(modelSize),
    datasetSize: moved(datasetSize),
    loss: loss && ((C) => loss(C / ratio)),
    drift: drift && { ...drift, from: drift.from * ratio },
  }
}

/** One number from an estimate, NaN where the method does not give it. */
export const quantities = {
  parameters: (C: number) => (estimate: Estimate) =>
    estimate.modelSize ? powerAt(estimate.modelSize, C) * sizeDrift(estimate, C) : Number.NaN,
  tokens: (C: number) => (estimate: Estimate) =>
    estimate.datasetSize ? powerAt(estimate.datasetSize, C) / sizeDrift(estimate, C) : Number.NaN,
  loss: (C: number) => (estimate: Estimate) => (estimate.loss ? estimate.loss(C) * lossDrift(estimate, C) : Number.NaN),
  modelSizeExponent: (estimate: Estimate) => estimate.modelSize?.exponent ?? Number.NaN,
  datasetSizeExponent: (estimate: Estimate) => estimate.datasetSize?.exponent ?? Number.NaN,
  coefficient: (name: keyof SurfaceLaw) => (estimate: Estimate) => estimate.law?.[name] ?? Number.NaN,
}
