import { short } from '../../core/diagnostic.ts'
import { parameterTokens, tokensFor } from '../../core/flops.ts'
import type { Runs } from '../../core/run.ts'
import { tunedIndex as at, bestTunedPoint, bestTunedSize, tunedLoss, tunedSize } from '../../law/tuned.ts'
import { lineOf, lineText } from '../headline.ts'
import { driftPerFold, type Estimated, estimated, estimatedExp, type Uncertainty } from './estimate.ts'
import { fitTuned, type TunedFit } from './fit.ts'
import type { Formula, RepeatedData, Tried, TunedResult, TunedTarget } from './result.ts'
import { rateSweeps } from './sweeps.ts'

/** Fewer runs say nothing that the priors do not. */
export const fewestForTuned = 8
/** An interval of the best N at the largest compute that spans more than this is no answer. */
const mostWidth = 10
/** Epochs whose worth is told. */
const epochsTold = [2, 4, 8, 16, 40] as const

/**
 * Fits the law of size, tokens, learning rate, batch and repeated data, and names the best rate and batch as formulas, what
 * repeats are worth, and what to train at each target (docs/math.md, "Laws of more than N and D").
 * @example tunedResult(runs, [1e22], 0.95).rate
 */
export function tunedResult(runs: Runs, targets: readonly number[], confidence: number): TunedResult {
  if (runs.size < fewestForTuned) return unavailable(`${runs.size} runs, it needs ${fewestForTuned}`)
  const fit = fitTuned(runs)
  const { data, modes } = fit
  const hasBest = data.features.has('rate') || data.features.has('batch')
  // The best rate and batch depend on how far beside them runs may speak: both answers belong to the interval.
  const rival = hasBest ? fitTuned(runs, { near: true }) : null
  const undetermined = undeterminedBy(fit, confidence)
  const [first] = modes
  const { parameters: N0, tokens: D0 } = data.reference
  const alpha = Math.exp(first.theta[at.alpha])
  const beta = Math.exp(first.theta[at.beta])
  return {
    unavailable: null,
    undetermined,
    runs: data.runs.size,
    incomplete: data.incomplete,
    coefficients: first.free.length,
    features: [...data.features],
    fixed: data.fixed,
    batchUnit: data.batchUnit,
    law: {
      E: Math.exp(first.theta[at.E]),
      A: Math.exp(first.theta[at.A]) * N0 ** alpha,
      B: Math.exp(first.theta[at.B]) * D0 ** beta,
      alpha,
      beta,
      q: first.q,
    },
    norms: modes.map(({ q, weight }) => ({ q, weight })),
    converged: first.converged,
    scatter: first.scatter,
    rate: data.features.has('rate') ? rateFormula(fit, { confidence, rival }) : null,
    batch: data.features.has('batch') ? batchFormula(fit, { confidence, rival }) : null,
    tried: triedSettings(fit),
    sweeps: rateSweeps(fit),
    repeated: data.features.has('repeats') ? repeatedData(fit, { confidence }) : null,
    predictions: undetermined === null ? targets.map((C) => targetOf(fit, C, { confidence, rival })) : [],
  }
}

const unavailable = (reason: string): TunedResult => ({
  unavailable: reason,
  undetermined: reason,
  runs: 0,
  incomplete: 0,
  coefficients: 0,
  features: [],
  fixed: [],
  batchUnit: 'tokens',
  law: null,
  norms: [],
  converged: false,
  scatter: null,
  rate: null,
  batch: null,
  tried: [],
  sweeps: [],
  repeated: null,
  predictions: [],
})

/** Why the runs do not determine the best size, in words; null where they do. */
function undeterminedBy(fit: TunedFit, confidence: number): string | null {
  const { runs } = fit.data
  const line = lineOf(runs)
  if (line) return `the runs ${lineText(line)}, so the effects of N and of D cannot be told apart`
  const most = runs.flops.reduce((a, b) => Math.max(a, b))
  const [low, high] = targetOf(fit, most, { confidence }).parameters.interval
  return high > mostWidth * low
    ? `at the largest compute the best N may be anything from ${short(low)} to ${short(high)}`
    : null
}

