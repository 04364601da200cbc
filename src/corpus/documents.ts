import { IsoflopError } from '../core/errors.ts'
import { readParquet } from '../parquet/parquet.ts'
import { type JsonItem, jsonItems } from './json-items.ts'
import { type Cut, sectionsOf } from './sections.ts'
import { badFormat, type Source, textBytes } from './sources.ts'
import { ColumnLengths, usualNames, valueAt } from './text-field.ts'

/** A record of JSON, a row of Parquet, or a section of a text file: a document or, of a long text, a piece of one. */
export interface Row {
  /** From 1, in its source; the sections of a row have the same one. */
  readonly number: number
  /** Bytes of the unpacked source up to the row's end. */
  readonly end: number
  /** Whether the next one has another number. */
  readonly endsRow: boolean
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
 * The rows of a source, in order. Bytes that are no UTF-8 become U+FFFD, as half surrogate pairs do; a byte order mark is dropped. Texts of records
 * are whole unless the cut is fine.
 * @throws IsoflopError FILE_NOT_FOUND, FILE_FORMAT, and COLUMN_MISSING where Parquet has no column of the name `textField`.
 */
export function rowsOf(source: Source, textField: string, cut: Cut = 'usual'): AsyncGenerator<Row> {
  if (source.kind === 'text') return textRows(source, cut)
  const rows = source.kind === 'json' ? jsonRows(source, textField) : parquetRows(source, textField)
  return cut === 'fine' ? finely(rows) : rows
}

const whole = { endsRow: true, endsDocument: true }

/** Rows in sections. */
async function* finely(rows: AsyncGenerator<Row>): AsyncGenerator<Row> {
  for await (const row of rows) {
    const content = row.read()
    if (content.kind !== 'text') yield row
    else
      for await (const { text, isLast } of sectionsOf([content.text], 'fine'))
        yield { ...row, endsRow: isLast, endsDocument: isLast, read: () => textOf(text) }
  }
}

const textOf = (text: string): RowText => (/\S/.test(text) ? { kind: 'text', text } : { kind: 'empty' })

// Text

async function* textRows(source: Source, cut: Cut): AsyncGenerator<Row> {
  let number = 0
  let end = 0
  for await (const { text, isLast } of sectionsOf(decoded(source), cut)) {
    end += Buffer.byteLength(text)
    yield { number: ++number, end, endsRow: true, endsDocument: isLast, read: () => textOf(text) }
  }
}

async function* decoded(source: Source): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of textBytes(source)) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

// JSON

async function* jsonRows(source: Source, textField: string): AsyncGenerator<Row> {
  let end = 0
  let number = 0
  for await (const item of jsonItems(textBytes(source))) {
    number++
    end += item.size
    if (isBlank(item)) continue
    yield { number, end, ...whole, read: () => textOfItem(item, textField) }
  }
}

const isBlank = ({ bytes, isCut }: JsonItem): boolean => !isCut && bytes?.every((byte) => byte <= 0x20) === true

function textOfItem(item: JsonItem, textField: string): RowText {
  const parsed = recordIn(item)
  if (parsed.kind === 'corrupt') return parsed
  return textOfField(valueAt(parsed.record, textField), textField)
}

type ParsedRecord =
  | { readonly kind: 'record'; readonly record: Record<string, unknown> }
  | { readonly kind: 'corrupt'; readonly reason: string }

