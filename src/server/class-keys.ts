import { shortInteger } from '../core/exact-integer.ts'
import { csvOf, withoutFormula } from '../input/fields.ts'
import { type ClassList, nameOf, ownColumns } from './class-list.ts'
import { addDrawnKeys, type NewKey } from './keys.ts'
import type { KeyRecord, Store } from './store/store.ts'

interface ClassKeysOptions {
  /** Of those whose row has none, FLOPs. */
  readonly budget: bigint
  readonly instructor?: boolean
  readonly now: number
  /** Is told the list with its keys before any of them counts, where some are made. */
  readonly beforehand?: (csv: string, made: readonly NewKey[]) => void
}

/** What became of a class list. */
export interface ClassKeys {
  readonly made: readonly (NewKey & { readonly label: string; readonly budget: bigint })[]
  /** The list with its keys, as CSV. */
  readonly csv: string
  /** People who have a key already, and were left out. */
  readonly known: number
  /** Names that are there more than once, beyond the first time: each has a key for each time. */
  readonly twice: number
}

/** Makes a key for each name of a list that has none: all of them or none. Errors: those of the store. */
export async function addClassKeys(store: Store, list: ClassList, options: ClassKeysOptions): Promise<ClassKeys> {
  const { budget: usual, instructor = false, now, beforehand = () => {} } = options
  const there = new Set((await store.listKeys()).filter(({ revoked }) => !revoked).map(({ label }) => nameOf(label)))
  const people = list.people.filter(({ label }) => !there.has(label))
  const owners = people.map(({ label, budget = usual }) => ({ label, budget, instructor }))
  const csvWith = (made: readonly NewKey[]) =>
    csvOf([
      [...list.columns, ...ownColumns],
      ...made.map(({ id, key }, k) => [
        ...[...people[k].cells.map(withoutFormula), id, key, shortInteger(owners[k].budget)],
      ]),
    ])
  const made = await addDrawnKeys(store, owners, now, (made) => {
    if (made.length > 0) beforehand(csvWith(made), made)
  })
  return {
    made: made.map((key, k) => ({ ...key, label: owners[k].label, budget: owners[k].budget })),
    csv: csvWith(made),
    known: list.people.length - people.length,
    twice: owners.length - new Set(owners.map(({ label }) => label)).size,
  }
}

/** All keys as CSV, without the keys themselves, which nobody has. */
export const keysCsv = (keys: readonly KeyRecord[]): string =>
  csvOf([
    ['key_id', 'label', 'budget', 'used', 'revoked', 'instructor', 'created_at'],
    ...keys.map(({ id, label, budget, used, revoked, instructor, createdAt }) => [
      ...[id, withoutFormula(label), String(budget), String(used)],
      ...[revoked ? 'yes' : 'no', instructor ? 'yes' : 'no', new Date(createdAt).toISOString()],
    ]),
  ])
