import { type Curves, type Runs, selectRuns } from '../core/run.ts'

/** Some of the runs, and of their curves what is left. */
export function keepRuns(
  { runs, curves }: { readonly runs: Runs; readonly curves: Curves | null },
  kept: readonly number[],
): { readonly runs: Runs; readonly curves: Curves | null } {
  const left = selectRuns(runs, kept)
  if (curves === null || kept.length === runs.size) return { runs: left, curves }
  const isKept = new Uint8Array(runs.size)
  for (const i of kept) isKept[i] = 1
  const gone = new Set<string>()
  for (let i = 0; i < runs.size; i++) if (!isKept[i]) gone.add(keyOf(runs, i))
  return { runs: left, curves: withoutCurves(curves, gone) }
}

/** What a row says of its run: no two rows of a table are equal in it. */
const keyOf = ({ parameters, tokens, flops, loss }: Runs, i: number): string =>
  `${parameters[i]} ${tokens[i]} ${flops[i]} ${loss[i]}`

/** Curves without those that have one of these rows: each has its run's. Null where no curve is left that is more than a run. */
function withoutCurves({ checkpoints, curve }: Curves, gone: ReadonlySet<string>): Curves | null {
  const isGone = new Set<number>()
  for (let i = 0; i < checkpoints.size; i++) if (gone.has(keyOf(checkpoints, i))) isGone.add(curve[i])
  const rows = Array.from(curve.keys()).filter((i) => !isGone.has(curve[i]))
  const places = new Map<number, number>()
  for (const i of rows) if (!places.has(curve[i])) places.set(curve[i], places.size)
  if (places.size === rows.length) return null
  return {
    checkpoints: selectRuns(checkpoints, rows),
    curve: Int32Array.from(rows, (i) => places.get(curve[i])!),
    curveCount: places.size,
  }
}

/** The text of rows, as `parseRows` reads it: neighbours as ranges. With `isMany` files each has its name. */
export function rowsText(rows: readonly { readonly source: string; readonly row: number }[], isMany: boolean): string {
  const sorted = [...rows].sort((a, b) => (a.source === b.source ? a.row - b.row : a.source < b.source ? -1 : 1))
  const ranges: { source: string; from: number; to: number }[] = []
  for (const { source, row } of sorted) {
    const last = ranges[ranges.length - 1]
    if (last?.source === source && row <= last.to + 1) last.to = row
    else ranges.push({ source, from: row, to: row })
  }
  return ranges
    .map(({ source, from, to }) => `${isMany ? `${source}:` : ''}${from === to ? from : `${from}-${to}`}`)
    .join(',')
}
