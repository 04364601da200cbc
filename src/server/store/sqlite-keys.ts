import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { KeyRow } from './common.ts'
import { checkRow, checksumOfRow, insertInto, isWhole, sealed } from './sqlite-sums.ts'

/** A row of the table `keys` with all that it has. */
export interface WholeKeyRow extends KeyRow {
  readonly hash: string
  readonly revoked: bigint
  readonly instructor: bigint
  /** How often something of the key has changed. */
  readonly changes: bigint
  readonly checksum: string
}

/** The rows of keys. They are read whole, looked at, changed and written whole. Errors: RECORD_DAMAGED. */
export interface KeyRows {
  ofId(id: string): WholeKeyRow | null
  ofHash(hash: string): WholeKeyRow | null
  all(): WholeKeyRow[]
  /** Whether the row with this id is there and what was written. */
  isWhole(id: string): boolean
  /** False where its id or hash is taken. */
  add(row: Omit<WholeKeyRow, 'checksum'>): boolean
  /** Writes some columns of a row that was looked at. */
  change(row: WholeKeyRow, by: Partial<Pick<WholeKeyRow, 'budget' | 'used' | 'reserved' | 'revoked' | 'changes'>>): void
  /** The same of its hash, which has an index; counts as a change. */
  changeHash(row: WholeKeyRow, hash: string): void
}

export function keyRows(db: DatabaseSync): KeyRows {
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  const statements = {
    ofId: prepare('SELECT * FROM keys WHERE id = ?'),
    ofHash: prepare('SELECT * FROM keys WHERE hash = ?'),
    all: prepare('SELECT * FROM keys ORDER BY created_at, id'),
    add: prepare(insertInto('keys', 'ON CONFLICT DO NOTHING')),
    change: prepare(
      'UPDATE keys SET budget = ?, used = ?, reserved = ?, revoked = ?, changes = ?, checksum = ? WHERE id = ?',
    ),
    changeHash: prepare('UPDATE keys SET hash = ?, changes = ?, checksum = ? WHERE id = ?'),
  }
  const looked = (row: WholeKeyRow): WholeKeyRow => {
    checkRow('keys', row)
    return row
  }
  const one = (statement: StatementSync, value: SQLInputValue) => {
    const row = statement.get(value) as WholeKeyRow | undefined
    return row ? looked(row) : null
  }
  return {
    ofId: (id) => one(statements.ofId, id),
    ofHash: (hash) => one(statements.ofHash, hash),
    all: () => (statements.all.all() as unknown as WholeKeyRow[]).map(looked),
    isWhole(id) {
      const row = statements.ofId.get(id) as WholeKeyRow | undefined
      return row !== undefined && isWhole('keys', row)
    },
    add: (row) => Number(statements.add.run(...sealed('keys', row)).changes) > 0,
    change(row, by) {
      const next = { ...row, ...by }
      const { budget, used, reserved, revoked, changes } = next
      statements.change.run(budget, used, reserved, revoked, changes, checksumOfRow('keys', next), row.id)
    },
    changeHash(row, hash) {
      const changes = row.changes + 1n
      statements.changeHash.run(hash, changes, checksumOfRow('keys', { ...row, hash, changes }), row.id)
    },
  }
}
