import { IsoflopError } from '../core/errors.ts'
import { readParquet } from '../parquet/parquet.ts'
import { sectionsOf } from './sections.ts'
import { badFormat, type Source, unpackedBytes } from './sources.ts'

/** A line of JSONL, a row of Parquet, or a section of a text file: a document or, of a long text file, a piece of one. */
export interface Row {
  /** From 1, in its source. */
  readonly number: number
  /** Bytes of the unpacked source up to the row's end. */
  readonly end: number
  readonly endsDocument: boolean
  /** What is in it; nothing is parsed before that is asked. */
  read(): RowText
}

export type RowText =
  | { readonly kind: 'text'; readonly text: string }
  /** A document that has no visible character. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'corrupt'; readonly reason: string }

/**
 * The rows of a source, in order. Bytes that are no UTF-8 become U+FFFD, as half surrogate pairs do; a byte order mark is dropped.
 * @throws IsoflopError FILE_NOT_FOUND, FILE_FORMAT, and COLUMN_MISSING where Parquet has no column of the name `textField`.
 */
export function rowsOf(source: Source, textField: string): AsyncGenerator<Row> {
  switch (source.kind) {
    case 'text':
      return textRows(source)
    case 'jsonl':
      return jsonRows(source, textField)
    case 'parquet':
      return parquetRows(source, textField)
  }
}

const textOf = (text: string): RowText => (/\S/.test(text) ? { kind: 'text', text } : { kind: 'empty' })

// Text

async function* textRows(source: Source): AsyncGenerator<Row> {
  let number = 0
  let end = 0
  for await (const { text, isLast } of sectionsOf(decoded(source))) {
    end += Buffer.byteLength(text)
    yield { number: ++number, end, endsDocument: isLast, read: () => textOf(text) }
  }
}

async function* decoded(source: Source): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of unpackedBytes(source)) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

// JSONL

/** Bytes of the longest line that is kept in memory. */
const longestLine = 1 << 26

async function* jsonRows(source: Source, textField: string): AsyncGenerator<Row> {
  let end = 0
  let number = 0
  for await (const line of linesOf(unpackedBytes(source))) {
    number++
    end += line.size
    if (isBlank(line)) continue
    yield { number, end, endsDocument: true, read: () => textOfLine(line.bytes, textField) }
  }
}

interface Line {
  /** Its bytes, line end included. */
  readonly size: number
  /** Null where there are too many. */
  readonly bytes: Buffer | null
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let pieces: Buffer[] = []
  let size = 0
  const line = (): Line => ({ size, bytes: size > longestLine ? null : Buffer.concat(pieces) })
  for await (const chunk of chunks)
    for (let start = 0; start < chunk.length; ) {
      const newline = chunk.indexOf(0x0a, start)
      const end = newline < 0 ? chunk.length : newline + 1
      size += end - start
      if (size <= longestLine) pieces.push(chunk.subarray(start, end))
      start = end
      if (newline < 0) continue
      yield pieces.length === 1 ? { size, bytes: pieces[0] } : line()
      pieces = []
      size = 0
    }
  if (size > 0) yield line()
}

const isBlank = ({ bytes }: Line): boolean => bytes?.every((byte) => byte <= 0x20) === true

function textOfLine(bytes: Buffer | null, textField: string): RowText {
  if (bytes === null) return { kind: 'corrupt', reason: 'is longer than 64 MiB' }
  const line = bytes.toString().replace(/^\ufeff/, '')
  let row: unknown
  try {
    row = JSON.parse(line)
  } catch {
    return { kind: 'corrupt', reason: 'is not valid JSON' }
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    return { kind: 'corrupt', reason: 'is not a JSON object' }
  return textOfField(Object.hasOwn(row, textField) ? (row as Record<string, unknown>)[textField] : undefined, textField)
}

function textOfField(value: unknown, textField: string): RowText {
  if (typeof value === 'string') return textOf(value.toWellFormed())
  const reason = value === undefined ? `has no "${textField}"` : `has a "${textField}" that is no string`
  return { kind: 'corrupt', reason }
}

// Parquet

/** Only the column of the text is read, a row group at a time. */
async function* parquetRows(source: Source, textField: string): AsyncGenerator<Row> {
  try {
    yield* rowsOfFile(source, textField)
  } catch (cause) {
    if (cause instanceof IsoflopError) throw cause
    const what = `is cut off or damaged Parquet (${(cause as Error).message})`
    throw badFormat(source.path, what, 'Copy or write it again.', cause)
  }
}

async function* rowsOfFile({ path, bytes }: Source, column: string): AsyncGenerator<Row> {
  let total = 0
  const choose = (names: readonly string[], rows: number) => {
    total = rows
    if (!names.includes(column)) throw columnMissing(path, column, names)
    return [column]
  }
  for await (const { start, size, columns } of readParquet(path, choose))
    for (let i = 0; i < size; i++) {
      const number = start + i + 1
      const end = (bytes * number) / total
      yield { number, end, endsDocument: true, read: () => textOfField(columns[0][i], column) }
    }
}

/** Names of columns as far as they can be read in a message. */
const shownNames = (names: readonly string[]): string => {
  const shown = names.slice(0, 40).map((name) => name.slice(0, 40))
  return (names.length > 40 ? [...shown, `and ${names.length - 40} more`] : shown).join(', ')
}

const columnMissing = (path: string, column: string, names: readonly string[]): IsoflopError =>
  new IsoflopError(
    'COLUMN_MISSING',
    `${path} has no column "${column}"; it has: ${shownNames(names)}.`,
    'Name the one with the text: --text-field NAME.',
  )
