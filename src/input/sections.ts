import { isMissing, numberOf } from './cell.ts'
import type { RowSink, Sample } from './sink.ts'

/** What the column is called that says under which heading a row stands. */
const sectionName = 'section'

/**
 * Stands between a file's reader and what takes its rows. Headings within a table, a name in the first cell and nothing behind it, and
 * tables one below the other, each with its header, become a column: so that data sets are told apart which are parted by nothing else.
 */
export class Sections implements RowSink {
  readonly #sink: RowSink
  #columns: readonly string[] = []
  /** How many cells the sink wants, which of them are the section, and where the first of the row is. */
  #width = -1
  #places: ReadonlySet<number> = new Set()
  #first = 0
  #headers = 1
  #label = 'table 1'
  #wasHeading = false
  readonly #cells: unknown[] = []

  constructor(sink: RowSink) {
    this.#sink = sink
  }

  open(columns: readonly string[], sample: Sample): readonly number[] {
    this.#columns = columns
    const labels = sample.map((row) => this.#follow(row[0], isAloneIn(row)))
    this.#begin()
    const rows = labels.filter((label): label is string => label !== null)
    if (columns.includes(sectionName) || new Set(rows).size < 2) return this.#sink.open(columns, sample)
    const all = sample.map((row, i) =>
      Array.from({ length: columns.length + 1 }, (_, k) => (k < columns.length ? row[k] : labels[i])),
    )
    const wanted = this.#sink.open([...columns, sectionName], all)
    this.#width = wanted.length
    this.#places = new Set(wanted.flatMap((column, k) => (column === columns.length ? [k] : [])))
    const first = wanted.indexOf(0)
    this.#first = first < 0 ? wanted.length : first
    const own = wanted.map((column) => (column === columns.length ? 0 : column))
    return first < 0 ? [...own, 0] : own
  }

  add(row: number, cells: readonly unknown[]): void {
    if (this.#width < 0) {
      this.#sink.add(row, cells)
      return
    }
    const isAlone = cells.every((cell, k) => k === this.#first || this.#places.has(k) || isMissing(cell))
    const label = this.#follow(cells[this.#first], isAlone)
    for (let k = 0; k < this.#width; k++) this.#cells[k] = this.#places.has(k) ? label : cells[k]
    this.#sink.add(row, this.#cells)
  }

  exclude(row: number, reason: string): void {
    this.#sink.exclude(row, reason)
  }

  #begin(): void {
    this.#headers = 1
    this.#label = 'table 1'
    this.#wasHeading = false
  }

  /** The section of a row by its first cell; null for a heading or a header. */
  #follow(first: unknown, isAlone: boolean): string | null {
    if (typeof first !== 'string') return this.#inside()
    if (isAlone && !isMissing(first) && Number.isNaN(numberOf(first))) {
      this.#label = first.trim().slice(0, 100)
      this.#wasHeading = true
      return null
    }
    if (isMissing(first) || first !== this.#columns[0]) return this.#inside()
    this.#headers++
    if (!this.#wasHeading) this.#label = `table ${this.#headers}`
    return null
  }

  #inside(): string {
    this.#wasHeading = false
    return this.#label
  }
}

/** Whether a row has its first cell and no other. */
function isAloneIn(row: readonly unknown[]): boolean {
  for (let k = 1; k < row.length; k++) if (!isMissing(row[k])) return false
  return row.length > 2
}
