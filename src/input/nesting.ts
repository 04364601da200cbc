import { type Column, Columns, cellAt, isRecord, type Json } from './record.ts'
import { consumedBy, type Entry, entriesOf, type Layout } from './tables.ts'

/** From a record to a table in it: under which keys it stands, how its rows lie there, and what the key of a row is called. */
export interface Step {
  readonly keys: readonly string[]
  readonly layout: Layout
  readonly keyName: string
}

/** A table in records, or in the rows of a table in them; without steps, the records themselves. */
export interface Nest {
  readonly steps: readonly Step[]
}

/** The records themselves. */
export const itself: Nest = { steps: [] }

/** As `--records` names it: keys, and `*` for any key. */
export const nameOf = ({ steps }: Nest): string =>
  steps
    .flatMap(({ keys, layout }) => [...keys.filter((key) => key !== unnamed), ...(layout === 'each' ? ['*'] : [])])
    .join('.') || '.'

/** A row: its own record last, before it those that it lies in. */
export interface Row {
  readonly records: readonly Json[]
  /** Why there is no record of its own where one should be; null where there is. */
  readonly stray: string | null
}

/** An array that stands under a key has it as a record with one more key, which is no name that anybody gives. */
export const unnamed = ''

/** The rows of a record. */
export const rowsOf = (record: Json, { steps }: Nest): Iterable<Row> =>
  steps.length === 0 ? [{ records: [record], stray: null }] : rowsBelow([record], steps)

function* rowsBelow(outer: readonly Json[], steps: readonly Step[]): Generator<Row> {
  const step = steps[outer.length - 1]
  let isEmpty = true
  for (const entry of entriesOf(valueAt(outer[outer.length - 1], step.keys), step.layout)) {
    isEmpty = false
    const record = recordOf(entry, step.keyName)
    if (record === null) yield { records: outer, stray: 'is not a JSON object' }
    else if (outer.length === steps.length) yield { records: [...outer, record], stray: null }
    else yield* rowsBelow([...outer, record], steps)
  }
  if (isEmpty) yield { records: outer, stray: `has no records in "${nameOf({ steps })}"` }
}

/** An entry as a record, with the key that it stands under; null where it is none. */
export function recordOf({ value, key }: Entry, keyName: string): Json | null {
  if (key === null) return isRecord(value) ? value : null
  return isRecord(value) ? { [keyName]: key, ...value } : { [keyName]: key, [unnamed]: value }
}

/** What stands under keys within each other. */
export function valueAt(record: Json, keys: readonly string[]): unknown {
  let value: unknown = record
  for (const key of keys) value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

/** Whether a nest lies in the rows of another. */
const isWithin = (inner: Nest, { steps }: Nest): boolean =>
  inner.steps.length > steps.length &&
  steps.every(({ keys, layout }, k) => layout === inner.steps[k].layout && keys.join() === inner.steps[k].keys.join())

/** A column of rows, and in which of their records it is. */
export interface RowColumn extends Column {
  readonly level: number
}

/** The columns of rows: those of the innermost record first, under their own names. */
export class RowColumns {
  readonly #levels: Columns[]
  readonly #last: (Json | undefined)[] = []
  readonly #nest: Nest
  /** To the tables in the innermost record. */
  readonly #below: readonly Step[]

  /** What is in the table of another nest is no column around it. */
  constructor(nest: Nest, others: readonly Nest[]) {
    this.#nest = nest
    this.#below = others.filter((other) => isWithin(other, nest)).map(({ steps }) => steps[nest.steps.length])
    this.#levels = Array.from({ length: nest.steps.length + 1 }, () => new Columns())
  }

  get size(): number {
    return this.#levels.reduce((sum, columns) => sum + columns.size, 0)
  }

  add({ records, stray }: Row): void {
    if (stray !== null) return
    records.forEach((record, level) => {
      // The rows of a table share what is around them.
      if (this.#last[level] === record) return
      this.#last[level] = record
      this.#levels[level].add(record, this.#consumedIn(record, level))
    })
  }

  #consumedIn(record: Json, level: number): ReadonlySet<unknown> {
    const { steps } = this.#nest
    const inside = level < steps.length ? [steps[level]] : this.#below
    return new Set(inside.flatMap(({ keys, layout }) => consumedBy(valueAt(record, keys), layout)))
  }

  /** A field around a table is told by where it is if one in the table has its name, or means the same. */
  list(quantitiesIn: (names: readonly string[]) => ReadonlySet<string> = () => nothing): RowColumn[] {
    const all: RowColumn[] = []
    const taken = new Set<string>()
    let inner = nothing
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const columns = this.#levels[level].list()
      const isHidden = (name: string) =>
        taken.has(name) || [...quantitiesIn([name])].some((quantity) => inner.has(quantity))
      const isOuter = level < this.#levels.length - 1
      for (const { name, path } of columns)
        all.push({ name: isOuter && isHidden(name) ? `${this.#placeOf(level)}.${name}` : name, path, level })
      for (const { name } of columns) taken.add(name)
      if (this.#levels.length > 1) inner = new Set([...inner, ...quantitiesIn(columns.map(({ name }) => name))])
    }
    return all
  }

  #placeOf(level: number): string {
    const name = nameOf({ steps: this.#nest.steps.slice(0, level) })
    return name === '.' ? 'outer' : name
  }
}

const nothing: ReadonlySet<string> = new Set()

/** The cell of a column. */
export const cellOf = ({ records }: Row, { level, path }: RowColumn): unknown => cellAt(records[level], path)
