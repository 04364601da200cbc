/** An object of JSON, or of a Parquet file. */
export type Json = Readonly<Record<string, unknown>>

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

const keysSeen = new WeakMap<Json, readonly string[]>()

/** The keys of a record that is looked at again and again: of one that has a million, taking them takes longer than looking at each. */
export function keysOf(record: Json): readonly string[] {
  const seen = keysSeen.get(record)
  if (seen !== undefined) return seen
  const keys = Object.keys(record)
  keysSeen.set(record, keys)
  return keys
}

/** Where a column is in a record: under a key, under the key of an object that is under a key, and so on. */
export interface Column {
  readonly name: string
  readonly path: readonly string[]
}

/** Objects within objects are taken apart to this depth; what is deeper stays one cell, which is no number. */
const deepest = 32

/** A list of more entries than this is no list of names and values: each is looked for among the others. */
const mostPairs = 1000

/** Under which keys the name and the value of such an entry stand: MLflow, Aim and Comet differ. */
const nameKeys = ['key', 'name']
const valueKeys = ['value', 'valueCurrent', 'last_value']
/** What else may stand in it. */
const besidePairs = new Set([
  ...[...nameKeys, ...valueKeys, 'step', 'timestamp', 'type', 'desc', 'description', 'context', 'editable'],
  ...['valueMin', 'valueMax', 'stepMin', 'stepMax', 'stepCurrent', 'timestampMin', 'timestampMax', 'timestampCurrent'],
])

/** `[{"key": "loss", "value": 3.1}, ...]`, as the MLflow server writes metrics and parameters: each name once. */
export const isPairs = (value: unknown): value is readonly Json[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= mostPairs &&
  value.every(isPair) &&
  new Set(value.map(nameOfPair)).size === value.length

const isPair = (entry: unknown): boolean =>
  isRecord(entry) &&
  typeof nameOfPair(entry) === 'string' &&
  valueKeys.some((key) => Object.hasOwn(entry, key)) &&
  Object.keys(entry).every((key) => besidePairs.has(key))

const ownOf = (entry: Json, keys: readonly string[]): unknown => {
  const key = keys.find((name) => Object.hasOwn(entry, name))
  return key === undefined ? undefined : entry[key]
}
const nameOfPair = (entry: Json): unknown => ownOf(entry, nameKeys)
const valueOfPair = (entry: Json): unknown => ownOf(entry, valueKeys)

/** What `{"value": 3, "desc": null}` stands for, as Weights & Biases writes each setting. */
function unwrapped(value: unknown): unknown {
  if (!isRecord(value) || !Object.hasOwn(value, 'value')) return value
  for (const key in value) if (key !== 'value' && key !== 'desc') return value
  return value.value
}

/** What is under a key of a value that is a record or a list of names and values. */
function member(value: unknown, key: string): unknown {
  if (isRecord(value)) return Object.hasOwn(value, key) ? value[key] : undefined
  return isPairs(value) ? pairValue(value, key) : undefined
}

function pairValue(pairs: readonly Json[], name: string): unknown {
  const entry = pairs.find((pair) => nameOfPair(pair) === name)
  return entry && valueOfPair(entry)
}

/** The cell of a column; undefined where the record does not have it. */
export function cellAt(record: Json, path: readonly string[]): unknown {
  let value: unknown = record
  for (const key of path) value = unwrapped(member(value, key))
  return value
}

/** Whether an array holds records, and is not a record written as a list. */
export const isRecords = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.some(isRecord) && !isPairs(value)

/** A key that was seen. */
interface Node {
  readonly path: readonly string[]
  /** Whether something other than an object stood under it. */
  isColumn: boolean
  inside: Map<string, Node> | null
}

const nothing: ReadonlySet<unknown> = new Set()

/**
 * The columns of records, in the order in which they were first seen: `{"loss": {"last": 3}}` has the column `loss.last`. What is in
 * a `config` has its own name, as in the records of `isoflop train`, unless something else has that. An array of numbers is one
 * cell; an array of records is none, as its records are rows of their own (`nesting.ts`).
 */
export class Columns {
  readonly #root = new Map<string, Node>()
  readonly #columns: Node[] = []

  get size(): number {
    return this.#columns.length
  }

  /** Looks at a record, but at nothing that is skipped in it. */
  add(record: Json, skipped: ReadonlySet<unknown> = nothing): void {
    for (const key of Object.keys(record)) this.#look(record[key], nodeIn(this.#root, [], key), skipped)
  }

  #look(given: unknown, node: Node, skipped: ReadonlySet<unknown>): void {
    if (skipped.has(given)) return
    const value = unwrapped(given)
    if (node.path.length < deepest && isRecord(value)) {
      for (const key of Object.keys(value)) this.#look(value[key], nodeUnder(node, key), skipped)
    } else if (node.path.length < deepest && isPairs(value)) {
      for (const entry of value) this.#look(valueOfPair(entry), nodeUnder(node, nameOfPair(entry) as string), skipped)
    } else if (!node.isColumn && !isRecords(value)) {
      node.isColumn = true
      this.#columns.push(node)
    }
  }

  /** The columns, none of which gets a name that is taken only because it is in a `config`. */
  list(others: readonly string[] = []): Column[] {
    const names = this.#columns.map(({ path }) => path.join('.'))
    const taken = new Set([...names, ...others])
    return this.#columns.map(({ path }, i) => {
      const own = path[0] === 'config' && path.length > 1 ? path.slice(1).join('.') : names[i]
      return { name: taken.has(own) ? names[i] : own, path }
    })
  }
}

function nodeUnder(node: Node, key: string): Node {
  node.inside ??= new Map()
  return nodeIn(node.inside, node.path, key)
}

function nodeIn(inside: Map<string, Node>, path: readonly string[], key: string): Node {
  const known = inside.get(key)
  if (known !== undefined) return known
  const node: Node = { path: [...path, key], isColumn: false, inside: null }
  inside.set(key, node)
  return node
}
