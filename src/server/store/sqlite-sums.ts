import { hash } from 'node:crypto'
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { damagedDatabase } from './common.ts'

/**
 * Rows with a checksum in them: pages of SQLite have none, and a bit that flips on a disk would be a budget, an answer or a prediction. A
 * row is looked at when it is read, and its checksum is only ever made of values that were looked at, so that no change of a damaged row
 * makes it whole again.
 */

/** What the checksum of a row covers: all that is believed. How often a reservation was renewed only delays when it is freed. */
export const covered = {
  keys: ['id', 'hash', 'label', 'budget', 'used', 'reserved', 'revoked', 'instructor', 'created_at', 'changes'],
  runs: ['key_id', 'config', 'cost', 'loss', 'settled_at'],
  reservations: ['ticket', 'key_id', 'config', 'cost', 'instance', 'created_at'],
  submissions: ['key_id', 'config', 'predicted_loss', 'submitted_at', 'used'],
  facts: ['name', 'value'],
  requests: [
    ...(['key_id', 'config', 'state', 'number', 'ticket', 'name'] as const),
    ...(['asked_at', 'started_at', 'ended_at', 'error'] as const),
  ],
  curves: ['key_id', 'config', 'curve'],
  pasts: ['key_id', 'number', 'kind', 'at', 'kept'],
  sessions: ['hash', 'key_id', 'begun_at'],
} as const

export type SummedTable = keyof typeof covered

type Values<Table extends SummedTable> = Readonly<Record<(typeof covered)[Table][number], SQLInputValue>>

/** The checksum of a row's values. */
export const checksumOf = (...values: readonly SQLInputValue[]): string =>
  hash('sha256', JSON.stringify(values.map(String)), 'hex').slice(0, 12)

/** SQL that is true of a row that is what was written. */
export const isWholeInSql = (table: SummedTable): string =>
  `${table}.checksum = row_checksum(${covered[table].map((column) => `${table}.${column}`).join(', ')})`

/** Makes `row_checksum` known to a connection. */
export function addChecksums(db: DatabaseSync): void {
  const options = { deterministic: true, varargs: true, useBigIntArguments: true } // tickets pass 2^53
  db.function('row_checksum', options, (...values: SQLOutputValue[]) => checksumOf(...values))
}

/** The SQL that adds a row of `sealed` values. */
export function insertInto(table: SummedTable, onConflict = ''): string {
  const columns = [...covered[table], 'checksum']
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ${onConflict}`
}

const valuesOf = <Table extends SummedTable>(table: Table, row: Values<Table>): SQLInputValue[] =>
  covered[table].map((column) => (row as Record<string, SQLInputValue>)[column])

/** The checksum that a row has to have. */
export const checksumOfRow = <Table extends SummedTable>(table: Table, row: Values<Table>): string =>
  checksumOf(...valuesOf(table, row))

/** A row's values with their checksum, as `insertInto` takes them. */
export const sealed = <Table extends SummedTable>(table: Table, row: Values<Table>): SQLInputValue[] => [
  ...valuesOf(table, row),
  checksumOfRow(table, row),
]

type Read<Table extends SummedTable> = Values<Table> & { readonly checksum: string }

/** Whether a row that was read with all that its checksum covers is what was written. */
export const isWhole = <Table extends SummedTable>(table: Table, row: Read<Table>): boolean =>
  row.checksum === checksumOfRow(table, row)

/** Errors: RECORD_DAMAGED for a row that is not what was written. */
export function checkRow<Table extends SummedTable>(table: Table, row: Read<Table>): void {
  if (!isWhole(table, row)) throw damagedDatabase(`a row of its table of ${table} has another checksum`)
}

/**
 * Looks at all rows but runs, requests, curves, sessions and what may be taken back, which are many and are looked at as they are read. Errors: RECORD_DAMAGED.
 */
export function checkRows(db: DatabaseSync): void {
  for (const table of ['keys', 'reservations', 'submissions', 'facts'] as const)
    if (db.prepare(`SELECT 1 FROM ${table} WHERE NOT ${isWholeInSql(table)} LIMIT 1`).get())
      throw damagedDatabase(`a row of its table of ${table} has another checksum`)
}
