import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { keyFromRow } from './common.ts'
import type { SessionStore } from './sessions.ts'
import type { KeyRows } from './sqlite-keys.ts'
import { checkRow, insertInto, sealed } from './sqlite-sums.ts'

interface SessionRow {
  readonly hash: string
  readonly key_id: string
  readonly begun_at: bigint
  readonly checksum: string
}

/** The sessions of a file: what is done within one transaction. Errors: RECORD_DAMAGED. */
export interface SessionRows {
  begin(...parameters: Parameters<SessionStore['beginSession']>): void
  of(hash: string): Awaited<ReturnType<SessionStore['session']>>
  end(hash: string): void
  endAll(keyId: string): void
}

export function sessionRows(db: DatabaseSync, keys: KeyRows): SessionRows {
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  const statements = {
    add: prepare(insertInto('sessions')),
    of: prepare('SELECT * FROM sessions WHERE hash = ?'),
    end: prepare('DELETE FROM sessions WHERE hash = ?'),
    endAll: prepare('DELETE FROM sessions WHERE key_id = ?'),
    endOld: prepare('DELETE FROM sessions WHERE begun_at < ?'),
    endFirst: prepare(
      'DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE key_id = ? ORDER BY begun_at DESC, hash LIMIT -1 OFFSET ?)',
    ),
  }
  return {
    begin({ hash, keyId, now }, { oldest, most }) {
      statements.endOld.run(oldest)
      statements.endFirst.run(keyId, most - 1)
      statements.add.run(...sealed('sessions', { hash, key_id: keyId, begun_at: now }))
    },
    of(hash) {
      const row = statements.of.get(hash) as SessionRow | undefined
      if (row === undefined) return null
      checkRow('sessions', row as never)
      const key = keys.ofId(row.key_id)
      return key && { key: keyFromRow(key), begunAt: Number(row.begun_at) }
    },
    end: (hash) => void statements.end.run(hash),
    endAll: (keyId) => void statements.endAll.run(keyId),
  }
}
