import type { Diagnostic } from '../../../core/diagnostic.ts'
import type { GroupsAnalysis } from '../../../fit/groups/result.ts'
import type { FitReport } from '../input.ts'

/** All that a report of several groups is made of. The same input gives the same bytes. */
export interface GroupsReport
  extends Pick<FitReport, 'title' | 'data' | 'reading' | 'command' | 'versions' | 'language'> {
  readonly analysis: GroupsAnalysis
  /** How the table was read. */
  readonly diagnostics: readonly Diagnostic[]
}
