import { numberOf } from './cell.ts'

/** Rows of delimited text as far as they are whole. */
export interface Split {
  readonly rows: readonly (readonly string[])[]
  /** The places in `rows` of those whose quotes are malformed: text behind a closing quote. */
  readonly broken: ReadonlySet<number>
  /** Where the first row begins that is not whole; the length of the text where all are. */
  readonly rest: number
  /** Where the quoted field begins that has no end in this text; -1 without one. */
  readonly open: number
}

/**
 * Splits text whose lines end in \n into fields: quoted ones may hold delimiters, line ends and, doubled, quotes. What follows the
 * last line end is a row only where the text is the last. Every character is looked at a fixed number of times, whatever the quotes.
 */
export const splitRows = (text: string, delimiter: string, isLast: boolean): Split =>
  text.includes('"') ? quotedRows(text, delimiter, isLast) : plainRows(text, delimiter, isLast)

function plainRows(text: string, delimiter: string, isLast: boolean): Split {
  const lines = text.split('\n')
  const last = isLast ? '' : lines[lines.length - 1]
  if (!isLast || lines[lines.length - 1] === '') lines.pop()
  const rows = lines.map((line) => line.split(delimiter))
  return { rows, broken: new Set(), rest: text.length - last.length, open: -1 }
}

function quotedRows(text: string, delimiter: string, isLast: boolean): Split {
  const scan = new Scan(text, delimiter)
  const rows: string[][] = []
  const broken = new Set<number>()
  let rest = 0
  let row: string[] = []
  for (let at = 0; at < text.length || row.length > 0; ) {
    const field = text[at] === '"' ? scan.quoted(at) : scan.plain(at)
    if (field === null) return { rows, broken, rest, open: at }
    row.push(field.text)
    if (field.isBroken) broken.add(rows.length)
    at = field.end + 1
    if (text[field.end] === delimiter) continue
    if (field.end === text.length && !isLast) break
    rows.push(row)
    row = []
    rest = Math.min(at, text.length)
  }
  return { rows, broken, rest, open: -1 }
}

interface Field {
  readonly text: string
  /** Where its delimiter or line end is, or the text's end. */
  readonly end: number
  readonly isBroken: boolean
}

/** Finds where fields end. The next delimiter and line end are remembered, as looking for them anew for each field is quadratic. */
class Scan {
  readonly #text: string
  readonly #delimiter: string
  #nextDelimiter = -1
  #nextLineEnd = -1

  constructor(text: string, delimiter: string) {
    this.#text = text
    this.#delimiter = delimiter
  }

  plain(start: number): Field {
    if (this.#nextDelimiter < start) this.#nextDelimiter = this.#find(this.#delimiter, start)
    if (this.#nextLineEnd < start) this.#nextLineEnd = this.#find('\n', start)
    const end = Math.min(this.#nextDelimiter, this.#nextLineEnd)
    return { text: this.#text.slice(start, end), end, isBroken: false }
  }

  /** The field whose quote is at `start`: it ends at a quote that only blanks part from what ends a field. Null where none is. */
  quoted(start: number): Field | null {
    const text = this.#text
    let isBroken = false
    for (let at = start + 1; ; ) {
      const quote = text.indexOf('"', at)
      if (quote < 0) return null
      if (text[quote + 1] === '"') {
        at = quote + 2
        continue
      }
      const end = this.#behindBlanks(quote + 1)
      if (end === text.length || text[end] === this.#delimiter || text[end] === '\n')
        return { text: text.slice(start + 1, quote).replaceAll('""', '"'), end, isBroken }
      isBroken = true
      at = end
    }
  }

  #find(character: string, start: number): number {
    const place = this.#text.indexOf(character, start)
    return place < 0 ? this.#text.length : place
  }

  #behindBlanks(start: number): number {
    let at = start
    while ((this.#text[at] === ' ' || this.#text[at] === '\t') && this.#text[at] !== this.#delimiter) at++
    return at
  }
}

/** A cell as CSV holds it. */
const csvCell = (text: string): string =>
  /[",\n\r]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text

/**
 * A cell that a spreadsheet shows and does not run: what begins like a formula and is no number gets an apostrophe before it.
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
export const withoutFormula = (text: string): string =>
  /^[=+\-@\t\r]/.test(text) && Number.isNaN(numberOf(text)) ? `'${text}` : text

/** Rows as CSV, lines ending in \n. */
export const csvOf = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map(csvCell).join(',')}\n`).join('')
