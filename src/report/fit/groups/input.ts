import type { GroupsAnalysis } from '../../../fit/groups/result.ts'
import type { DataSummary } from '../data.ts'

/** All that a report of several groups is made of. The same input gives the same bytes. */
export interface GroupsReport {
  readonly analysis: GroupsAnalysis
  readonly title: string
  readonly data: DataSummary
  /** How to make it again. */
  readonly command: string
  /** Programs and their versions, such as isoflop and node. */
  readonly versions: Readonly<Record<string, string>>
}