function recordIn({ bytes, isCut }: JsonItem): ParsedRecord {
  if (bytes === null) return { kind: 'corrupt', reason: 'is longer than 64 MiB' }
  if (isCut) return { kind: 'corrupt', reason: 'is cut off: the file ends in it' }
  let record: unknown
  try {
    record = JSON.parse(bytes.toString().replace(/^\ufeff/, ''))
  } catch {
    return { kind: 'corrupt', reason: 'is not valid JSON' }
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    return { kind: 'corrupt', reason: 'is not a JSON object' }
  return { kind: 'record', record: record as Record<string, unknown> }
}

function textOfField(value: unknown, textField: string): RowText {
  if (typeof value === 'string') return textOf(value.toWellFormed())
  const reason = value === undefined ? `has no "${textField}"` : `has a "${textField}" that is no string`
  return { kind: 'corrupt', reason }
}

// Parquet

/** Only the column of the text is read, a row group at a time. */
const parquetRows = (source: Source, textField: string): AsyncGenerator<Row> =>
  damagedAsSuch(source.path, rowsOfFile(source, textField))

/** The same, and what is wrong with the file as an error of ours. */
async function* damagedAsSuch<Part>(path: string, parts: AsyncGenerator<Part>): AsyncGenerator<Part> {
  try {
    yield* parts
  } catch (cause) {
    if (cause instanceof IsoflopError) throw cause
    const what = `is cut off or damaged Parquet (${(cause as Error).message})`
    throw badFormat(path, what, 'Copy or write it again.', cause)
  }
}

async function* rowsOfFile({ path, bytes }: Source, column: string): AsyncGenerator<Row> {
  let total = 0
  let outer = ''
  const choose = (names: readonly string[], rows: number) => {
    total = rows
    if (rows === 0) return []
    outer = columnOf(column, names) ?? ''
    if (outer === '') throw columnMissing(path, column, names)
    return [outer]
  }
  for await (const { start, size, columns } of readParquet(path, choose))
    for (let i = 0; i < size; i++) {
      const number = start + i + 1
      const end = (bytes * number) / total
      yield { number, end, ...whole, read: () => textOfField(valueAt({ [outer]: columns[0][i] }, column), column) }
    }
}

// What the first rows have

/** Rows and bytes that are looked at to find the text. */
const sampledRows = 200
const sampledBytes = 1 << 23

/** The columns of a source's first rows, and the first of them that could not be read. */
export interface FirstRows {
  readonly columns: ColumnLengths
  readonly corrupt: { readonly row: number; readonly reason: string; readonly isText: boolean } | null
}

/** Errors: those of `rowsOf`. */
export const firstRows = (source: Source, textField: string | null): Promise<FirstRows> =>
  source.kind === 'json' ? firstRecords(source) : firstParquetRows(source, textField)

async function firstRecords(source: Source): Promise<FirstRows> {
  const columns = new ColumnLengths()
  let corrupt: FirstRows['corrupt'] = null
  let [row, bytes] = [0, 0]
  for await (const item of jsonItems(textBytes(source))) {
    row++
    bytes += item.size
    if (isBlank(item)) continue
    const parsed = recordIn(item)
    if (parsed.kind === 'record') columns.add(Object.entries(parsed.record))
    else corrupt ??= { row, reason: parsed.reason, isText: isText(item) }
    if (row >= sampledRows || (bytes >= sampledBytes && columns.choose() !== null)) break
  }
  return { columns, corrupt }
}

/** Whether a document stands there without a key. */
const isText = ({ bytes, isCut }: JsonItem): boolean => !isCut && bytes !== null && bytes[0] === 0x22

/** Columns are decoded whole: where one has a usual name and text in it, the others are not looked at. */
async function firstParquetRows(source: Source, textField: string | null, isAll = false): Promise<FirstRows> {
  const { path } = source
  const columns = new ColumnLengths()
  let names: readonly string[] = []
  const choose = (all: readonly string[]) => {
    const asked = textField === null ? null : columnOf(textField, all)
    if (textField !== null && asked === null) throw columnMissing(path, textField, all)
    const usual = all.filter((name) => (asked === null ? usualNames.includes(name) : name === asked))
    names = usual.length > 0 && !isAll ? usual : all
    return names
  }
  for await (const part of damagedAsSuch(path, readParquet(path, choose))) {
    for (let i = 0; i < Math.min(part.size, sampledRows); i++)
      columns.add(names.map((name, k) => [name, part.columns[k][i]]))
    break
  }
  const isMissed = textField === null && !isAll && columns.rows > 0 && columns.choose() === null
  return isMissed ? firstParquetRows(source, textField, true) : { columns, corrupt: null }
}

/** The column that has a name, or in which it lies: `data` has `data.text`. */
const columnOf = (name: string, columns: readonly string[]): string | null =>
  columns.find((column) => column === name) ?? columns.find((column) => name.startsWith(`${column}.`)) ?? null

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
