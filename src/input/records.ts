import { IsoflopError } from '../core/errors.ts'
import { isMissing } from './cell.ts'
import type { Judge } from './judgement.ts'
import { type Choice, chooseNest } from './nest-search.ts'
import { cellOf, itself, type Nest, nameOf, type Row, type RowColumn, RowColumns, rowsOf } from './nesting.ts'
import { list } from './plan.ts'
import { isRecord, type Json } from './record.ts'
import { isEnough, type RowSink } from './sink.ts'
import { badFormat, emptyFile } from './source.ts'

/** How a file is to be read, beside what its columns mean. */
export interface Reading {
  readonly judge: Judge
  /** Which table of several in one file, as `--records` names it. */
  readonly records?: string | undefined
}

/** The most columns that records may have together. Each key that some record has is one. */
const mostColumns = 100_000

/** Says which record around a table a row is of, where that is one run and has no name. */
const historyColumn: RowColumn = { name: 'run', level: 0, path: [] }

/** Rows that are looked at for that. */
const rowsForHistory = 200

/** What tells one run from another. */
const ofRuns: readonly string[] = ['parameters', 'total_parameters', 'd_model', 'tokens', 'flops']

/** Hands the rows of records on, once enough of them were seen to know where the rows are, and their columns. */
export class Records {
  /** What was chosen, in words. */
  readonly notes: string[] = []
  #waiting: { row: number; record: Json }[] = []
  #columns: readonly RowColumn[] | null = null
  /** The record around the last row, and how many there were. */
  #around: Json | undefined
  #histories = 0
  #nest: Nest = itself
  #row = 0
  readonly #cells: unknown[] = []
  readonly #name: string
  readonly #sink: RowSink
  readonly #reading: Reading
  /** Whether one record is all there is: then its rows are counted. */
  readonly #isOne: boolean

  constructor(name: string, sink: RowSink, reading: Reading, isOne = false) {
    this.#name = name
    this.#sink = sink
    this.#reading = reading
    this.#isOne = isOne
  }

