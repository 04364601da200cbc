import { IsoflopError } from '../core/errors.ts'
import { type ChooseColumns, type ParquetRows, readParquet as rowsOf } from '../parquet/parquet.ts'
import { type Reading, Records } from './records.ts'
import type { RowSink } from './sink.ts'
import { badFormat, emptyFile, type Source } from './source.ts'

/**
 * Reads Parquet, any codec, a row group at a time and only the wanted columns, fields of structs among them; a row's number is its place,
 * from 1. Where runs are in lists of records, maps or JSON, rows are read as records. Says what was chosen.
 *
 * Errors: FILE_FORMAT for a file that is cut off or damaged, FILE_EMPTY without rows, RECORDS_UNKNOWN, and those of `open`.
 */
export async function readParquet(source: Source, sink: RowSink, reading: Reading): Promise<readonly string[]> {
  const { name, bytes } = source
  if (bytes.length < 12 || bytes.toString('latin1', bytes.length - 4) !== 'PAR1') {
    throw badFormat(
      name,
      'is a Parquet file that is cut off: its last bytes are not the footer',
      'Copy or write it again.',
    )
  }
  const rows = new ParquetSource(source, sink, reading)
  try {
    for await (const part of rowsOf(bytes, rows.choose)) rows.add(part)
  } catch (cause) {
    if (cause instanceof IsoflopError) throw cause
    throw badFormat(name, `is a damaged Parquet file (${(cause as Error).message})`, 'Copy or write it again.', cause)
  }
  return rows.finish()
}

/** Hands on rows as cells of the wanted columns, or as records of all columns. */
class ParquetSource {
  readonly #source: Source
  readonly #sink: RowSink
  readonly #reading: Reading
  #names: readonly string[] = []
  #records: Records | null = null

  constructor(source: Source, sink: RowSink, reading: Reading) {
    this.#source = source
    this.#sink = sink
    this.#reading = reading
  }

  choose: ChooseColumns = async (names, rows, sample, nested) => {
    if (rows === 0) throw emptyFile(this.#source.name, 'has no rows')
    this.#names = names
    const { judge, records } = this.#reading
    const isNested = new Set(nested)
    const plain = names.filter((name) => !isNested.has(name))
    if (records !== undefined || (nested.length > 0 && !judge(plain).isEnough)) {
      this.#records = new Records(this.#source.name, this.#sink, this.#reading)
      return names
    }
    const part = await sample(plain)
    const cells = Array.from({ length: part.size }, (_, i) => part.columns.map((column) => column[i]))
    return this.#sink.open(plain, cells).map((i) => plain[i])
  }

  add({ start, size, columns }: ParquetRows): void {
    const cells: unknown[] = []
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < columns.length; j++) cells[j] = columns[j][i]
      if (this.#records === null) this.#sink.add(start + i + 1, cells)
      else this.#records.add(start + i + 1, Object.fromEntries(this.#names.map((name, j) => [name, cells[j]])))
    }
  }

  finish(): readonly string[] {
    this.#records?.finish()
    return this.#records?.notes ?? []
  }
}
