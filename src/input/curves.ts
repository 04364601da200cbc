import { firstEqual } from '../numeric/equal-rows.ts'
import type { Table } from './table.ts'

/** What a file says about its training runs. */
export interface Identity {
  /** Whether the file's rows of one name are surely one run: it has steps, or a person named the column. */
  readonly isSure: boolean
  /** The file's column of run names; null without one. */
  readonly column: string | null
}

/**
 * What of a run with several checkpoints is a run to fit: its last row, where it has reached its end; or every one of them, as where each
 * is a branch whose learning rate has decayed.
 */
export type Checkpoints = 'last' | 'as-runs'

/** A run at this share of its steps has reached its end: steps are counted from 0 or 1, and not every last one is logged. */
const reached = 0.98

/** Which rows of a table are whole runs and which are checkpoints of one. Indices of rows, ascending. */
export interface Grouping {
  /** The last checkpoint of each curve, and every row that is a run by itself. */
  readonly runs: Int32Array
  /** All rows that can be placed, and the curve of each; a row by itself is a curve of one. */
  readonly rows: Int32Array
  readonly curve: Int32Array
  readonly curveCount: number
  /** Rows with a step, but with the tokens of their whole run, so that nobody knows what they had seen: [row, last row]. */
  readonly unplaced: readonly (readonly [number, number])[]
  /** The last rows of runs that were not at their end. */
  readonly partial: readonly number[]
  readonly notes: readonly string[]
}

/**
 * Groups checkpoints into curves. Rows are checkpoints of one run where they share its name AND its N, and differ in D.
 *
 * A name alone is not enough: a column called `name` may hold the experiment that all rows belong to. Where a file has no
 * steps and nobody named the column, it is taken for the name of a run only if no name comes with two different N.
 */
export function groupCheckpoints(
  table: Table,
  identities: readonly Identity[],
  checkpoints: Checkpoints = 'last',
): Grouping {
  const notes: string[] = []
  const isBelieved = believedSources(table, identities, notes)
  const key = runKeys(table, (source) => isBelieved[source])
  const group = firstEqual([key, table.parameters], table.size)
  const { last, isCurve } = lastOfGroups(table, group)
  return { ...numbered(table, { group, last, isCurve }, checkpoints), notes }
}

function believedSources(table: Table, identities: readonly Identity[], notes: string[]): boolean[] {
  const isBelieved = identities.map(() => true)
  if (identities.every(({ isSure }) => isSure)) return isBelieved
  const first = firstEqual([runKeys(table, () => true)], table.size)
  for (let i = 0; i < table.size; i++) {
    const source = table.source[i]
    if (table.parameters[i] === table.parameters[first[i]] || identities[source].isSure || !isBelieved[source]) continue
    isBelieved[source] = false
    notes.push(`run: "${identities[source].column}" names no single run, its rows differ in N: each row is a run`)
  }
  return isBelieved
}

/** One number a training run: equal names are one run, in all files or, for a plain count, in its own file only. */
function runKeys(table: Table, isBelieved: (source: number) => boolean): Float64Array {
  const keys = new Float64Array(table.size)
  for (let i = 0; i < table.size; i++) {
    const name = table.run[i]
    // A run that has no loss yet is no checkpoint of one that has.
    if (Number.isNaN(table.loss[i])) keys[i] = -(2 ** 40) - i
    else if (name < -1) keys[i] = name
    else if (name < 0 || !isBelieved(table.source[i])) keys[i] = -(2 ** 40) - i
    else keys[i] = table.names.isCount[name] ? name + 2 ** 32 * (table.source[i] + 1) : name
  }
  return keys
}

/** For the first row of each group: its last row by tokens, then step, then order; and whether its tokens differ. */
function lastOfGroups(table: Table, group: Int32Array) {
  const last = Int32Array.from(group)
  const isCurve = new Uint8Array(table.size)
  for (let i = 0; i < table.size; i++) {
    const first = group[i]
    if (first === i) continue
    if (table.tokens[i] !== table.tokens[first]) isCurve[first] = 1
    if (!isLater(table, last[first], i)) last[first] = i
  }
  return { last, isCurve }
}

function isLater(table: Table, i: number, j: number): boolean {
  const { tokens, step } = table
  if (tokens[i] !== tokens[j]) return tokens[i] > tokens[j]
  return step[i] > step[j]
}

interface Groups {
  readonly group: Int32Array
  readonly last: Int32Array
  readonly isCurve: Uint8Array
}

function numbered(table: Table, { group, last, isCurve }: Groups, checkpoints: Checkpoints): Omit<Grouping, 'notes'> {
  const size = table.size
  const curveOf = new Int32Array(size).fill(-1)
  const [runs, rows, curve] = [new Int32Array(size), new Int32Array(size), new Int32Array(size)]
  const unplaced: [number, number][] = []
  const partial: number[] = []
  let [runCount, rowCount, curveCount] = [0, 0, 0]
  for (let i = 0; i < size; i++) {
    const first = group[i]
    const end = last[first]
    if (!isCurve[first] && table.step[i] < table.step[end]) {
      unplaced.push([i, end])
      continue
    }
    const isOne = checkpoints === 'as-runs' || !isCurve[first]
    if (checkpoints === 'last' && i === end && table.step[i] < reached * table.end[i]) {
      partial.push(i)
      continue
    }
    const owner = isOne ? i : first
    if (curveOf[owner] < 0) curveOf[owner] = curveCount++
    curve[rowCount] = curveOf[owner]
    rows[rowCount++] = i
    if (isOne || i === end) runs[runCount++] = i
  }
  const placed = { runs: runs.slice(0, runCount), rows: rows.slice(0, rowCount), curve: curve.slice(0, rowCount) }
  return { ...placed, curveCount, unplaced, partial }
}
