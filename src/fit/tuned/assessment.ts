import { parameterTokens, tokensFor } from '../../core/flops.ts'
import { everyNth, type Runs } from '../../core/run.ts'
import { tunedIndex as at, bestTunedPoint, bestTunedSize, tunedLoss, tunedSize } from '../../law/tuned.ts'
import { undeterminedSize } from '../undetermined.ts'
import { driftPerFold, estimated, estimatedExp } from './estimate.ts'
import { fitTuned, type TunedFit } from './fit.ts'
import { batchFormula, lnBatch, lnRate, rateFormula, repeatedData } from './formulas.ts'
import type { TunedResult, TunedTarget } from './result.ts'
import { rateSweeps } from './sweeps.ts'
import { triedSettings } from './tried.ts'

/** Fewer runs say nothing that the priors do not. */
export const fewestForTuned = 8
/** Of more runs than this every so many-th is fitted: they tell the law well enough, and all would take minutes. */
const mostForTuned = 20_000
/** Very many runs thinned to those that are fitted: every so many-th. */
export function thinnedForTuned(runs: Runs): { readonly thinned: Runs; readonly every: number } {
  const every = Math.ceil(runs.size / mostForTuned)
  return { thinned: every > 1 ? everyNth(runs, every) : runs, every: Math.max(1, every) }
}

/**
 * The law of all runs, which says what a wrong rate or batch costs and so where the best ones are, and that of the runs near the
 * best, which says what the best reach. How far they are apart belongs to every interval (E88).
 */
interface TunedFits {
  readonly all: TunedFit
  /** The same where no setting varies. */
  readonly near: TunedFit
}

function fitBoth(runs: Runs): TunedFits {
  const all = fitTuned(runs)
  const { features } = all.data
  return { all, near: features.has('rate') || features.has('batch') ? fitTuned(runs, { near: true }) : all }
}

/**
 * Fits the law of size, tokens, learning rate, batch and repeated data, and names the best rate and batch as formulas, what
 * repeats are worth, and what to train at each target (docs/math.md, "Laws of more than N and D").
 * @example tunedResult(runs, [1e22], 0.95).rate
 */
export function tunedResult(runs: Runs, targets: readonly number[], confidence: number): TunedResult {
  if (runs.size < fewestForTuned) return unavailable(`${runs.size} runs, it needs ${fewestForTuned}`)
  const { thinned, every } = thinnedForTuned(runs)
  const fits = fitBoth(thinned)
  const { all, near } = fits
  const { data } = all
  const uncertainty = { confidence, rival: near }
  const undetermined = undeterminedBy(fits, confidence)
  const [first] = near.modes
  const { parameters: N0, tokens: D0 } = data.reference
  const alpha = Math.exp(first.theta[at.alpha])
  const beta = Math.exp(first.theta[at.beta])
  return {
    unavailable: null,
    undetermined,
    runs: data.runs.size,
    incomplete: data.incomplete,
    every,
    coefficients: first.free.length,
    features: [...data.features],
    fixed: data.fixed,
    batchUnit: data.batchUnit,
    lossUnit: data.lossUnit,
    law: {
      E: Math.exp(first.theta[at.E]),
      A: Math.exp(first.theta[at.A]) * N0 ** alpha,
      B: Math.exp(first.theta[at.B]) * D0 ** beta,
      alpha,
      beta,
      q: first.q,
    },
    norms: near.modes.map(({ q, weight }) => ({ q, weight })),
    converged: first.converged,
    scatter: first.scatter,
    rate: data.features.has('rate') ? rateFormula(all, uncertainty) : null,
    batch: data.features.has('batch') ? batchFormula(all, uncertainty) : null,
    tried: triedSettings(all),
    sweeps: rateSweeps(all),
    repeated: data.features.has('repeats') ? repeatedData(all, uncertainty) : null,
    predictions: undetermined === null ? targets.map((C) => targetOf(fits, C, confidence)) : [],
  }
}

const unavailable = (reason: string): TunedResult => ({
  unavailable: reason,
  undetermined: reason,
  runs: 0,
  incomplete: 0,
  every: 1,
  coefficients: 0,
  features: [],
  fixed: [],
  batchUnit: 'tokens',
  lossUnit: 'nats/token',
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
function undeterminedBy(fits: TunedFits, confidence: number): string | null {
  const { runs } = fits.near.data
  const most = runs.flops.reduce((a, b) => Math.max(a, b))
  return undeterminedSize(runs, targetOf(fits, most, confidence).parameters.interval)
}

/** What to train with C FLOPs: size and loss by the runs near the best, the rate and batch that go with them by all. */
function targetOf({ all, near }: TunedFits, C: number, confidence: number): TunedTarget {
  const { reference, runs, features } = near.data
  const { parameters: N0, tokens: D0 } = reference
  const compute = Math.log(parameterTokens(C) / (N0 * D0))
  const folds = Math.max(0, Math.log(C / runs.flops.reduce((a, b) => Math.max(a, b))))
  const scratch = new Float64Array(tunedSize)
  const bestLoss = (theta: Float64Array) => {
    const size = bestTunedSize(theta, compute)
    return tunedLoss(theta, bestTunedPoint(theta, size, compute - size), scratch)
  }
  const rival = all === near ? null : all
  const lnSize = (theta: Float64Array) => Math.log(N0) + bestTunedSize(theta, compute)
  const parameters = estimatedExp(near, lnSize, { confidence, rival })
  const [fewest, mostTokens] = [parameters.interval[1], parameters.interval[0]].map((N) => tokensFor(C, N))
  const size = Math.log(parameters.value / N0)
  const setting = (logarithm: (theta: Float64Array) => number) =>
    estimatedExp(all, logarithm, { confidence, rival: near })
  return {
    flops: C,
    parameters,
    tokens: { value: tokensFor(C, parameters.value), interval: [fewest, mostTokens] },
    rate: features.has('rate') ? setting(lnRate(all, size, compute - size)) : null,
    batch: features.has('batch') ? setting(lnBatch(all, compute - size)) : null,
    loss: estimated(near, bestLoss, { confidence, rival, drift: (loss) => driftPerFold * loss * folds }),
  }
}
