import { isChanged } from '../core/summed.ts'
import { isEnough, type RowSink } from './sink.ts'
import { badFormat, emptyFile, firstLine, type Source, textBlocks, wholeText } from './source.ts'

type Json = Readonly<Record<string, unknown>>

const blockBytes = 1 << 22

/** Hands records on as rows, once enough of them were seen to know the keys. */
class Records {
  #waiting: { row: number; record: Json }[] = []
  #keys: readonly Key[] | null = null
  readonly #cells: unknown[] = []
  readonly #sink: RowSink

  constructor(sink: RowSink) {
    this.#sink = sink
  }

  add(row: number, value: unknown): void {
    if (!isRecord(value)) this.#sink.exclude(row, 'is not a JSON object')
    else if (this.#keys) this.#hand(row, value, this.#keys)
    else if (isEnough(this.#waiting.push({ row, record: value }), 1)) this.#open()
  }

  /** Whether any record came; to be called after the last one. */
  finish(): boolean {
    if (!this.#keys && this.#waiting.length > 0) this.#open()
    return this.#keys !== null
  }

  #open(): void {
    const keys = new Map<string, Key>()
    for (const { record } of this.#waiting) for (const key of keysOf(record)) keys.set(key.name, key)
    const all = [...keys.values()]
    const sample = this.#waiting.filter((_, i) => i === 0 || !isEnough(i, all.length))
    const cells = sample.map(({ record }) => all.map((key) => valueAt(record, key)))
    const names = all.map(({ name }) => name)
    const wanted = this.#sink.open(names, cells).map((i) => all[i])
    this.#keys = wanted
    for (const { row, record } of this.#waiting) this.#hand(row, record, wanted)
    this.#waiting = []
  }

  #hand(row: number, record: Json, keys: readonly Key[]): void {
    for (let i = 0; i < keys.length; i++) this.#cells[i] = valueAt(record, keys[i])
    this.#sink.add(row, this.#cells)
  }
}

/** Where a column is in a record: under a key, or under the key of an object that is under a key. */
interface Key {
  readonly name: string
  readonly outer: string
  readonly inner: string | null
}

/**
 * The columns of a record. An object in it is taken apart: `{"loss": {"last": 3}}` has the column `loss.last`. What is in a
 * `config` has its own name, as in the records of `isoflop train`.
 */
function keysOf(record: Json): Key[] {
  return Object.entries(record).flatMap(([outer, value]): Key[] =>
    isRecord(value)
      ? Object.keys(value).map((inner) => ({ name: outer === 'config' ? inner : `${outer}.${inner}`, outer, inner }))
      : [{ name: outer, outer, inner: null }],
  )
}

function valueAt(record: Json, { outer, inner }: Key): unknown {
  const value = record[outer]
  if (inner === null) return value
  return isRecord(value) ? value[inner] : undefined
}

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads a JSON array of records; a row's number is its place, from 1.
 *
 * Errors: FILE_FORMAT with line and column where it is not JSON, FILE_EMPTY for `[]`, and those of `open`.
 */
export function readJsonArray(source: Source, sink: RowSink): void {
  readValues(source, parseAll(source, wholeText(source)) as unknown[], sink)
}

function readValues(source: Source, values: readonly unknown[], sink: RowSink): void {
  if (values.length === 0) throw emptyFile(source.name, 'has an empty array')
  const records = new Records(sink)
  values.forEach((value, i) => {
    records.add(i + 1, value)
  })
  if (!records.finish()) throw badFormat(source.name, 'is a JSON array without an object', 'Write one object a run.')
}

function parseAll(source: Source, text: string): unknown {
  try {
    return parseLenient(text)
  } catch (cause) {
    const { message } = cause as Error
    throw badFormat(
      source.name,
      `is not valid JSON${placeOf(message, text)}: ${message}`,
      'Check how it was written.',
      cause,
    )
  }
}

/**
 * JSON, or what Python writes where a number is not one: a bare NaN or Infinity becomes text, which then is a row's reason
 * to be left out instead of an unreadable file.
 */
function parseLenient(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!/\b(?:NaN|Infinity)\b/.test(text)) throw error
    return JSON.parse(withQuotedWords(text))
  }
}

/** The text with NaN and Infinity in quotes where they stand outside of strings. */
function withQuotedWords(text: string): string {
  const parts: string[] = []
  let done = 0
  const found = /"|-?\b(?:NaN|Infinity)\b/g
  for (let match = found.exec(text); match !== null; match = found.exec(text)) {
    const [token] = match
    if (token === '"') {
      found.lastIndex = stringEnd(text, match.index)
      continue
    }
    parts.push(text.slice(done, match.index), `"${token}"`)
    done = found.lastIndex
  }
  return parts.join('') + text.slice(done)
}

/** Behind the string that begins at a quote. A loop, because a pattern looks at an open string again from each of its quotes. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) return i + 1
    if (code === 0x5c) i++
  }
  return text.length
}

/** Line and column of a JSON error: V8 names a position, the end, or the text around an unexpected token. */
function placeOf(message: string, text: string): string {
  const position = /at position (\d+)/.exec(message)?.[1]
  if (position !== undefined) return lineAndColumn(text, Number(position))
  if (/end of JSON/.test(message)) return lineAndColumn(text, text.length)
  const [, token, before, context] =
    /^Unexpected token '(.+?)', (\.\.\.)?"(.*?)"(?:\.\.\.)? is not/s.exec(message) ?? []
  const start = context === undefined ? -1 : text.indexOf(context)
  // Ten characters come before the token where the text is cut there; at the start of the text fewer do.
  return start < 0 ? '' : lineAndColumn(text, start + (before ? 10 : Math.max(context.indexOf(token), 0)))
}

function lineAndColumn(text: string, position: number): string {
  const before = text.slice(0, position).split('\n')
  return ` (line ${before.length}, column ${before[before.length - 1].length + 1})`
}

/**
 * Reads JSONL, one record a line, a row's number being its line; or a single JSON object, which is one run or holds one
 * array of runs, as the training API answers `{"previous_runs": [...]}`.
 *
 * A line that is not JSON is left out with its number. Errors: FILE_FORMAT where no line is JSON, or where an object holds
 * several arrays of runs; FILE_EMPTY for an empty array, and those of `open`.
 */
export function readJsonObjects(source: Source, sink: RowSink): void {
  const single = singleObject(source)
  if (single === null) readLines(source, sink)
  else if (isChanged(wholeText(source), single))
    throw badFormat(source.name, 'was changed since it was written: its checksum is wrong', 'Take a copy that was not.')
  else readValues(source, recordsIn(source, single), sink)
}

/** The array of records that an object holds; the object itself where it holds none. */
function recordsIn(source: Source, single: Json): readonly unknown[] {
  const arrays = Object.entries(single).filter(([, value]) => isArrayOfRecords(value))
  if (arrays.length > 1) {
    const keys = arrays.map(([key]) => `"${key}"`).join(' and ')
    throw badFormat(source.name, `has several arrays of records, ${keys}`, 'Give a file with the one to read.')
  }
  return arrays.length === 1 ? (arrays[0][1] as unknown[]) : [single]
}

const isArrayOfRecords = (value: unknown): boolean =>
  Array.isArray(value) && (value.length === 0 || value.some((entry) => isRecord(entry)))

/** The object that the whole text is; null where it is several lines of them. */
function singleObject(source: Source): Json | null {
  const first = firstLine(source)
  // Lines of objects are told by the first one alone: the whole text may be longer than a string can be.
  if (!first.isAll && parsed(first.text) !== undefined) return null
  const value = parsed(wholeText(source))
  return isRecord(value) ? value : null
}

function parsed(text: string): unknown {
  try {
    return parseLenient(text)
  } catch {
    return undefined
  }
}

/** The lines of a block; nothing stands behind its last line end. */
const linesOf = (block: string): string[] => (block.endsWith('\n') ? block.slice(0, -1) : block).split('\n')

function readLines(source: Source, sink: RowSink): void {
  const records = new Records(sink)
  let row = 0
  for (const block of textBlocks(source, blockBytes)) {
    for (const line of linesOf(block)) {
      row++
      if (line.trim() === '') continue
      const value = parsed(line)
      if (value === undefined) sink.exclude(row, 'is not valid JSON')
      else if (isRecord(value) && isChanged(line, value))
        sink.exclude(row, 'was changed since it was written: its checksum is wrong')
      else records.add(row, value)
    }
  }
  if (records.finish()) return
  throw badFormat(
    source.name,
    'begins like JSON, but no line of it is a JSON object',
    'Write one object a line, or an array.',
  )
}
