import type { IsoflopError } from '../core/errors.ts'
import { isMissing, numberOf } from './cell.ts'
import { type Split, splitRows } from './fields.ts'
import { headerOf } from './header.ts'
import type { Judge } from './judgement.ts'
import { isEnough, type RowSink } from './sink.ts'
import { badFormat, emptyFile, type Source, textBlocks } from './source.ts'

const blockBytes = 1 << 20
/** A quoted field that is still open after this much text was never meant as one. */
const longestRow = 1 << 24

/**
 * Reads delimited text: comma, tab, semicolon or bar, whichever the header has most of, or blanks. The first line that is neither blank nor a
 * comment (`# ...`) is the header; a comment with as many fields as the row behind it is one, too. A row's number is the line it begins at.
 *
 * Errors: FILE_EMPTY without rows, FILE_FORMAT for a quoted field that never ends or a line beyond reason, and those of `open`.
 */
export async function readDelimited(source: Source, sink: RowSink, judge?: Judge): Promise<readonly string[]> {
  const lines = new Lines(source, sink)
  let delimiter: string | null = null
  let text = ''
  let rest = 0
  const notes: string[] = []
  for (const block of textBlocks(source, blockBytes)) {
    text += withOneDelimiter(withPlainLineEnds(block), delimiter)
    // What is left of a row that was not whole is split again only together with as much new text.
    if (text.length < 2 * rest) continue
    if (delimiter === null) {
      const header = judge ? headerOf(text, judge) : null
      // A comment may be the header, which only the rows behind it tell.
      const isBelow = header !== null && !isComment(firstLine(text)) && firstLineStart(text) < header.start
      delimiter = header?.delimiter ?? delimiterOf(text)
      if (isBelow) {
        text = lines.skip(text, header.start)
        notes.push(`records: line ${lines.line} names the columns`)
      }
      text = withOneDelimiter(text, delimiter)
    }
    text = lines.take(splitRows(text, splitterOf(delimiter), false), text)
    rest = text.length
    if (rest > longestRow) throw lines.endless()
  }
  // What is left is a last line without a line end, or a quoted field without its quote.
  if (text !== '' && lines.take(splitRows(text, splitterOf(delimiter ?? delimiterOf(text)), true), text) !== '')
    throw lines.endless()
  lines.finish()
  if (!lines.hasHeader) throw emptyFile(source.name, 'has only blank lines')
  return notes
}

/** What is left between fields where blanks part them, one or more, or two or more. */
const splitterOf = (delimiter: string): string => (delimiter === '  ' ? '\t' : delimiter)

function withOneDelimiter(text: string, delimiter: string | null): string {
  if (delimiter === ' ') return withSingleBlanks(text)
  if (delimiter !== '  ') return text
  return text
    .split('\n')
    .map((line) => line.trim().replace(/ {2,}/g, '\t'))
    .join('\n')
}

const firstLineStart = (text: string): number => text.search(/\S/)

/** Lines end in \n, \r\n or \r, mixed even. A block ends behind a \n, so that no \r\n is cut in two. */
const withPlainLineEnds = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text)

/** The delimiter that the first line with text has most of, outside quotes; a comma where it has none. */
function delimiterOf(text: string): string {
  const header = firstLine(text).replace(/"[^"]*"?/g, '')
  const count = (delimiter: string) => header.split(delimiter).length
  const best = [',', '\t', ';', '|'].reduce((most, delimiter) => (count(delimiter) > count(most) ? delimiter : most))
  return count(best) === 1 && header.split(' ').filter(Boolean).length >= fewestByBlanks ? ' ' : best
}

/** A table by blanks has at least N, D or C, and the loss. */
const fewestByBlanks = 3

/** Runs of blanks as one, none at the ends of lines: what tables that are aligned with them are split by. */
const withSingleBlanks = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.split(' ').filter(Boolean).join(' '))
    .join('\n')

const isComment = (line: string): boolean => line.startsWith('#')

/** The first line that is not blank and no comment; where there are only comments, the last of them. */
function firstLine(text: string): string {
  let comment = ''
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const line = text.slice(start, newline < 0 ? text.length : newline)
    if (isComment(line)) comment = line
    else if (line.trim() !== '') return line
    start += line.length + 1
  }
  return comment
}

/** Hands parsed rows on, and knows the line each begins at. */
class Lines {
  line = 1
  hasHeader = false
  /** Where a quoted field begins that has no end so far. */
  #openLine: number | null = null
  #header: readonly string[] = []
  /** The same to look names up. */
  #names: ReadonlySet<string> = new Set()
  /** Whether the next row is the first below the header. */
  #isFirst = true
  /** Where the fields of the header are in a row; null where they are in their places. */
  #order: readonly number[] | null = null
  /** The last comment before the header, which may be the header itself. */
  #comment: readonly string[] | null = null
  /** Rows that wait until there are enough to judge the columns by; null once they were handed on. */
  #waiting: { line: number; fields: readonly string[] }[] | null = []
  #wanted: readonly number[] = []
  #cells: unknown[] = []
  readonly #source: Source
  readonly #sink: RowSink

  constructor(source: Source, sink: RowSink) {
    this.#source = source
    this.#sink = sink
  }

  /** Leaves out what stands above the header; gives the text from there. */
  skip(text: string, start: number): string {
    this.line += newlines(text.slice(0, start))
    return text.slice(start)
  }

