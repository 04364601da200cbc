import type { DatabaseSync } from 'node:sqlite'
import { checkRow, insertInto, sealed } from './sqlite-sums.ts'

/** What a file keeps under names for the whole database: what is done within one transaction. Errors: RECORD_DAMAGED. */
export interface FactRows {
  of(name: string): string | null
  /** Unless something is there. */
  add(name: string, value: string): void
  set(name: string, value: string): void
}

export function factRows(db: DatabaseSync): FactRows {
  const of = db.prepare('SELECT * FROM facts WHERE name = ?')
  const add = db.prepare(insertInto('facts', 'ON CONFLICT DO NOTHING'))
  const set = db.prepare(
    insertInto('facts', 'ON CONFLICT DO UPDATE SET value = excluded.value, checksum = excluded.checksum'),
  )
  return {
    of(name) {
      const row = of.get(name) as { name: string; value: string; checksum: string } | undefined
      if (row) checkRow('facts', row)
      return row?.value ?? null
    },
    add: (name, value) => void add.run(...sealed('facts', { name, value })),
    set: (name, value) => void set.run(...sealed('facts', { name, value })),
  }
}
