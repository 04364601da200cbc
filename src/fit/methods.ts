import { type Curves, everyNth, type Runs } from '../core/run.ts'
import type { Sample } from './bootstrap.ts'
import { type CurveTable, fitEnvelope, tabulateCurves } from './envelope.ts'
import { type Estimate, estimateOf, inFlopsOf } from './estimate.ts'
import { type HuberFit, refitHuber } from './huber.ts'
import { fitHuber } from './huber-pool.ts'
import { fitLowestLog, fitLowestRaw, type LossLaws } from './lowest.ts'
import { drawNorms } from './norm/draws.ts'
import { fewestForNorm, fitNorm, type NormFit } from './norm/fit.ts'
import type { NormPrior } from './norm/prior.ts'
import { extreme, fewestForParabola, fitParabolas, type ProfileMinimum, profileMinimum } from './parabola.ts'
import { type Budgets, lowestRun, type Profile } from './profile.ts'
import type { LeftOut, MethodResult, SizeMethod } from './result.ts'
import { fewestForSurface, fitSurface, type SurfaceFit } from './surface.ts'

/** Runs prepared for the methods: grouped by budget once, training curves if there are any. */
export interface FitData {
  readonly runs: Runs
  readonly budgets: Budgets
  /** The budgets that the profile methods use; empty when the runs do not form IsoFLOP profiles. */
  readonly profiles: readonly Profile[]
  readonly curves: Curves | null
  /** FLOPs over 6ND of the largest runs; 1 where they agree to 1 %. */
  readonly flopsRatio: number
}

/** A method's fit, with a function that fits a resample of the runs the same way. */
export interface Fitted {
  readonly method: SizeMethod
  readonly estimate: Estimate
  readonly refit: (sample: Sample) => Estimate | null
  /** Draws from the method's own posterior, of the methods that have one: then nothing is refitted. */
  readonly draws?: (count: number, seed: number) => Estimate[]
  readonly excluded: readonly LeftOut[]
  readonly lossLaws: LossLaws | null
  readonly objective: MethodResult['objective']
}

export interface MethodOptions {
  readonly starts?: number | undefined
  readonly threads?: number | undefined
  /** Of method `norm`. */
  readonly prior?: NormPrior | undefined
}

/** A method's fit, or in words why there is none. */
export async function fitMethod(method: SizeMethod, data: FitData, options: MethodOptions): Promise<Fitted | string> {
  switch (method) {
    case 'lowest-raw':
      return fittedLowest(method, data, fitLowestRaw)
    case 'lowest-log':
      return fittedLowest(method, data, fitLowestLog)
    case 'parabola':
      return fittedParabolas(data)
    case 'norm':
      return inFlops(fittedNorm(data.runs, options.prior), data)
    case 'surface':
      return inFlops(fittedSurface(data.runs), data)
    case 'huber':
      return inFlops(await fittedHuber(data.runs, options), data)
    case 'envelope':
      return fittedEnvelope(data.curves)
  }
}

/** A fit of a law in the FLOPs that the runs count. */
export function inFlops<F extends Fitted>(fitted: F | string, { flopsRatio }: FitData): F | string {
  if (typeof fitted === 'string' || flopsRatio === 1) return fitted
  const { estimate, refit, draws } = fitted
  return {
    ...fitted,
    estimate: inFlopsOf(estimate, flopsRatio),
    refit: (sample) => {
      const other = refit(sample)
      return other && inFlopsOf(other, flopsRatio)
    },
    ...(draws && {
      draws: (count: number, seed: number) => draws(count, seed).map((draw) => inFlopsOf(draw, flopsRatio)),
    }),
  }
}

const plain = { excluded: [], lossLaws: null, objective: null }

const noProfiles = 'the runs do not form IsoFLOP profiles of two or more budgets'

function fittedLowest(
  method: 'lowest-raw' | 'lowest-log',
  { runs, profiles }: FitData,
  fit: typeof fitLowestRaw | typeof fitLowestLog,
): Fitted | string {
  if (profiles.length < 2) return noProfiles
  const estimate = fit(runs, profiles)
  if (estimate === null) return 'the lowest runs do not determine a power law'
  const excluded = profiles.flatMap((profile): LeftOut[] => {
    const best = lowestRun(runs, profile)
    const atEnd = best === profile.runs[0] || best === profile.runs[profile.runs.length - 1]
    return atEnd ? [{ budget: profile.budget, reason: 'kept, though its lowest run is at the end of the profile' }] : []
  })
  const lossLaws = 'lossLaws' in estimate ? (estimate.lossLaws as LossLaws) : null
  return {
    ...plain,
    method,
    estimate,
    excluded,
    lossLaws,
    refit: (sample) => fit(sample.runs, profiles, sample.weights),
  }
}