  add(row: number, value: unknown): void {
    if (!isRecord(value)) this.#sink.exclude(row, 'is not a JSON object')
    else if (this.#columns) this.#hand(row, value, this.#columns)
    else if (isEnough(this.#waiting.push({ row, record: value }), 1)) this.#open()
  }

  /** Whether any record came; to be called after the last one. */
  finish(): boolean {
    if (!this.#columns && this.#waiting.length > 0) this.#open()
    return this.#columns !== null
  }

  #open(): void {
    const records = this.#waiting.map(({ record }) => record)
    const { nest, others } = this.#chosen(chooseNest(records, this.#reading.judge, this.#reading.records))
    this.#nest = nest
    this.notes.push(...noteOf(nest))
    const columns = this.#columnsOf(records, others)
    this.#requireRows(
      records,
      columns.map(({ name }) => name),
    )
    if (this.#isHistory(records, columns)) columns.push(historyColumn)
    const wanted = this.#openSink(records, columns, others)
    this.#histories = 0
    this.#around = undefined
    this.#columns = wanted.map((i) => columns[i])
    for (const { row, record } of this.#waiting) this.#hand(row, record, this.#columns)
    this.#waiting = []
  }

  /** Where columns are missing, they may be in another table. */
  #openSink(records: readonly Json[], columns: readonly RowColumn[], others: readonly Nest[]): readonly number[] {
    const names = columns.map(({ name }) => name)
    try {
      return this.#sink.open(names, this.#sampleOf(records, columns))
    } catch (error) {
      const tables = [...new Set(others.map(nameOf))].filter((name) => name !== nameOf(this.#nest))
      if (!(error instanceof IsoflopError) || error.code !== 'COLUMN_MISSING' || tables.length === 0) throw error
      throw new IsoflopError(
        error.code,
        `${error.message} There are records at ${list(tables.map((name) => `"${name}"`))}, too.`,
        `${error.advice} If the runs are those: --records '${tables[0]}'.`,
      )
    }
  }

  #columnsOf(records: readonly Json[], others: readonly Nest[]): RowColumn[] {
    const columns = new RowColumns(this.#nest, others)
    let rows = 0
    for (const row of this.#rowsOf(records)) {
      columns.add(row)
      if (columns.size > mostColumns)
        throw badFormat(this.#name, `has records of more than ${mostColumns} different keys`, 'Leave some out.')
      if (isEnough(++rows, 1)) break
    }
    return columns.list((names) => this.#reading.judge(names).quantities)
  }

  #sampleOf(records: readonly Json[], columns: readonly RowColumn[]): unknown[][] {
    const sample: unknown[][] = []
    for (const row of this.#rowsOf(records)) {
      if (row.stray === null) sample.push(columns.map((column) => this.#cellOf(row, column)))
      if (isEnough(sample.length, columns.length)) break
    }
    return sample
  }

  /** Whether most records of a table say nothing of a run's size, tokens and compute, and nobody says which run each is of. */
  #isHistory(records: readonly Json[], columns: readonly RowColumn[]): boolean {
    const { steps } = this.#nest
    if (steps.at(-1)?.layout !== 'array') return false
    const rows: Row[] = []
    for (const row of this.#rowsOf(records)) if (row.stray === null && rows.push(row) === rowsForHistory) break
    const isFilled = (column: RowColumn) =>
      2 * rows.filter((row) => !isMissing(cellOf(row, column))).length >= rows.length
    const { quantities } = this.#reading.judge(columns.map(({ name }) => name))
    if (!quantities.has('loss') || quantities.has('run')) return false
    const own = columns.filter(({ level }) => level === steps.length)
    const told = own.filter(({ name }) => {
      const of = this.#reading.judge([name]).quantities
      return ofRuns.some((quantity) => of.has(quantity))
    })
    return !told.some(isFilled)
  }

  #cellOf(row: Row, column: RowColumn): unknown {
    if (column !== historyColumn) return cellOf(row, column)
    const around = row.records[row.records.length - 2]
    if (around !== this.#around) this.#histories++
    this.#around = around
    return String(this.#histories)
  }

  *#rowsOf(records: readonly Json[]): Generator<Row> {
    for (const record of records) yield* rowsOf(record, this.#nest)
  }

  #chosen(choice: Choice): Choice & { kind: 'chosen' } {
    if (choice.kind === 'chosen') return choice
    if (choice.kind === 'unknown') throw recordsUnknown(this.#name, this.#reading.records!, choice.names)
    const names = list(choice.names.map((name) => `"${name}"`))
    const what = choice.areEnough ? 'that could be the runs' : 'and none of them has the usual names of what a run has'
    throw badFormat(
      this.#name,
      `has several arrays of records ${what}: ${names}`,
      `Choose one, for example --records '${choice.names[0]}'${choice.areEnough ? '' : ', and name its columns with --columns'}.`,
    )
  }

  #requireRows(records: readonly Json[], names: readonly string[]): void {
    const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0
    const [record] = records
    if (
      this.#isOne &&
      this.#nest === itself &&
      Object.values(record).some(isEmpty) &&
      !this.#reading.judge(names).isEnough
    )
      throw emptyFile(this.#name, 'has an empty array')
    if (names.length === 0)
      throw badFormat(this.#name, 'has JSON objects, and nothing in them that is a cell', 'Write one object a run.')
  }

  #hand(row: number, record: Json, columns: readonly RowColumn[]): void {
    for (const inner of rowsOf(record, this.#nest)) {
      const number = this.#isOne ? ++this.#row : row
      if (inner.stray !== null) {
        this.#sink.exclude(number, inner.stray)
        continue
      }
      for (let i = 0; i < columns.length; i++) this.#cells[i] = this.#cellOf(inner, columns[i])
      this.#sink.add(number, this.#cells)
    }
  }
}

/** Where the rows are, where that is not plain. */
function noteOf(nest: Nest): string[] {
  const place = nameOf(nest)
  const how = { lists: 'each list is a column', columns: 'each object is a column' }
  const layout = nest.steps.at(-1)?.layout
  const said = layout === 'lists' || layout === 'columns' ? [how[layout]] : []
  if (place !== '.') said.unshift(`the rows are those of "${place}"`)
  return said.length > 0 ? [`records: ${said.join(', ')}`] : []
}

export const recordsUnknown = (source: string, told: string, names: readonly string[]): IsoflopError =>
  new IsoflopError(
    'RECORDS_UNKNOWN',
    `${source} has no records "${told}". Records are at ${list(names.map((name) => `"${name}"`))}.`,
    'Give --records one of these; "." are the outermost.',
  )
