import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Analysis } from '../../fit/result.ts'
import type { RunData } from '../../input/read.ts'
import { readingJson } from './reading.ts'

/** What `isoflop fit --json` prints; docs/json.md explains every field. A field that is not known is null, never invented. */
export const fitJson = (analysis: Analysis, data: RunData, diagnostics: readonly Diagnostic[], version: string) => ({
  version,
  runs: readingJson(data),
  ...analysisJson(analysis, diagnostics),
})

/** What the fits of some runs say. */
export function analysisJson(analysis: Analysis, diagnostics: readonly Diagnostic[]) {
  const { headline, methods, joint, repeats, frontier, backtests, bootstrap, asymptote, region, targets } = analysis
  return {
    targets,
    flopsRatio: analysis.flopsRatio,
    uncertainty: {
      confidence: bootstrap.confidence,
      resamples: bootstrap.resamples,
      seed: bootstrap.seed,
      kind: bootstrap.kind,
      schemes: ['runs', 'budgets'],
    },
    headline,
    methods,
    joint,
    repeats,
    frontier,
    profiles: analysis.profiles.map(({ profile, minimum }) => ({
      flops: profile.budget,
      runs: profile.runs.length,
      sizes: profile.sizes,
      minimum: minimum.kind,
      side: minimum.kind === 'edge' ? minimum.side : null,
      parameters: minimum.kind === 'interior' ? minimum.parameters : null,
      loss: minimum.kind === 'interior' ? minimum.loss : null,
    })),
    backtest: backtests,
    asymptote: asymptote && { interval: asymptote, method: 'profile likelihood' },
    exponentRegion: region,
    diagnostics,
  }
}
