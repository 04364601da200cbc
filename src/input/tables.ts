import { isRecord, isRecords, type Json, keysOf } from './record.ts'

/**
 * How the rows of a table lie in a value of JSON:
 *
 * - `array`: `[{"N": 1, "loss": 3}, ...]`
 * - `each`: under keys of their own, `{"run0": {"N": 1, "loss": 3}, "run1": ...}`, or arrays of them, `{"1e18": [...], "1e19": [...]}`
 * - `lists`: a list a column, `{"N": [1, 2], "loss": [3, 2]}`
 * - `columns`: an object a column, as pandas writes by itself, `{"N": {"0": 1, "1": 2}, "loss": {"0": 3, "1": 2}}`
 * - `split`: the names of the columns, then lists, `{"columns": ["N", "loss"], "data": [[1, 3], [2, 2]]}`
 * - `values`: the same as lists alone, `[["N", "loss"], [1, 3], [2, 2]]`
 */
export type Layout = 'array' | 'each' | 'lists' | 'columns' | 'split' | 'values'

/** A row of a table: a record, or what else stands in its place; and the key that it stands under. */
export interface Entry {
  readonly value: unknown
  readonly key: string | null
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

const isNames = (value: unknown): value is readonly unknown[] =>
  isList(value) && value.length > 0 && value.every((name) => typeof name === 'string' || isList(name))

/** Under which names the columns and the rows of `split` stand: pandas, Weights & Biases, Aim and others differ. */
const namesKeys = ['columns', 'header', 'headers', 'fields', 'names', 'column_names']
const rowsKeys = ['data', 'rows', 'values']

function splitParts(value: Json): { names: readonly unknown[]; rows: readonly unknown[] } | null {
  const names = namesKeys.map((key) => own(value, key)).find(isNames)
  const rows = rowsKeys.map((key) => own(value, key)).find((part) => isList(part) && part.every(isList))
  return names && rows ? { names, rows: rows as readonly unknown[] } : null
}

const own = (value: Json, key: string): unknown => (Object.hasOwn(value, key) ? value[key] : undefined)

/** The layout that shows by itself, whatever the columns are called; null where none does. */
export function plainLayout(value: unknown): 'array' | 'columns' | 'split' | 'values' | null {
  if (isRecords(value)) return 'array'
  if (isList(value)) return isNames(value[0]) && isList(value[1]) ? 'values' : null
  if (!isRecord(value)) return null
  if (splitParts(value)) return 'split'
  return hasNumberedColumns(value) ? 'columns' : null
}

/** Whether all values are objects whose keys count from 0, as pandas numbers rows. */
function hasNumberedColumns(value: Json): boolean {
  const keys = keysOf(value)
  const isNumbered = (column: unknown) => isRecord(column) && Object.hasOwn(column, '0')
  if (keys.length < 2 || !keys.every((key) => isNumbered(value[key]))) return false
  return areAlike(keys.map((key) => value[key] as Json))
}

/** Whether the values are objects without another one in them: the columns of a table, if they are called so. */
export function couldBeColumns(value: Json): boolean {
  const keys = keysOf(value)
  const isFlat = (column: unknown) => isRecord(column) && !Object.values(column).some(isRecord)
  if (keys.length < 2 || !keys.every((key) => isFlat(value[key]))) return false
  return areAlike(keys.map((key) => value[key] as Json))
}

/** Whether columns have half of all their keys on average: a table of others is as large as the square of what was written. */
function areAlike(columns: readonly Json[]): boolean {
  const keys = new Set<string>()
  let cells = 0
  for (const column of columns)
    for (const key of Object.keys(column)) {
      keys.add(key)
      cells++
    }
  return 2 * cells >= keys.size * columns.length
}

/** The keys of lists without records that are as long as the longest of them, two or more; empty without. */
export function equalLists(value: Json): string[] {
  const keys = keysOf(value).filter((key) => isList(value[key]))
  const listOf = (key: string) => value[key] as readonly unknown[]
  const length = keys.reduce((most, key) => Math.max(most, listOf(key).length), 0)
  const isColumn = (list: readonly unknown[]) => list.length === length && !list.some(isRecord) && !isSquare(list)
  return length < 2 ? [] : keys.filter((key) => isColumn(listOf(key)))
}

/** Lists as long as there are of them: the losses of every size with every number of tokens, which are no column beside these. */
const isSquare = (list: readonly unknown[]): boolean =>
  list.every((inner) => isList(inner) && inner.length === list.length)

/** The rows of a value of this layout, one after another. */
export function entriesOf(value: unknown, layout: Layout): Iterable<Entry> {
  switch (layout) {
    case 'array':
      // One record where others have several is not always put into an array.
      return isList(value) ? unnamed(value) : isRecord(value) ? [{ value, key: null }] : []
    case 'each':
      return isRecord(value) ? named(value) : []
    case 'lists':
      return isRecord(value) ? rowsOfLists(value) : []
    case 'columns':
      return isRecord(value) ? rowsOfColumns(value) : []
    case 'split': {
      const parts = isRecord(value) ? splitParts(value) : null
      return parts ? rowsOfSplit(parts.names, parts.rows) : []
    }
    case 'values':
      return isList(value) && isNames(value[0]) ? rowsOfSplit(value[0], value.slice(1)) : []
  }
}

function* unnamed(list: readonly unknown[]): Generator<Entry> {
  for (const value of list) yield { value, key: null }
}

function* named(record: Json): Generator<Entry> {
  for (const key of keysOf(record))
    if (isRecord(record[key]) || isRecords(record[key])) yield { value: record[key], key }
}

function* rowsOfLists(record: Json): Generator<Entry> {
  const keys = equalLists(record)
  const lists = keys.map((key) => record[key] as readonly unknown[])
  for (let i = 0; i < (lists[0]?.length ?? 0); i++)
    yield { value: Object.fromEntries(keys.map((key, k) => [key, lists[k][i]])), key: null }
}

function* rowsOfColumns(record: Json): Generator<Entry> {
  const columns = Object.entries(record).filter((entry): entry is [string, Json] => isRecord(entry[1]))
  const keys = new Set(columns.flatMap(([, column]) => Object.keys(column)))
  for (const key of keys) {
    const cells = columns.map(([name, column]) => [name, own(column, key)] as const)
    yield { value: Object.fromEntries(cells), key: /^\d+$/.test(key) ? null : key }
  }
}

function* rowsOfSplit(names: readonly unknown[], rows: readonly unknown[]): Generator<Entry> {
  const keys = names.map((name) => (isList(name) ? name.join('.') : String(name)))
  for (const row of rows) {
    const isRow = isList(row) && row.length === keys.length
    yield { value: isRow ? Object.fromEntries(keys.map((key, k) => [key, row[k]])) : row, key: null }
  }
}

/** What of a value its rows are made of: it is no field beside them. */
export function consumedBy(value: unknown, layout: Layout): readonly unknown[] {
  if (!isRecord(value)) return [value]
  switch (layout) {
    case 'each':
    case 'columns':
      return keysOf(value).flatMap((key) => (isRecord(value[key]) || isRecords(value[key]) ? [value[key]] : []))
    case 'lists':
      return equalLists(value).map((key) => value[key])
    case 'split': {
      const parts = splitParts(value)
      return parts ? [parts.names, parts.rows] : []
    }
    default:
      return [value]
  }
}
