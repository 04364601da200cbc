/** What is told apart in a file of JSON: a line of JSONL, an element of an array, or one of the values that stand one after the other. */
export interface JsonItem {
  /** Of the file, up to its end, what stands between it and the one before included. */
  readonly size: number
  /** Null where there are too many. */
  readonly bytes: Buffer | null
  /** Whether the file ends before it does. */
  readonly isCut: boolean
}

/** Bytes of the longest item that is kept in memory. */
export const longestItem = 1 << 26

/** Bytes of the beginning in which the layout has to show. */
const beginningSize = 1 << 16

/**
 * The items of a file of JSON in whatever layout it has: an array, on one line or on many; values over several lines, as pretty printers write
 * them; else one record a line, where a broken one costs that line only.
 */
export async function* jsonItems(chunks: AsyncIterable<Buffer>): AsyncGenerator<JsonItem> {
  const all = chunks[Symbol.asyncIterator]()
  const beginning: Buffer[] = []
  let layout: Layout | null = null
  for (let size = 0; layout === null; ) {
    const { value, done } = await all.next()
    if (!done) beginning.push(value)
    size += done ? 0 : value.length
    layout = layoutOf(Buffer.concat(beginning), done === true || size >= beginningSize)
  }
  async function* joined(): AsyncGenerator<Buffer> {
    try {
      yield* beginning
      for (let next = await all.next(); !next.done; next = await all.next()) yield next.value
    } finally {
      await all.return?.()
    }
  }
  yield* layout === 'lines' ? linesOf(joined()) : new Values(layout === 'array' ? 1 : 0).of(joined())
}

type Layout = 'lines' | 'array' | 'values'

/** Null where more has to be read to tell. */
function layoutOf(beginning: Buffer, isAll: boolean): Layout | null {
  const text = beginning
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
  if (text[0] === '[') return 'array'
  const newline = text.indexOf('\n')
  if (newline < 0 && !isAll && text.length < beginningSize) return null
  // A line of JSONL that is cut off may end in anything, but hardly in an opening bracket or behind a comma.
  return text[0] === '{' && newline >= 0 && /[{[,]$/.test(text.slice(0, newline).trimEnd()) ? 'values' : 'lines'
}

/** A part of the file as it grows; beyond what is kept it is only counted. */
class Item {
  #pieces: Buffer[] = []
  #length = 0

  add(piece: Buffer): void {
    this.#length += piece.length
    if (this.#length <= longestItem) this.#pieces.push(piece)
    else this.#pieces = []
  }

  take(): Buffer | null {
    const [pieces, length] = [this.#pieces, this.#length]
    this.#pieces = []
    this.#length = 0
    if (length > longestItem) return null
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<JsonItem> {
  const line = new Item()
  let size = 0
  for await (const chunk of chunks)
    for (let start = 0; start < chunk.length; ) {
      const newline = chunk.indexOf(0x0a, start)
      const end = newline < 0 ? chunk.length : newline + 1
      line.add(chunk.subarray(start, end))
      size += end - start
      start = end
      if (newline < 0) continue
      yield { size, bytes: line.take(), isCut: false }
      size = 0
    }
  if (size > 0) yield { size, bytes: line.take(), isCut: false }
}

const [quote, backslash, comma] = [...Buffer.from('"\\,')]
const byteOrderMark = Buffer.from('\ufeff')
const [openBrace, closeBrace, openBracket, closeBracket] = [...Buffer.from('{}[]')]

/** Takes values apart by their brackets alone, so that each is parsed by itself and a broken one costs itself. */
class Values {
  /** How deep the values lie: 1 in an array, 0 where they stand by themselves. */
  readonly #outer: 0 | 1
  readonly #item = new Item()
  #depth = 0
  #isInText = false
  #isEscaped = false
  /** Whether a value has begun. */
  #isOpen = false

  constructor(outer: 0 | 1) {
    this.#outer = outer
  }

  async *of(chunks: AsyncIterable<Buffer>): AsyncGenerator<JsonItem> {
    let size = 0
    for await (const chunk of chunks) {
      let start = 0 // of what belongs to the value in this chunk
      let told = 0 // bytes whose items were given
      for (let i = 0; i < chunk.length; i++) {
        const wasOpen = this.#isOpen
        const end = this.#step(chunk, i)
        if (!wasOpen && this.#isOpen) start = i
        if (end === null) continue
        this.#item.add(chunk.subarray(start, end))
        yield { size: size + end - told, bytes: this.#item.take(), isCut: false }
        this.#isOpen = false
        size = 0
        told = end
        i = Math.max(i, end - 1)
      }
      if (this.#isOpen) this.#item.add(chunk.subarray(start))
      size += chunk.length - told
    }
    const isCut = this.#isOpen || this.#depth > 0
    if (isCut) yield { size, bytes: this.#isOpen ? this.#item.take() : Buffer.alloc(0), isCut }
  }

  /** Looks at one byte; says where the value that is open ends, null where it goes on. */
  #step(chunk: Buffer, i: number): number | null {
    const byte = chunk[i]
    if (this.#isInText) return this.#stepInText(byte, i)
    const isOutside = this.#depth <= this.#outer
    if (byte <= 0x20 || byte === comma) return isOutside && this.#isOpen ? i : null
    if (byte === closeBrace || byte === closeBracket) return this.#close(i)
    if (byte === openBracket && this.#depth < this.#outer) {
      this.#depth++
      return null
    }
    if (this.#depth < this.#outer && byteOrderMark.includes(byte)) return null
    this.#isOpen = true
    if (byte === quote) this.#isInText = true
    else if (byte === openBrace || byte === openBracket) this.#depth++
    return null
  }

  #stepInText(byte: number, i: number): number | null {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === backslash) this.#isEscaped = true
    else if (byte === quote) {
      this.#isInText = false
      if (this.#depth <= this.#outer) return i + 1
    }
    return null
  }

  #close(i: number): number | null {
    const isScalarOpen = this.#isOpen && this.#depth <= this.#outer
    this.#depth = Math.max(0, this.#depth - 1)
    if (isScalarOpen) return i
    return this.#isOpen && this.#depth === this.#outer ? i + 1 : null
  }
}
