import { IsoflopError } from '../core/errors.ts'
import { keepRuns } from './kept.ts'
import type { RunData } from './read.ts'
import { isIn, type RowRange, rangesOf } from './row-ranges.ts'

/** Characters of --drop at most. */
const longestOption = 100_000
const usage = "Write --drop 12,40-44, or with several files --drop 'b.csv:12'; isoflop look shows rows."

/** Rows from the text of --drop: `12,40-44`, with several files `b.csv:12,b.csv:40-44`. Errors: BAD_OPTION. */
export function parseRows(text: string): readonly RowRange[] {
  if (text.length > longestOption)
    throw new IsoflopError('BAD_OPTION', `--drop has ${text.length} characters, expected at most 100,000.`, usage)
  const ranges = rangesOf(text)
  if (typeof ranges !== 'string') return ranges
  throw new IsoflopError('BAD_OPTION', `--drop takes numbers of rows, got "${ranges}".`, usage)
}

/**
 * The data without the runs of some rows, which are listed as excluded. Of a run with checkpoints the row is that of its last one, and all of them go.
 * Errors: BAD_OPTION where a range holds no run at all.
 */
export function withoutRows(data: RunData, ranges: readonly RowRange[]): RunData {
  const used = new Set<RowRange>()
  const rangeOf = (i: number) => {
    const origin = data.origin(i)
    return ranges.find((range) => isIn(range, origin))
  }
  const dropped = new Set<number>()
  for (let i = 0; i < data.runs.size; i++) {
    const range = rangeOf(i)
    if (range === undefined) continue
    used.add(range)
    dropped.add(i)
  }
  const empty = ranges.find((range) => !used.has(range))
  if (empty !== undefined) throw noSuchRow(empty)
  const kept = Array.from({ length: data.runs.size }, (_, i) => i).filter((i) => !dropped.has(i))
  const { runs, curves } = keepRuns(data, kept)
  return {
    ...data,
    runs,
    curves,
    groups: data.groups && { ...data.groups, of: Int32Array.from(kept, (i) => data.groups!.of[i]) },
    allParameters: data.allParameters && Float64Array.from(kept, (i) => data.allParameters![i]),
    excluded: [...data.excluded, ...[...dropped].map((i) => ({ ...data.origin(i), reason: 'left out by --drop' }))],
    origin: (i) => data.origin(kept[i]),
  }
}

function noSuchRow({ source, from, to }: RowRange): IsoflopError {
  const rows = from === to ? `Row ${from}` : `No row of ${from} to ${to}`
  const of = source === null ? '' : ` of ${source}`
  return new IsoflopError(
    'BAD_OPTION',
    `--drop: ${rows}${of} is ${from === to ? 'not ' : ''}a run that is fitted.`,
    'Rows are numbered as isoflop look shows them; of a run with checkpoints name the last row.',
  )
}
