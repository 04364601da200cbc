import { DatabaseSync } from 'node:sqlite'
import { addChecksums, covered, type SummedTable } from '../../../src/server/store/sqlite-sums.ts'

/** Runs SQL on a file of SQLite behind the store's back, by somebody who knows about checksums: rows that it changes are whole again. */
export function changeBehind(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  try {
    addChecksums(db)
    db.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE')
    db.exec(sql)
    for (const table of Object.keys(covered) as SummedTable[])
      db.exec(`UPDATE ${table} SET checksum = row_checksum(${covered[table].join(', ')})`)
    db.exec('COMMIT')
  } finally {
    db.close()
  }
}
