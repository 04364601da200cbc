import type { Curves, Runs } from '../core/run.ts'
import type { AnalysisOptions } from './analysis.ts'
import { prepare } from './data.ts'
import { quantities } from './estimate.ts'
import { verdictOf } from './headline.ts'
import { norm } from './methods/norm.ts'

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

/**
 * The numbers of the method that leads, without intervals, a quarter of the time of `analyse` of 10,000 runs. Null where the runs do not determine a law: that
 * is asked first, so that no number is told which is taken back.
 * Errors: TOO_FEW_RUNS.
 */
export async function firstEstimate(
  { runs: given, curves = null }: { readonly runs: Runs; readonly curves?: Curves | null },
  { targets = [], seed = 0, ...options }: Pick<AnalysisOptions, 'targets' | 'seed' | 'prior'>,
): Promise<FirstEstimate | null> {
  const data = prepare(given, curves)
  const { runs, flopsRatio } = data
  const found = await norm.fit(data, options)
  if (typeof found === 'string') return null
  if (!verdictOf(runs, found.norm, targets, flopsRatio, seed).said.determined) return null
  const flops = Math.max(...(targets.length > 0 ? targets : [runs.flops.reduce((high, C) => Math.max(high, C), 0)]))
  const { modelSize, datasetSize, loss } = found.estimate
  if (modelSize === null || datasetSize === null || loss === null) return null
  return {
    ...{ method: norm.name, flops, loss: loss(flops) },
    ...{ parameters: quantities.parameters(flops)(found.estimate), tokens: quantities.tokens(flops)(found.estimate) },
    ...{ sizeExponent: modelSize.exponent, tokensExponent: datasetSize.exponent },
  }
}
