import type { Json } from './record.ts'

/** A cell of more characters is not parsed, and what is nested more deeply is none. */
const longestText = 1 << 20
const deepest = 64

/** Whether a text may be an object. */
const looksLikeObject = (cell: unknown): cell is string =>
  typeof cell === 'string' && cell.trim().startsWith('{') && cell.trim().endsWith('}')

/**
 * The object that a cell writes as JSON, or as Python prints one (`{'loss': 3.1, 'ok': True}`): pandas writes so what Weights & Biases
 * calls summary and config. Null where it is neither.
 */
export function objectOfText(cell: unknown): Json | null {
  if (!looksLikeObject(cell) || cell.length > longestText) return null
  try {
    return JSON.parse(cell) as Json
  } catch {
    return new Python(cell).object()
  }
}

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['None', null],
  ['null', null],
  ['True', true],
  ['true', true],
  ['False', false],
  ['false', false],
  ['nan', Number.NaN],
  ['NaN', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

/** What a text is not. */
class NotPython extends Error {}

/** Reads what Python prints of dictionaries, lists, tuples, strings, numbers and its three words; every character once. */
class Python {
  #at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  object(): Json | null {
    try {
      const value = this.#value(0)
      this.#blanks()
      return this.#at === this.#text.length ? (value as Json) : null
    } catch (error) {
      if (error instanceof NotPython) return null
      throw error
    }
  }

  #value(depth: number): unknown {
    if (depth > deepest) throw new NotPython()
    this.#blanks()
    const character = this.#text[this.#at]
    if (character === '{') return this.#dictionary(depth)
    if (character === '[') return this.#list(']', depth)
    if (character === '(') return this.#list(')', depth)
    return character === '"' || character === "'" ? this.#string(character) : this.#word()
  }

  #dictionary(depth: number): Json {
    const entries: [string, unknown][] = []
    this.#at++
    while (!this.#ends('}')) {
      const key = this.#value(depth + 1)
      this.#blanks()
      if (this.#text[this.#at++] !== ':') throw new NotPython()
      entries.push([String(key), this.#value(depth + 1)])
      this.#comma('}')
    }
    return Object.fromEntries(entries)
  }

  #list(end: string, depth: number): unknown[] {
    const values: unknown[] = []
    this.#at++
    while (!this.#ends(end)) {
      values.push(this.#value(depth + 1))
      this.#comma(end)
    }
    return values
  }

  /** Steps behind the end of a collection, where it is here. */
  #ends(end: string): boolean {
    this.#blanks()
    if (this.#text[this.#at] !== end) return false
    this.#at++
    return true
  }

  /** Between two entries is a comma; before the end there may be one. */
  #comma(end: string): void {
    this.#blanks()
    if (this.#text[this.#at] === ',') this.#at++
    else if (this.#text[this.#at] !== end) throw new NotPython()
  }

  #string(quote: string): string {
    const start = ++this.#at
    while (this.#at < this.#text.length && this.#text[this.#at] !== quote)
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1
    if (this.#at >= this.#text.length) throw new NotPython()
    const text = this.#text.slice(start, this.#at++)
    return text.includes('\\')
      ? text.replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character)
      : text
  }

  #word(): unknown {
    const found = wordAt.exec(this.#text.slice(this.#at, this.#at + longestWord))?.[0] ?? ''
    this.#at += found.length
    if (words.has(found)) return words.get(found)
    if (found === '' || Number.isNaN(Number(found))) throw new NotPython()
    return Number(found)
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
const longestWord = 400
const wordAt = /^[-+.\w]+/