function fittedParabolas({ runs, profiles }: FitData): Fitted | string {
  if (profiles.length < 2) return noProfiles
  const estimate = fitParabolas(runs, profiles)
  if (estimate === null) return 'fewer than two profiles have an interior minimum'
  const excluded = profiles.flatMap((profile): LeftOut[] => {
    const reason = reasonToLeaveOut(profileMinimum(runs, profile))
    return reason === null ? [] : [{ budget: profile.budget, reason }]
  })
  return {
    ...plain,
    method: 'parabola',
    estimate,
    excluded,
    refit: (sample) => fitParabolas(sample.runs, profiles, sample.weights),
  }
}

/** Why a profile's minimum may not enter the power law; null when it may. */
function reasonToLeaveOut(minimum: ProfileMinimum): string | null {
  switch (minimum.kind) {
    case 'interior':
      return null
    case 'edge':
      return `edge: its minimum is beyond its ${extreme(minimum.side)} size`
    case 'not-convex':
      return 'not-convex: its parabola does not open upward'
    case 'too-few':
      return `too-few: ${minimum.sizes} sizes, a parabola needs ${fewestForParabola}`
  }
}

const tooFewRuns = (runs: Runs) => `${runs.size} runs, a surface needs ${fewestForSurface}`

/** Beyond this many runs, `norm` is fitted to every nth: its law is as certain, and the fit stays within seconds. */
const mostForNorm = 5_000

/** Method `norm`, or in words why there is none. */
export function fittedNorm(runs: Runs, prior?: NormPrior): (Fitted & { readonly norm: NormFit }) | string {
  const nth = Math.ceil(runs.size / mostForNorm)
  const norm = fitNorm(nth > 1 ? everyNth(runs, nth) : runs, prior)
  if (norm === null) return `${runs.size} runs, norm needs ${fewestForNorm}`
  const { law, residual } = norm
  const fitError = {
    rmse: Math.sqrt(residual.reduce((sum, r) => sum + r * r, 0) / residual.length),
    of: 'loss',
  } as const
  return {
    ...plain,
    method: 'norm',
    norm,
    estimate: estimateOf(law, fitError),
    excluded:
      nth > 1 ? [{ budget: null, reason: `fitted to ${residual.length} of ${runs.size} runs, every ${nth}th` }] : [],
    refit: () => null,
    draws: (count, seed) =>
      drawNorms(norm, count, seed).map(({ law, drift }) => ({ ...estimateOf(law, fitError), drift })),
  }
}

/** Method `surface`, or in words why there is none. */
export function fittedSurface(runs: Runs): (Fitted & { readonly estimate: SurfaceFit }) | string {
  const estimate = fitSurface(runs)
  if (estimate === null)
    return runs.size < fewestForSurface ? tooFewRuns(runs) : 'no surface with falling loss in N and in D fits the runs'
  const near = estimate.law
  return {
    ...plain,
    method: 'surface',
    estimate,
    refit: (sample) => fitSurface(sample.runs, { weights: sample.weights, near }),
  }
}

async function fittedHuber(runs: Runs, options: MethodOptions): Promise<Fitted | string> {
  if (runs.size < fewestForSurface) return tooFewRuns(runs)
  const estimate: HuberFit | null = await fitHuber(runs, options)
  if (estimate === null) return 'no start ended at a law with falling loss in N and in D'
  const { objective, starts, agreeing } = estimate
  return {
    ...plain,
    method: 'huber',
    estimate,
    objective: { value: objective, starts, agreeing },
    refit: (sample) => refitHuber(sample.runs, estimate.law, sample.weights),
  }
}

function fittedEnvelope(curves: Curves | null): Fitted | string {
  const table: CurveTable | null = curves && tabulateCurves(curves)
  if (table === null) return 'it needs at least three runs with several checkpoints each'
  const estimate = fitEnvelope(table)
  if (estimate === null) return 'no budget has its best curve between the smallest and the largest model'
  const excluded =
    estimate.atEdge > 0
      ? [
          {
            budget: null,
            reason: `${estimate.atEdge} of 1500 compared budgets have their best curve at the smallest or largest size`,
          },
        ]
      : []
  // The samples of runs say nothing about curves: whole curves are drawn instead, in `curveSampler`.
  return { ...plain, method: 'envelope', estimate, excluded, refit: (sample) => fitEnvelope(table, sample.weights) }
}
