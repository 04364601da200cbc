/** Rows of a file, the last one included; of every file where none is named. */
export interface RowRange {
  readonly source: string | null
  readonly from: number
  readonly to: number
}

/** Ranges from a text, `12,40-44`, with several files `b.csv:12,b.csv:40-44`; or the first part that is none. */
export function rangesOf(text: string): readonly RowRange[] | string {
  const ranges: RowRange[] = []
  for (const part of text.split(',')) {
    const found = /^\s*(?:(.+):)?(\d{1,9})(?:-(\d{1,9}))?\s*$/s.exec(part)
    const from = Number(found?.[2])
    const to = Number(found?.[3] ?? from)
    if (found === null || to < from) return part.trim()
    ranges.push({ source: found[1] ?? null, from, to })
  }
  return ranges
}

/** Whether a row is one of a range. */
export const isIn = ({ source, from, to }: RowRange, at: { readonly source: string; readonly row: number }): boolean =>
  (source ?? at.source) === at.source && from <= at.row && at.row <= to
