import { IsoflopError } from '../core/errors.ts'
import { withShortNames } from '../core/groups.ts'
import { version } from '../core/version.ts'
import type { AnalysisOptions } from '../fit/analysis.ts'
import { analyseGroups } from '../fit/groups/analysis.ts'
import { dataDiagnostics } from '../input/diagnostics.ts'
import { groupsJson } from '../report/fit/groups/json.ts'
import { inLanguage } from '../report/words/words.ts'
import type { FitInput } from './data.ts'
import type { Told } from './told.ts'

/** The runs of each value of a column fitted as if alone, and what they share. Errors: BAD_OPTION, TOO_FEW_RUNS. */
export async function tellGroups({ data }: FitInput, column: string, options: AnalysisOptions): Promise<Told> {
  const { runs, curves, groups } = data
  if (groups === null)
    throw new IsoflopError(
      'BAD_OPTION',
      `--group-by ${column}: what is fitted has no such column.`,
      'Name a file that has the column, or leave --group-by away.',
    )
  refuseOneAtATime(options)
  const analysis = await analyseGroups({ runs, curves, groups: withShortNames(groups) }, options)
  const diagnostics = dataDiagnostics(data)
  return {
    json: () => groupsJson(analysis, data, diagnostics, version),
    text: async (how) => (await import('../report/fit/groups/text.ts')).groupsText(analysis, diagnostics, how),
    page: async (head) =>
      (await import('../report/fit/groups/report.ts')).groupsPage({ analysis, diagnostics, ...head }),
    figures: async (language = 'en') => {
      const [{ renderFigures }, { groupsFigures }] = await Promise.all([
        import('../report/draw/svg.ts'),
        import('../report/fit/groups/figures.ts'),
      ])
      return inLanguage(language, () => renderFigures(groupsFigures, analysis))
    },
  }
}

/** Refuses what is told of one data set only. Errors: BAD_OPTION. */
export function refuseOneAtATime({ methods, repeats }: Pick<AnalysisOptions, 'methods' | 'repeats'>): void {
  const what = repeats ? '--repeats' : methods?.includes('joint') ? '--method joint' : null
  if (what === null) return
  throw new IsoflopError(
    'BAD_OPTION',
    `${what} tells of one data set, and came with --group-by, which tells of several.`,
    "Choose one with --where 'COLUMN=VALUE' instead of --group-by.",
  )
}
