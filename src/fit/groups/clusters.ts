import type { Runs } from '../../core/run.ts'
import { groupBudgets } from '../profile.ts'

/** Runs that may err together: those of one budget of one group. */
export interface Clusters {
  /** Of each run; `[n]`. */
  readonly of: Int32Array
  readonly members: readonly Int32Array[]
}

/** The budgets of every group, the runs in the order of the groups. */
export function clustersOf(runs: readonly Runs[]): Clusters {
  const of: number[] = []
  let first = 0
  for (const group of runs) {
    const { groups, groupOf } = groupBudgets(group)
    for (const budget of groupOf) of.push(first + budget)
    first += groups.length
  }
  const members = Array.from({ length: first }, (): number[] => [])
  for (const [i, cluster] of of.entries()) members[cluster].push(i)
  return { of: Int32Array.from(of), members: members.map((each) => Int32Array.from(each)) }
}
