/** What a page says of an object: the fields of a table, or what stands in braces within a cell. */
export type Shape =
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Shape>; readonly isOpen: boolean }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'any' }

const any: Shape = { kind: 'any' }

/** The tables of a section of a page in Markdown, `| field | meaning |`: a shape each. */
export function tablesOf(section: string): Shape[] {
  return section
    .split(/^\| field \| meaning \|$/m)
    .slice(1)
    .map((text) => {
      const rows = text
        .split('\n')
        .slice(2)
        .map((line) => /^\| (`.*?`) \| (.*) \|$/.exec(line))
      const end = rows.indexOf(null)
      return shapeOfRows(rows.slice(0, end < 0 ? rows.length : end).map((row) => [row![1], row![2]]))
    })
}

/** Rows may name several fields; one behind `a.b` without a dot is beside `b`. */
function shapeOfRows(rows: readonly (readonly [string, string])[]): Shape {
  const fields = new Map<string, Shape>()
  for (const [cell, meaning] of rows) {
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    const [outer] = names[0].includes('.') ? names[0].split('.') : []
    const shape = names.length === 1 ? shapeIn(meaning) : any
    for (const name of names) {
      if (outer === undefined) fields.set(name, shape)
      else fields.set(outer, withField(fields.get(outer), name.replace(`${outer}.`, ''), shape))
    }
  }
  return { kind: 'object', fields, isOpen: false }
}

const withField = (shape: Shape | undefined, name: string, of: Shape): Shape => ({
  ...{ kind: 'object', isOpen: false },
  fields: new Map([...(shape?.kind === 'object' ? shape.fields : []), [name, of]]),
})

/** The first thing in a cell that is written as an object or a list of objects; a list is of single ones where a table below says more. */
function shapeIn(meaning: string): Shape {
  const texts = [...meaning.matchAll(/`(\[?\{[^`]*\}\]?)`/g)].map(([, text]) => text)
  return texts.length === 1 ? new Reader(texts[0]).shape() : any // several are cases of one: told apart by their kinds
}

/** Reads `{a, b: {c}, d: [{e}], f: "x" or "y", ...}`. */
class Reader {
  readonly #words: readonly string[]
  #place = 0

  constructor(text: string) {
    this.#words = text.match(/"[^"]*"|\.\.\.|[\w-]+|[^\s\w]/g) ?? []
  }

  shape(): Shape {
    if (this.#takes('{')) return this.#object()
    if (this.#takes('[')) {
      const of = this.shape()
      while (!this.#takes(']')) this.#place++
      return { kind: 'list', of }
    }
    this.#place++
    return any
  }

  #object(): Shape {
    const fields = new Map<string, Shape>()
    let isOpen = false
    while (!this.#takes('}')) {
      const word = this.#words[this.#place++]
      if (word === undefined) throw new Error(`a brace is not closed: ${this.#words.join(' ')}`)
      if (word === '...') isOpen = true
      else if (/^\w/.test(word)) fields.set(word, this.#takes(':') ? this.shape() : any)
      while (this.#takes('or') || /^"/.test(this.#words[this.#place] ?? '')) this.#skipCase()
    }
    return { kind: 'object', fields, isOpen }
  }

  /** `a or b`: either may be there. */
  #skipCase(): void {
    if (/^"/.test(this.#words[this.#place] ?? '')) this.#place++
  }

  #takes(word: string): boolean {
    if (this.#words[this.#place] !== word) return false
    this.#place++
    return true
  }
}

/** Of some values, what a shape has and none of them, and what one of them has and the shape not: `name` and `+name`, by their paths. */
export function differences(shape: Shape, values: readonly unknown[], path = ''): string[] {
  const there = values.filter((value) => value !== null && value !== undefined)
  if (shape.kind === 'any' || there.length === 0) return []
  if (shape.kind === 'list') {
    const lists = there.filter(Array.isArray)
    return [
      ...(lists.length < there.length ? [`${path} is no list`] : []),
      ...differences(shape.of, lists.flat(), `${path}[]`),
    ]
  }
  const objects = there.filter((value): value is Record<string, unknown> => typeof value === 'object')
  if (objects.length === 0) return []
  const seen = new Set(objects.flatMap((object) => Object.keys(object)))
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  return [
    ...[...seen].filter((name) => !shape.isOpen && !shape.fields.has(name)).map((name) => `+${at(name)}`),
    ...[...shape.fields.keys()].filter((name) => !seen.has(name)).map(at),
    ...[...shape.fields].flatMap(([name, field]) =>
      differences(
        field,
        objects.map((object) => object[name]),
        at(name),
      ),
    ),
  ]
}

/** What lies at a path such as `methods[]` in a value: none, one or several. */
export function valuesAt(value: unknown, path: string): unknown[] {
  let found = [value]
  for (const step of path.split('.').filter((name) => name !== '')) {
    const name = step.replace('[]', '')
    if (name === '*') found = found.flatMap((one) => Object.values(one as object))
    else if (name !== '') found = found.map((one) => (one as Record<string, unknown> | null | undefined)?.[name])
    if (step.endsWith('[]')) found = found.flatMap((one) => (one ?? []) as unknown[])
  }
  return found
}
