/** Which key or column has the text, told from the first rows of a file. */
export interface TextField {
  readonly name: string
  /** Other columns that might be meant. */
  readonly rivals: readonly string[]
}

/** What the text is usually called, the most usual name first. */
export const usualNames = [
  ...['text', 'content', 'raw_content', 'document', 'body', 'article', 'passage', 'contents', 'full_text', 'fulltext'],
  ...['markdown', 'page_content', 'story', 'code', 'paragraph', 'sentence'],
]

/** Characters that a row has on average where a column of another name is taken for text: a title or an address has fewer. */
const leastLength = 50

interface Column {
  /** The names that lead to it. */
  readonly path: readonly string[]
  /** Rows that have text in it. */
  texts: number
  characters: number
  /** What it has instead. */
  other: string | null
  /** What it is a list of, if it is one. */
  listOf: Nested['of'] | null
}

/** Documents that lie a level deeper than they should. */
export interface Nested {
  /** The names that lead there; none where the whole file is the list. */
  readonly path: readonly string[]
  readonly of: 'records' | 'texts'
}

/** How deep the text may lie. */
const deepest = 4

/** What a record has, with the names that lead there. */
function* flat(
  row: Iterable<readonly [string, unknown]>,
  outer: readonly string[],
): Generator<[readonly string[], unknown]> {
  for (const [name, value] of row) {
    const path = [...outer, name]
    if (path.length < deepest && isObject(value)) yield* flat(Object.entries(value), path)
    else yield [path, value]
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !ArrayBuffer.isView(value) &&
  !(value instanceof Date)

/** What a record has under a name; where it has no such key, under the names of objects in one another: `data.text`. */
export function valueAt(record: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name]
  for (let stop = name.indexOf('.'); stop >= 0; stop = name.indexOf('.', stop + 1)) {
    const outer = name.slice(0, stop)
    const inner = Object.hasOwn(record, outer) ? record[outer] : undefined
    if (isObject(inner)) return valueAt(inner, name.slice(stop + 1))
  }
  return undefined
}

/** What is in the columns of some rows. */
export class ColumnLengths {
  #rows = 0
  /** In the order in which they came. */
  readonly #columns = new Map<string, Column>()

  /** A row by its names and values; what is in an object has the names of both, with a full stop between them. */
  add(row: Iterable<readonly [string, unknown]>): void {
    this.#rows++
    for (const [path, value] of flat(row, [])) {
      const name = path.join('.')
      const column = this.#columns.get(name) ?? { path, texts: 0, characters: 0, other: null, listOf: null }
      if (typeof value === 'string') {
        column.texts++
        column.characters += value.length
      } else {
        column.other ??= kindOf(value)
        column.listOf ??= listOf(value)
      }
      if (this.#columns.size < mostColumns) this.#columns.set(name, column)
    }
  }

  get rows(): number {
    return this.#rows
  }

  has(name: string): boolean {
    return this.#columns.has(name)
  }

  /** Null where no column can be the text. */
  choose(): TextField | null {
    const full = [...this.#columns].filter(([, { texts, characters }]) => texts >= this.#rows / 2 && characters > 0)
    const usual = usualNames.filter((name) => full.some(([other]) => other === name))
    const long = full
      .map(([name]) => name)
      .filter((name) => this.#mean(name) >= leastLength)
      .sort((p, q) => this.#mean(q) - this.#mean(p))
    const [name, ...others] = [...new Set([...usual, ...long])]
    return name === undefined ? null : { name, rivals: others }
  }

  /** The first column that is a list, where there is one row only: the documents are in there. */
  get nested(): Nested | null {
    const column = [...this.#columns.values()].find(({ listOf }) => listOf !== null)
    return this.#rows === 1 && column !== undefined ? { path: column.path, of: column.listOf! } : null
  }

  get hasText(): boolean {
    return [...this.#columns.values()].some(({ texts }) => texts > 0)
  }

  /** A column in words. */
  #textOf(name: string): string {
    const { texts, other } = this.#columns.get(name)!
    const what = texts > 0 ? `${Math.round(this.#mean(name))} characters` : (other ?? 'empty')
    return `"${name.slice(0, 40)}" (${what})`
  }

  /** The columns in words, of many the first. */
  all(): string {
    const names = [...this.#columns.keys()]
    const shown = names.slice(0, mostShown).map((name) => this.#textOf(name))
    return (names.length > mostShown ? [...shown, `and ${names.length - mostShown} more`] : shown).join(', ')
  }

  #mean(name: string): number {
    const { texts, characters } = this.#columns.get(name)!
    return characters / Math.max(1, texts)
  }
}

function listOf(value: unknown): Nested['of'] | null {
  if (!Array.isArray(value) || value.length === 0) return null
  if (value.every((item) => typeof item === 'string')) return 'texts'
  return value.every(isObject) ? 'records' : null
}

const mostColumns = 1000
const mostShown = 20

function kindOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
