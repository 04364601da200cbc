import type { Groups } from '../../core/groups.ts'
import { type Curves, type Runs, runAt, selectRuns } from '../../core/run.ts'

/** Runs that a column of their table tells apart. */
export interface GroupedRuns {
  readonly runs: Runs
  /** Training curves, where there are any, which only the method `envelope` uses. */
  readonly curves?: Curves | null
  readonly groups: Groups
}

/** The runs of one group. */
export interface Group {
  readonly name: string
  readonly runs: Runs
  readonly curves: Curves | null
}

/** The runs of every group that has any, in the order of the names. */
export function splitRuns({ runs, curves = null, groups: { names, of } }: GroupedRuns): Group[] {
  const members = names.map((): number[] => [])
  for (const [i, group] of of.entries()) if (group >= 0) members[group].push(i)
  const ofCurve = curves && curveGroups(curves, runs, of)
  return names.flatMap((name, group) => {
    if (members[group].length === 0) return []
    const own = curves && ofCurve ? curvesWith(curves, (curve) => ofCurve[curve] === group) : null
    return [{ name, runs: selectRuns(runs, members[group]), curves: own }]
  })
}

/** How many runs are in no group. */
export const ungrouped = ({ groups: { of } }: GroupedRuns): number => of.reduce((sum, group) => sum + +(group < 0), 0)

const keyOf = (runs: Runs, i: number): string => Object.values(runAt(runs, i)).join()

/** The group of each curve, which is that of its last checkpoint, a run itself; -1 where that is none. */
function curveGroups({ checkpoints, curve, curveCount }: Curves, runs: Runs, of: Int32Array): Int32Array {
  const last = new Int32Array(curveCount).fill(-1)
  for (const [i, k] of curve.entries())
    if (last[k] < 0 || checkpoints.tokens[i] >= checkpoints.tokens[last[k]]) last[k] = i
  const groupOf = new Map(Array.from(of, (group, i) => [keyOf(runs, i), group]))
  return last.map((i) => groupOf.get(keyOf(checkpoints, i)) ?? -1)
}

/** Some of the curves, numbered anew; null where none has more than its end. */
function curvesWith({ checkpoints, curve, curveCount }: Curves, isWanted: (curve: number) => boolean): Curves | null {
  const number = new Int32Array(curveCount).fill(-1)
  let count = 0
  for (let k = 0; k < curveCount; k++) if (isWanted(k)) number[k] = count++
  const rows = Array.from(curve.keys()).filter((i) => number[curve[i]] >= 0)
  if (rows.length === count) return null
  return {
    checkpoints: selectRuns(checkpoints, rows),
    curve: Int32Array.from(rows, (i) => number[curve[i]]),
    curveCount: count,
  }
}
