import { IsoflopError } from '../core/errors.ts'
import { readWorkbook, type SheetHead, type SheetRow } from '../workbook/workbook.ts'
import { isMissing } from './cell.ts'
import { list } from './plan.ts'
import type { Reading } from './records.ts'
import { isEnough, type RowSink } from './sink.ts'
import { badFormat, emptyFile, type Source } from './source.ts'

/**
 * Reads a sheet of an Excel workbook: the one that `--records` names, else the one whose columns tell of runs. The first row that names
 * such columns is the header, whatever titles are above it; a row's number is that of the sheet. Says what was chosen.
 *
 * Errors: FILE_FORMAT for what is no workbook, is locked, or has several sheets of runs; RECORDS_UNKNOWN; FILE_EMPTY; those of `open`.
 */
export async function readXlsx(source: Source, sink: RowSink, reading: Reading): Promise<readonly string[]> {
  const sheet = new Sheet(source.name, sink, reading)
  try {
    for await (const rows of readWorkbook(source.bytes, sheet.choose)) for (const row of rows) sheet.add(row)
  } catch (cause) {
    if (cause instanceof IsoflopError) throw cause
    throw badFormat(
      source.name,
      `is an Excel workbook that cannot be read (${(cause as Error).message})`,
      'Open it in the program that wrote it and save the sheet as CSV (File, Save As, CSV UTF-8).',
      cause,
    )
  }
  return sheet.finish()
}

class Sheet {
  readonly #name: string
  readonly #sink: RowSink
  readonly #reading: Reading
  readonly #notes: string[] = []
  /** The row of the sheet that names the columns. */
  #headerRow = 1
  #header: readonly string[] = []
  /** Rows that wait until there are enough to judge the columns by; null once they were handed on. */
  #waiting: SheetRow[] | null = []
  #wanted: readonly number[] = []
  readonly #cells: unknown[] = []

  constructor(name: string, sink: RowSink, reading: Reading) {
    this.#name = name
    this.#sink = sink
    this.#reading = reading
  }

  choose = (sheets: readonly SheetHead[]): string => {
    const filled = sheets.filter(({ head }) => head.length > 0)
    if (filled.length === 0) throw emptyFile(this.#name, 'has no sheet with rows')
    const sheet = this.#sheetOf(filled)
    const header = this.#headerOf(sheet) ?? sheet.head[0]
    this.#headerRow = header.row
    this.#header = header.cells.map((cell) => (isMissing(cell) ? '' : String(cell)))
    if (sheets.length > 1) this.#notes.push(`records: the rows are those of the sheet "${sheet.name}"`)
    if (header !== sheet.head[0]) this.#notes.push(`records: row ${header.row} of the sheet names the columns`)
    return sheet.name
  }

  #sheetOf(sheets: readonly SheetHead[]): SheetHead {
    const { records } = this.#reading
    const names = list(sheets.map(({ name }) => `"${name}"`))
    if (records !== undefined) {
      const told = sheets.find(({ name }) => name === records)
      if (told) return told
      throw new IsoflopError(
        'RECORDS_UNKNOWN',
        `${this.#name} has no sheet "${records}" with rows. Its sheets: ${names}.`,
        'Give --records one of these.',
      )
    }
    if (sheets.length === 1) return sheets[0]
    const enough = sheets.filter((sheet) => this.#headerOf(sheet) !== undefined)
    if (enough.length === 1) return enough[0]
    const what = enough.length === 0 ? 'and none has the usual names of what a run has' : 'that could be the runs'
    const shown = enough.length === 0 ? sheets : enough
    throw badFormat(
      this.#name,
      `has several sheets ${what}: ${list(shown.map(({ name }) => `"${name}"`))}`,
      `Choose one, for example --records '${shown[0].name}'.`,
    )
  }

  /** The row whose cells name what a run has. */
  #headerOf = ({ head }: SheetHead): SheetRow | undefined =>
    head.find(({ cells }) => this.#reading.judge(cells.map((cell) => (isMissing(cell) ? '' : String(cell)))).isEnough)

  add(row: SheetRow): void {
    if (row.row <= this.#headerRow) return
    if (this.#waiting === null) this.#hand(row)
    else if (isEnough(this.#waiting.push(row), this.#header.length)) this.#open(this.#waiting)
  }

  finish(): readonly string[] {
    if (this.#waiting !== null) this.#open(this.#waiting)
    return this.#notes
  }

  #open(waiting: readonly SheetRow[]): void {
    this.#wanted = this.#sink.open(
      this.#header,
      waiting.map(({ cells }) => cells),
    )
    this.#waiting = null
    for (const row of waiting) this.#hand(row)
  }

  #hand({ row, cells }: SheetRow): void {
    for (let i = 0; i < this.#wanted.length; i++) this.#cells[i] = cells[this.#wanted[i]] ?? null
    this.#sink.add(row, this.#cells)
  }
}