  /** Takes the rows that are whole; gives the text of the one that is not. */
  take({ rows, broken, rest, open }: Split, text: string): string {
    const hasQuotes = text.includes('"')
    for (const [i, fields] of rows.entries()) {
      const height = hasQuotes ? 1 + fields.reduce((sum, field) => sum + newlines(field), 0) : 1
      if (fields.length > 1 || fields[0].trim() !== '') this.#row(fields, height, broken.has(i))
      this.line += height
    }
    this.#openLine = open < 0 ? null : this.line + newlines(text.slice(rest, open))
    return text.slice(rest)
  }

  #row(given: readonly string[], height: number, isBroken: boolean): void {
    const fields = this.hasHeader ? this.#fitted(given) : given
    const reason = isBroken ? brokenQuotes(this.line, height) : this.#misfit(fields)
    if (!this.hasHeader) this.#begin(fields)
    else if (reason !== null) this.#sink.exclude(this.line, reason)
    else if (this.#waiting === null) this.#hand(this.line, fields)
    else if (isEnough(this.#waiting.push({ line: this.line, fields }), fields.length)) this.#open(this.#waiting)
  }

  /** To be called after the last row. */
  finish(): void {
    if (!this.hasHeader && this.#comment !== null) {
      this.hasHeader = true
      this.#header = this.#comment
    }
    if (this.hasHeader && this.#waiting !== null) this.#open(this.#waiting)
  }

  /** A row as the header has it: without blank fields too many, with those that a header of blank names has more. */
  #fitted(fields: readonly string[]): readonly string[] {
    if (this.#isFirst) this.#expectIndex(fields)
    const { length } = this.#header
    if (fields.length > length && fields.slice(length).every(isMissing)) return this.#inOrder(fields.slice(0, length))
    if (fields.length < length && this.#header.slice(fields.length).every(isMissing))
      return this.#inOrder([...fields, ...Array<string>(length - fields.length).fill('')])
    return fields.length === length ? this.#inOrder(fields) : fields
  }

  /** pandas and R write the number or the name of a row before it, and no name for that column. */
  #expectIndex(fields: readonly string[]): void {
    this.#isFirst = false
    this.#names = new Set(this.#header)
    const isIndex = /^[01]$/.test(fields[0].trim()) || Number.isNaN(numberOf(fields[0]))
    if (fields.length === this.#header.length + 1 && isIndex && !isMissing(fields.at(-1)))
      this.#header = ['', ...this.#header]
  }

  /** Where the header comes again in another order, as in files that were put together, what follows is in that order. */
  #inOrder(fields: readonly string[]): readonly string[] {
    if (this.#names.has(fields[0]) && !isMissing(fields[0]) && Number.isNaN(numberOf(fields[0]))) {
      const places = this.#header.map((name) => fields.indexOf(name))
      if (new Set(places).size === fields.length && !places.includes(-1))
        this.#order = places.every((place, k) => place === k) ? null : places
    }
    const order = this.#order
    return order === null ? fields : order.map((place) => fields[place])
  }

  #misfit(fields: readonly string[]): string | null {
    const { length } = this.#header
    if (fields.length === length) return null
    return `has ${fields.length} field${fields.length === 1 ? '' : 's'}, expected ${length} as in the header`
  }

  #begin(fields: readonly string[]): void {
    if (isComment(fields[0])) {
      this.#comment = withoutSign(fields)
      return
    }
    this.hasHeader = true
    const comment = this.#comment ?? []
    // As NumPy writes it: the names of the columns behind a #, then numbers.
    if (comment.length > 1 && comment.length === fields.length && fields.every(isNumberOrBlank)) {
      this.#header = comment
      this.#row(fields, 1, false)
    } else this.#header = fields
  }

  #open(waiting: readonly { line: number; fields: readonly string[] }[]): void {
    const sample = waiting.map(({ fields }) => fields)
    this.#wanted = this.#sink.open(this.#header, sample)
    this.#waiting = null
    for (const { line, fields } of waiting) this.#hand(line, fields)
  }

  #hand(line: number, fields: readonly string[]): void {
    for (let i = 0; i < this.#wanted.length; i++) this.#cells[i] = fields[this.#wanted[i]]
    this.#sink.add(line, this.#cells)
  }

  /** A row that goes on and on. */
  endless(): IsoflopError {
    const { name } = this.#source
    if (this.#openLine === null) return badFormat(name, `has a line ${this.line} of more than 16 MB`, 'Split it.')
    return badFormat(
      name,
      `has a quoted field that begins in line ${this.#openLine} and never ends`,
      'Close the quote.',
    )
  }
}

const brokenQuotes = (line: number, height: number): string =>
  height > 1 ? `quotes are malformed (lines ${line} to ${line + height - 1})` : 'quotes are malformed'

/** The fields of a comment without its #, which may be a field of its own. */
const withoutSign = (fields: readonly string[]): readonly string[] =>
  fields[0] === '#' ? fields.slice(1) : [fields[0].slice(1).trim(), ...fields.slice(1)]

const isNumberOrBlank = (field: string): boolean => isMissing(field) || !Number.isNaN(numberOf(field))

const newlines = (text: string): number => (text.includes('\n') ? text.split('\n').length - 1 : 0)
