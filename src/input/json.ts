import { isChanged } from '../core/summed.ts'
import { concatenatedTexts, stringEnd } from './concatenated.ts'
import { unnamed } from './nesting.ts'
import { isRecord, type Json } from './record.ts'
import { type Reading, Records } from './records.ts'
import type { RowSink } from './sink.ts'
import { badFormat, emptyFile, firstLine, type Source, textBlocks, wholeText } from './source.ts'
import { plainLayout } from './tables.ts'

const blockBytes = 1 << 22

/**
 * Reads a JSON array of records, or of lists of which the first has the names of the columns; a row's number is its place, from 1.
 * Says what was chosen.
 *
 * Errors: FILE_FORMAT with line and column where it is not JSON, FILE_EMPTY for `[]`, and those of `open`.
 */
export function readJsonArray(source: Source, sink: RowSink, reading: Reading): readonly string[] {
  const text = wholeText(source)
  const values = (parsed(text) ?? concatenated(text) ?? parseAll(source, text)) as unknown[]
  if (values.length === 0) throw emptyFile(source.name, 'has an empty array')
  if (plainLayout(values) === 'values') return readDocument(source, { [unnamed]: values }, sink, reading)
  if (!values.some(isRecord)) throw withoutObject(source, values)
  return readRecords(source, values, sink, reading)
}

function readRecords({ name }: Source, values: readonly unknown[], sink: RowSink, reading: Reading): readonly string[] {
  const records = new Records(name, sink, reading)
  values.forEach((value, i) => {
    records.add(i + 1, value)
  })
  records.finish()
  return records.notes
}

/** Wall time in s, step and value. */
const isTimedValue = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value[0] > 1e9 && value[0] < 3e9

function withoutObject({ name }: Source, values: readonly unknown[]): Error {
  if (values.every(isTimedValue))
    return badFormat(
      name,
      'is an array of triples, as TensorBoard writes the curve of one run: wall time, step, value. It says neither N nor D',
      'Write a table with one row a run: N, D and the last value of each curve.',
    )
  return badFormat(
    name,
    'is a JSON array without an object',
    'Write one object a run, or lists, of which the first names the columns.',
  )
}

/** Reads one JSON value that is the whole file. */
function readDocument(source: Source, value: Json, sink: RowSink, reading: Reading): readonly string[] {
  const records = new Records(source.name, sink, reading, true)
  records.add(1, value)
  records.finish()
  return records.notes
}

function parseAll(source: Source, text: string): unknown {
  try {
    return parseLenient(text)
  } catch (cause) {
    const { message } = cause as Error
    throw badFormat(
      source.name,
      `is not valid JSON${placeOf(message, text)}: ${message}`,
      isPython.test(text.slice(0, 200))
        ? "It looks like what Python's print writes: write it with json.dump."
        : 'Check how it was written.',
      cause,
    )
  }
}

/** `[{'N': 1` */
const isPython = /^\s*[[{(\s]*\{\s*'/

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
 * Reads JSONL, one record a line, a row's number being its line; or a single JSON object, which is one run or holds runs, as the
 * training API answers `{"previous_runs": [...]}`, a row's number being its place. Says what was chosen.
 *
 * A line that is not JSON is left out with its number. Errors: FILE_FORMAT where no line is JSON, or where several arrays could be the
 * runs; RECORDS_UNKNOWN; FILE_EMPTY for an empty array, and those of `open`.
 */
export function readJsonObjects(source: Source, sink: RowSink, reading: Reading): readonly string[] {
  const single = singleObject(source)
  if (single === null) return readObjects(source, sink, reading)
  if (isChanged(wholeText(source), single))
    throw badFormat(source.name, 'was changed since it was written: its checksum is wrong', 'Take a copy that was not.')
  return readDocument(source, single, sink, reading)
}

/** Reads objects that are lines each, or else that follow each other over several lines, a row's number being its place. */
function readObjects(source: Source, sink: RowSink, reading: Reading): readonly string[] {
  const first = firstLine(source)
  if (parsed(first.text) === undefined && source.bytes.length < longestConcatenated) {
    const values = concatenated(wholeText(source))
    if (values) return readRecords(source, values, sink, reading)
  }
  return readLines(source, sink, reading)
}

/** Bytes of a text that is looked through for values that follow each other: what a string holds. */
const longestConcatenated = 2 ** 28

/** The values of a text in which they follow each other, all of them whole; null where that is not so. */
function concatenated(text: string): unknown[] | null {
  const texts = concatenatedTexts(text)
  if (texts === null || texts.length < 2) return null
  const values = texts.map(parsed)
  return values.includes(undefined) ? null : values
}

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

function readLines(source: Source, sink: RowSink, reading: Reading): readonly string[] {
  const records = new Records(source.name, sink, reading)
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
  if (records.finish()) return records.notes
  throw badFormat(
    source.name,
    'begins like JSON, but no line of it is a JSON object',
    'Write one object a line, or an array.',
  )
}
