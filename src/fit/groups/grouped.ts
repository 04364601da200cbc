import type { Groups } from '../../core/groups.ts'
import { type Runs, selectRuns } from '../../core/run.ts'
import type { Named } from './compare.ts'

/** Runs that a column of their table tells apart. */
export interface GroupedRuns {
  readonly runs: Runs
  readonly groups: Groups
}

/** The runs of every group that has any, in the order of the names. */
export function splitRuns({ runs, groups: { names, of } }: GroupedRuns): Named[] {
  const members = names.map((): number[] => [])
  for (const [i, group] of of.entries()) members[group].push(i)
  return names
    .map((name, group) => ({ name, runs: selectRuns(runs, members[group]) }))
    .filter(({ runs: own }) => own.size > 0)
}
