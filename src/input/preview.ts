import { readSource } from './formats.ts'
import type { RowSink, Sample } from './sink.ts'
import { loadSource } from './source.ts'

/** The head of a table as it stands in its file. */
export interface Preview {
  readonly columns: readonly string[]
  /** Cells as text; null where there is none. */
  readonly rows: readonly (readonly (string | null)[])[]
}

const shownRows = 6
/** A table of more columns has no page. */
const mostColumns = 200
const longestCell = 60

/** Thrown to end the reading of a file whose head is known. */
class Enough extends Error {}

/**
 * The columns and first rows of a file that was not understood, for whoever says which column is which. Null where it is no table at all.
 * Errors: those of `loadSource`.
 */
export async function previewOf(file: string, rows = shownRows): Promise<Preview | null> {
  const source = await loadSource(file, process.stdin)
  let head: Preview | null = null
  const sink: RowSink = {
    open(columns, sample) {
      head = previewed(columns, sample.slice(0, rows))
      throw new Enough()
    },
    add() {},
    exclude() {},
  }
  await readSource(source, sink).catch(() => {}) // why it cannot be read is known already
  return head
}

const previewed = (columns: readonly string[], sample: Sample): Preview => ({
  columns: columns.slice(0, mostColumns),
  rows: sample.map((row) => columns.slice(0, mostColumns).map((_, k) => shown(row[k]))),
})

function shown(cell: unknown): string | null {
  if (cell === null || cell === undefined || cell === '') return null
  const text = typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
  return text.length > longestCell ? `${text.slice(0, longestCell - 1)}…` : text
}
