import type { Curves, Runs } from '../core/run.ts'
import { type AnalysisOptions, axisDomain } from './analysis.ts'
import { assess } from './assessment.ts'
import { prepare } from './data.ts'
import { type Estimate, quantities } from './estimate.ts'
import { headlineOf, verdictOf } from './headline.ts'
import { norm } from './methods/norm.ts'
import { profileMinimum } from './parabola.ts'
import type { Comparison, Headlined, Profiled, Scope } from './result.ts'

/** What an analysis will say of its largest target, before its intervals are known. */
export interface FirstEstimate {
  readonly method: string
  readonly flops: number
  readonly parameters: number
  readonly tokens: number
  readonly loss: number
  /** Of C. */
  readonly sizeExponent: number
  readonly tokensExponent: number
}

/** The numbers that lead, and as much of an analysis as figures of them need. */
export interface FirstFit {
  readonly estimate: FirstEstimate
  readonly analysis: Scope & Comparison & Headlined & Profiled
}

/**
 * What the method that leads says, without intervals, a quarter of the time of `analyse` of 10,000 runs. Null where the runs do not determine a law: that
 * is asked first, so that no number is told which is taken back.
 * Errors: TOO_FEW_RUNS.
 */
export async function firstFit(
  { runs: given, curves = null }: { readonly runs: Runs; readonly curves?: Curves | null },
  { targets = [], seed = 0, confidence = 0.95, ...options }: Omit<AnalysisOptions, 'methods' | 'repeats'>,
): Promise<FirstFit | null> {
  const data = prepare(given, curves)
  const { runs, flopsRatio, profiles } = data
  const found = await norm.fit(data, options)
  if (typeof found === 'string') return null
  const verdict = verdictOf(runs, found.norm, targets, flopsRatio, seed)
  if (!verdict.said.determined) return null
  const bootstrap = { resamples: 0, seed, confidence, kind: 'refit' } as const
  const { result, band } = assess(norm, found, {
    ...{ data, targets, domain: axisDomain(runs, targets), bootstrap, verdict },
    ...{ samplers: new Map(), judge: { law: found.norm.law, flopsRatio } },
  })
  const estimate = estimateOf(found.estimate, runs, targets)
  if (estimate === null || band === null) return null
  return {
    estimate,
    analysis: {
      ...{ runs, targets, bootstrap, flopsRatio, headline: headlineOf(verdict, [result]) },
      ...{ methods: [result], bands: [band] },
      profiles: profiles.map((profile) => ({ profile, minimum: profileMinimum(runs, profile) })),
    },
  }
}

/** The numbers at the largest target, or else the largest budget. */
function estimateOf(estimate: Estimate, runs: Runs, targets: readonly number[]): FirstEstimate | null {
  const flops = Math.max(...(targets.length > 0 ? targets : [runs.flops.reduce((high, C) => Math.max(high, C), 0)]))
  const { modelSize, datasetSize, loss } = estimate
  if (modelSize === null || datasetSize === null || loss === null) return null
  return {
    ...{ method: norm.name, flops, loss: loss(flops) },
    ...{ parameters: quantities.parameters(flops)(estimate), tokens: quantities.tokens(flops)(estimate) },
    ...{ sizeExponent: modelSize.exponent, tokensExponent: datasetSize.exponent },
  }
}