/** ln of the best rate and batch at ln ratios of size and tokens, in the table's units. */
const lnRate = ({ data }: TunedFit, size: number, tokens: number) => {
  const unit = Math.log(data.reference.rate)
  return (theta: Float64Array) => unit + bestTunedPoint(theta, size, tokens).rate
}
const lnBatch = ({ data }: TunedFit, tokens: number) => {
  const unit = Math.log(data.reference.batch)
  return (theta: Float64Array) => unit + bestTunedPoint(theta, 0, tokens).batch
}

/** r* = c N^p D^z at the best batch. */
function rateFormula(fit: TunedFit, uncertainty: Uncertainty): Formula {
  const { parameters: N0, tokens: D0 } = fit.data.reference
  const parameters = estimated(fit, (theta) => theta[at.rateSize], uncertainty)
  const tokens = estimated(fit, (theta) => theta[at.rateTokens], uncertainty)
  const here = estimatedExp(fit, lnRate(fit, 0, 0), uncertainty).value
  return { coefficient: here * N0 ** -parameters.value * D0 ** -tokens.value, parameters, tokens }
}

/** B* = c D^z. */
function batchFormula(fit: TunedFit, uncertainty: Uncertainty): Formula {
  const tokens = estimated(fit, (theta) => theta[at.batchTokens], uncertainty)
  const here = estimatedExp(fit, lnBatch(fit, 0), uncertainty).value
  return { coefficient: here * fit.data.reference.tokens ** -tokens.value, parameters: null, tokens }
}

/** The range of each setting among the runs of the largest compute, and the law's best there. */
function triedSettings(fit: TunedFit): Tried[] {
  const { runs, points, features } = fit.data
  const largest = runs.flops.reduce((best, C, i) => (C > runs.flops[best] ? i : best), 0)
  const alike = Array.from({ length: runs.size }, (_, i) => i).filter(
    (i) => runs.parameters[i] === runs.parameters[largest] && runs.tokens[i] === runs.tokens[largest],
  )
  const { size, tokens } = points[largest]
  return (['rate', 'batch'] as const).flatMap((setting) => {
    const column = runs.tuning?.[setting]
    if (!column || !features.has(setting)) return []
    const values = alike.map((i) => column[i])
    const logarithm = setting === 'rate' ? lnRate(fit, size, tokens) : lnBatch(fit, tokens)
    const best = Math.exp(fit.modes.reduce((sum, { theta, weight }) => sum + weight * logarithm(theta), 0))
    return [{ setting, low: Math.min(...values), high: Math.max(...values), best }]
  })
}

function repeatedData(fit: TunedFit, uncertainty: Uncertainty): RepeatedData {
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

function targetOf(fit: TunedFit, C: number, { confidence, rival }: Uncertainty): TunedTarget {
  const { data } = fit
  const { parameters: N0, tokens: D0 } = data.reference
  const compute = Math.log(parameterTokens(C) / (N0 * D0))
  const most = data.runs.flops.reduce((a, b) => Math.max(a, b))
  const folds = Math.max(0, Math.log(C / most))
  const scratch = new Float64Array(tunedSize)
  /** A quantity at each law's own best size. */
  const atBest =
    (quantity: (size: number, tokens: number) => (theta: Float64Array) => number) => (theta: Float64Array) => {
      const size = bestTunedSize(theta, compute)
      return quantity(size, compute - size)(theta)
    }
  const logarithm = (quantity: (theta: Float64Array) => number): Estimated =>
    estimatedExp(fit, quantity, { confidence })
  const parameters = logarithm((theta) => Math.log(N0) + bestTunedSize(theta, compute))
  const [fewest, mostTokens] = [parameters.interval[1], parameters.interval[0]].map((N) => tokensFor(C, N))
  // The rate and batch that go with this size and these tokens.
  const size = Math.log(parameters.value / N0)
  const setting = (quantity: (theta: Float64Array) => number) =>
    estimatedExp(fit, quantity, { confidence, rival: rival ?? null })
  const lossAt = (size: number, tokens: number) => (theta: Float64Array) =>
    tunedLoss(theta, bestTunedPoint(theta, size, tokens), scratch)
  return {
    flops: C,
    parameters,
    tokens: { value: tokensFor(C, parameters.value), interval: [fewest, mostTokens] },
    rate: data.features.has('rate') ? setting(lnRate(fit, size, compute - size)) : null,
    batch: data.features.has('batch') ? setting(lnBatch(fit, compute - size)) : null,
    loss: estimated(fit, atBest(lossAt), { confidence, drift: (loss) => driftPerFold * loss * folds }),
  }
}
