import type { PowerLaw } from '../law/power.ts'
import { excessLoss, type SurfaceLaw } from '../law/surface.ts'
import {
  type Interval,
  intervalBy,
  intervalOf,
  type Replicates,
  reasonWithoutInterval,
  type Scheme,
  schemes,
} from './bootstrap.ts'
import { type Estimate, quantities } from './estimate.ts'
import {
  type FrontierPoint,
  fitFrontier,
  fitLogLine,
  fitPinnedFrontier,
  frontierPoints,
  logLineLoss,
  lossOf,
} from './frontier.ts'
import type { FitData, Fitted } from './methods.ts'
import type { Samplers } from './replicates.ts'
import type {
  FittedPower,
  FrontierOutcome,
  FrontierResult,
  MethodResult,
  Prediction,
  Resampling,
  SizeMethod,
} from './result.ts'

/** A method that could not be fitted: all its fields null or empty, and the reason. */
export function unavailable(method: SizeMethod, reason: string): MethodResult {
  return {
    method,
    modelSize: null,
    datasetSize: null,
    law: null,
    lawIntervals: null,
    exponentBy: null,
    predictions: [],
    fitError: null,
    excluded: [],
    lossLaws: null,
    objective: null,
    unavailable: reason,
    withheld: null,
    undetermined: null,
  }
}

/** The law that weighs every method's size in loss, and how the runs count FLOPs. */
export interface Judge {
  readonly law: SurfaceLaw
  readonly flopsRatio: number
}

/** A method's fit as it is reported: exponents, coefficients and predictions with their intervals. */
export function methodResult(
  { method, estimate, excluded, lossLaws, objective }: Fitted,
  replicates: Replicates,
  targets: readonly number[],
  judge: Judge | null,
  confidence: number,
): MethodResult {
  const interval = (quantity: (estimate: Estimate) => number) =>
    intervalAround(estimate, replicates, quantity, confidence)
  const power = (law: PowerLaw | null, exponent: (estimate: Estimate) => number): FittedPower | null =>
    law && { ...law, interval: interval(exponent) }
  const coefficients = ['E', 'A', 'B', 'alpha', 'beta', 'q'] as const
  const by = (scheme: Scheme) => intervalBy(replicates, scheme, quantities.modelSizeExponent, confidence)
  return {
    method,
    modelSize: power(estimate.modelSize, quantities.modelSizeExponent),
    datasetSize: power(estimate.datasetSize, quantities.datasetSizeExponent),
    law: estimate.law,
    lawIntervals:
      estimate.law &&
      (Object.fromEntries(coefficients.map((name) => [name, interval(quantities.coefficient(name))])) as Record<
        keyof SurfaceLaw,
        Interval | null
      >),
    exponentBy: Object.fromEntries(schemes.map((scheme) => [scheme, by(scheme)])) as Record<Scheme, Interval | null>,
    predictions: targets.map((C) => predict(estimate, replicates, C, judge, confidence)),
    fitError: estimate.fitError,
    excluded,
    lossLaws,
    objective,
    unavailable: null,
    withheld: reasonWithoutInterval(replicates),
    undetermined: null,
  }
}

/** A result whose law the runs do not determine: it says so, and predicts nothing. */
export const withoutPredictions = (result: MethodResult, reason: string): MethodResult => ({
  ...result,
  modelSize: null,
  datasetSize: null,
  predictions: [],
  undetermined: reason,
})

/**
 * The interval of a quantity; of draws from a posterior it holds the estimate too: where several q share the belief, the draws may
 * lie to one side of the law between them.
 */
function intervalAround(
  estimate: Estimate,
  replicates: Replicates,
  quantity: (estimate: Estimate) => number,
  confidence: number,
): Interval | null {
  const ends = intervalOf(replicates, quantity, confidence)
  if (ends === null || !replicates.has('posterior')) return ends
  const value = quantity(estimate)
  return [Math.min(ends[0], value), Math.max(ends[1], value)]
}

/** What a method expects at C, with intervals; `judge` weighs its size in loss. */
export function predict(
  estimate: Estimate,
  replicates: Replicates,
  C: number,
  judge: Judge | null,
  confidence: number,
): Prediction {
  const interval = (quantity: (estimate: Estimate) => number) =>
    intervalAround(estimate, replicates, quantity, confidence)
  const parameters = quantities.parameters(C)(estimate)
  return {
    flops: C,
    parameters,
    tokens: quantities.tokens(C)(estimate),
    loss: estimate.loss ? estimate.loss(C) : null,
    excessLoss: judge && excessLoss(judge.law, C / judge.flopsRatio, parameters),
    interval: {
      parameters: interval(quantities.parameters(C)),
      tokens: interval(quantities.tokens(C)),
      loss: estimate.loss ? interval(quantities.loss(C)) : null,
    },
  }
}

/** The three frontiers, each with intervals from the same resamples as the other methods. */
export function fitFrontiers(
  { runs, profiles }: FitData,
  judge: SurfaceLaw | null,
  samplers: Samplers,
  targets: readonly number[],
  { resamples, confidence, kind }: Resampling,
): FrontierResult | null {
  const points = frontierPoints(runs, profiles)
  if (points.length < 2) return null
  const resampled: ReadonlyMap<Scheme, readonly FrontierPoint[][]> = new Map(
    kind === 'score'
      ? []
      : samplers.entries().map(([scheme, sampler]) => [
          scheme,
          Array.from({ length: resamples }, (_, k) => {
            const sample = sampler(k)
            return frontierPoints(sample.runs, profiles, sample.weights)
          }),
        ]),
  )
  const outcome = <Fit>(
    fit: (points: readonly FrontierPoint[]) => Fit | null,
    loss: (fit: Fit) => (C: number) => number,
  ): FrontierOutcome<Fit> | null => {
    const own = fit(points)
    if (own === null) return null
    const replicates: Replicates = new Map(
      resampled.entries().map(([scheme, samples]) => [
        scheme,
        samples.map((sample) => {
          const refit = fit(sample)
          return refit && { ...noEstimate, loss: loss(refit) }
        }),
      ]),
    )
    const predictions = targets.map((flops) => ({
      flops,
      loss: loss(own)(flops),
      interval: intervalOf(replicates, quantities.loss(flops), confidence),
    }))
    return { fit: own, predictions }
  }
  return {
    points,
    free: outcome(fitFrontier, lossOf),
    pinned: judge && outcome((points) => fitPinnedFrontier(points, judge.E), lossOf),
    line: outcome(fitLogLine, (fit) => (C) => logLineLoss(fit.law, C)),
  }
}

const noEstimate: Estimate = { modelSize: null, datasetSize: null, law: null, loss: null, fitError: null }
