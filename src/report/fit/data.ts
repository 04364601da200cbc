import { count } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import { words } from '../words/words.ts'

/** What was read, and what of it is in no fit. */
export interface DataSummary {
  readonly read: number
  readonly checkpoints?: number | undefined
  readonly excluded: readonly { readonly source: string; readonly row: number; readonly reason: string }[]
  readonly notes: readonly string[]
  readonly sources: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[]
}

/** Rows in no fit that are listed, at most. */
const mostExclusions = 200

export function exclusionBlocks({ excluded }: DataSummary): Block[] {
  if (excluded.length === 0) return []
  const { columns: title } = words().fit
  const shown = excluded.slice(0, mostExclusions)
  const rest = excluded.length - shown.length
  const rows = shown.map(({ source, row, reason }) => [source, count(row), words().elsewhere(reason)])
  return [
    heading(words().fit.rowsInNoFit),
    ...table([title.source, title.row, title.reason], rows, 3),
    ...(rest > 0 ? [paragraph(words().fit.moreRows(rest))] : []),
  ]
}

export function dataBlocks({ read, checkpoints = 0, excluded, notes, sources }: DataSummary, used: number): Block[] {
  const { columns: title, ...say } = words().fit
  return [
    heading(say.data),
    paragraph(say.dataNote(read, used, checkpoints, excluded.length)),
    ...table(
      [title.source, 'SHA-256', title.rows],
      sources.map(({ name, rows, sha256 }) => [name, { code: sha256 }, count(rows)]),
      2,
    ),
    ...list(notes.map(words().elsewhere)),
  ]
}
