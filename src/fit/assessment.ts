import type { Interval } from '../core/interval.ts'
import type { PowerLaw } from '../law/power.ts'
import { excessLoss, type SurfaceLaw } from '../law/surface.ts'
import {
  intervalBy,
  intervalOf,
  type Replicates,
  type Resampling,
  reasonWithoutInterval,
  type Scheme,
  schemes,
} from './bootstrap.ts'
import type { FitData } from './data.ts'
import { type Estimate, quantities } from './estimate.ts'
import { openBecause, type Verdict } from './headline.ts'
import type { Judge } from './laws.ts'
import type { Fitted, Method } from './methods/method.ts'
import { replicate, type Samplers } from './replicates.ts'
import type { Band, FittedPower, MethodResult, Prediction } from './result.ts'

/** What one method came to. */
export interface Assessment {
  readonly method: Method
  /** Null where it could not be fitted. */
  readonly fitted: Fitted | null
  readonly result: MethodResult
  /** Null where nothing is predicted. */
  readonly band: Band | null
}

/** What all methods of an analysis share. */
export interface Frame {
  readonly data: FitData
  readonly targets: readonly number[]
  /** Budgets of a figure's line and band. */
  readonly domain: readonly number[]
  readonly bootstrap: Resampling
  readonly samplers: Samplers
  readonly judge: Judge | null
  /** Null where nobody could tell whether the runs determine a law. */
  readonly verdict: Verdict | null
}

/** A fit, or why there is none, as what it comes to. */
export function assess(method: Method, fitted: Fitted | string, frame: Frame): Assessment {
  const { name } = method
  if (typeof fitted === 'string') return { method, fitted: null, result: unavailable(name, fitted), band: null }
  const { targets, domain, bootstrap, samplers, judge, verdict } = frame
  const replicates = replicate(fitted, samplers, bootstrap)
  const expect = (C: number) => predict(fitted.estimate, replicates, C, judge, bootstrap.confidence)
  const result = methodResult(name, fitted, replicates, targets.map(expect), bootstrap.confidence)
  const open = verdict && result.law && openBecause(verdict, result.law)
  if (open !== null) return { method, fitted, result: withoutPredictions(result, open), band: null }
  return { method, fitted, result, band: { method: name, points: domain.map(expect) } }
}

/** A method that could not be fitted: all its fields null or empty, and the reason. */
function unavailable(method: string, reason: string): MethodResult {
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

/** A method's fit as it is reported: exponents, coefficients and predictions with their intervals. */
function methodResult(
  method: string,
  { estimate, excluded, lossLaws, objective }: Fitted,
  replicates: Replicates,
  predictions: readonly Prediction[],
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
    predictions,
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
const withoutPredictions = (result: MethodResult, reason: string): MethodResult => ({
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
function predict(
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
