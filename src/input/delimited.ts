import type { ParseError } from 'papaparse'
import type { IsoflopError } from '../core/errors.ts'
import type { RowSink } from './rows.ts'
import { badFormat, emptyFile, type Source, textBlocks } from './source.ts'

const blockBytes = 1 << 20
/** A quoted field that is still open after this much text was never meant as one. */
const longestRow = 1 << 24

interface Block {
  data: string[][]
  errors: ParseError[]
  meta: { cursor: number }
}

/**
 * Reads delimited text: comma, tab or semicolon, whichever the header has most of. The first line that is not blank is the
 * header. A row's number is the line it begins at.
 *
 * Papa Parse splits the fields, a block at a time: its streaming interface keeps the same speed but not the line numbers.
 *
 * Errors: FILE_EMPTY without rows, FILE_FORMAT for a quoted field that never ends, and those of `open`.
 */
export async function readDelimited(source: Source, sink: RowSink): Promise<void> {
  const { default: Papa } = await import('papaparse')
  const lines = new Lines(source, sink)
  let parser: InstanceType<typeof Papa.Parser> | undefined
  let rest = ''
  for (const block of textBlocks(source.bytes, blockBytes)) {
    const text = rest + withPlainLineEnds(block)
    parser ??= new Papa.Parser({ delimiter: delimiterOf(text), newline: '\n' })
    const parsed: Block = parser.parse(text, 0, true)
    lines.take(parsed, text)
    rest = text.slice(parsed.meta.cursor)
    if (rest.length > longestRow) throw lines.unterminated(lines.line)
  }
  // What is left is a last line without a line end, or a quoted field without its quote.
  if (rest !== '') lines.take(parser!.parse(rest, 0, false), rest)
  if (!lines.hasHeader) throw emptyFile(source.name, 'has only blank lines')
}

/** Lines end in \n, \r\n or \r, mixed even. A block ends behind a \n, so that no \r\n is cut in two. */
const withPlainLineEnds = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text)

/** The delimiter that the first line with text has most of, outside quotes; a comma where it has none. */
function delimiterOf(text: string): string {
  const header = /[^\n]*\S[^\n]*/.exec(text)?.[0].replace(/"[^"]*"/g, '') ?? ''
  const count = (delimiter: string) => header.split(delimiter).length
  return [',', '\t', ';'].reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best))
}

/** Hands parsed rows on, and knows the line each begins at. */
class Lines {
  line = 1
  hasHeader = false
  #width = 0
  #wanted: readonly number[] = []
  #cells: unknown[] = []
  readonly #source: Source
  readonly #sink: RowSink

  constructor(source: Source, sink: RowSink) {
    this.#source = source
    this.#sink = sink
  }

  take(block: Block, text: string): void {
    const open = block.errors.find((error) => error.code === 'MissingQuotes')
    if (open) throw this.unterminated(this.line + newlines(text.slice(0, open.index)))
    const broken = new Set(block.errors.map((error) => error.row))
    const hasQuotes = text.includes('"')
    for (let i = 0; i < block.data.length; i++) {
      const fields = block.data[i]
      const height = hasQuotes ? 1 + fields.reduce((sum, field) => sum + newlines(field), 0) : 1
      if (fields.length > 1 || fields[0].trim() !== '') this.#row(fields, height, broken.has(i))
      this.line += height
    }
  }

  #row(fields: readonly string[], height: number, isBroken: boolean): void {
    const reason = isBroken ? brokenQuotes(this.line, height) : this.#misfit(fields)
    if (!this.hasHeader) this.#header(fields)
    else if (reason !== null) this.#sink.exclude(this.line, reason)
    else this.#hand(fields)
  }

  #misfit(fields: readonly string[]): string | null {
    if (fields.length === this.#width) return null
    return `has ${fields.length} field${fields.length === 1 ? '' : 's'}, expected ${this.#width} as in the header`
  }

  #hand(fields: readonly string[]): void {
    for (let i = 0; i < this.#wanted.length; i++) this.#cells[i] = fields[this.#wanted[i]]
    this.#sink.add(this.line, this.#cells)
  }

  #header(fields: readonly string[]): void {
    this.hasHeader = true
    this.#width = fields.length
    this.#wanted = this.#sink.open(fields)
  }

  unterminated(line: number): IsoflopError {
    return badFormat(
      this.#source.name,
      `has a quoted field that begins in line ${line} and never ends`,
      'Close the quote.',
    )
  }
}

const brokenQuotes = (line: number, height: number): string =>
  height > 1 ? `quotes are malformed (lines ${line} to ${line + height - 1})` : 'quotes are malformed'

const newlines = (text: string): number => (text.includes('\n') ? text.split('\n').length - 1 : 0)
