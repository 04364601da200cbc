import { IsoflopError } from '../core/errors.ts'
import type { CorruptRow, Manifest } from './manifest.ts'
import type { Source } from './sources.ts'

/** Corrupt rows that are listed; the others are counted. */
const mostListed = 20
/** Of those, how many an error names. */
const mostNamed = 3

/** The rows that could not be read, up to as many as are allowed. */
export class CorruptRows {
  #count: number
  readonly #first: CorruptRow[]
  readonly #sources: readonly Source[]
  readonly #most: number

  constructor(sources: readonly Source[], most: number, known: Manifest['corruptRows'] = { count: 0, first: [] }) {
    this.#sources = sources
    this.#most = most
    this.#count = known.count
    this.#first = [...known.first]
  }

  add(row: CorruptRow): void {
    this.#count++
    if (this.#first.length < mostListed) this.#first.push(row)
  }

  state(): Manifest['corruptRows'] {
    return { count: this.#count, first: [...this.#first] }
  }

  /** Errors: ROWS_CORRUPT where there are more than allowed. */
  requireFew(): void {
    if (this.#count <= this.#most) return
    const named = this.#first.slice(0, mostNamed).map((row) => corruptRowText(row, this.#sources))
    throw new IsoflopError(
      'ROWS_CORRUPT',
      `${this.#count} rows cannot be read, --max-corrupt allows ${this.#most}: ${named.join('; ')}.`,
      'See to the files and --text-field, or allow more with --max-corrupt N; what is done so far is kept.',
    )
  }
}

/** A corrupt row in words: `a.jsonl:7 is not valid JSON`. */
export const corruptRowText = ({ source, row, reason }: CorruptRow, sources: readonly { name: string }[]): string =>
  `${sources[source].name}:${row} ${reason}`
