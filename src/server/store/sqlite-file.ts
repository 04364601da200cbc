import { chmodSync, closeSync, openSync, statSync } from 'node:fs'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { IsoflopError } from '../../core/errors.ts'
import { cannotOpen, notADatabase } from './cannot-open.ts'
import { damagedDatabase, databaseTooNew } from './common.ts'
import { migrationsOf } from './migrate.ts'
import { lookAtLog } from './sqlite-log.ts'
import { addChecksums, checkRows } from './sqlite-sums.ts'

export interface OpenDatabase {
  readonly db: DatabaseSync
  /** What whoever serves it should know. */
  readonly cautions: readonly string[]
}

/** Opens the file, looks whether it is what was written, and brings its tables up to date. */
export async function openDatabase(path: string, lockTimeoutMs: number): Promise<OpenDatabase> {
  let db: DatabaseSync | null = null
  try {
    expectFile(path)
    const log = await lookAtLog(path)
    if (log === 'damaged') throw damagedDatabase('its log, the file that ends in -wal, has another checksum')
    db = new DatabaseSync(path, { timeout: lockTimeoutMs, enableForeignKeyConstraints: true })
    expectOurs(db)
    const rights = makePrivate(path)
    await useWriteAheadLog(db)
    // FULL: a commit waits until the log is on the disk, so that it survives a power cut, not only a crash.
    db.exec('PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864')
    checkPages(db, path)
    bringUpToDate(db)
    checkTables(db)
    checkRows(db)
    if (log === 'torn') db.exec('PRAGMA wal_checkpoint(TRUNCATE)') // its end is not to be met again
    db.exec('PRAGMA busy_timeout = 0') // from here on, see `patience` in sqlite-turn.ts
    return { db, cautions: [...rights, ...(log === 'torn' ? [tornLog] : [])] }
  } catch (error) {
    db?.close()
    throw error instanceof IsoflopError ? error : cannotOpen(path, error)
  }
}

const tornLog =
  'The last that was written to the database is not whole and was dropped, as after a power cut or a full disk. If there was none, its disk is damaged: compare with a backup.'

/**
 * Makes the file, if it is not there, so that nobody else on the machine reads who has which key, what it was answered, and which world it
 * is. SQLite gives its log the same rights. Throws for a folder or a device.
 */
function expectFile(path: string): void {
  if (path === ':memory:') return
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined) closeSync(openSync(path, 'a', 0o600))
  else if (!there.isFile()) throw new Error(there.isDirectory() ? 'it is a folder' : 'it is no file')
}

/** That nothing is in the file, or what is ours: somebody else's database is not changed, nor its rights. Throws else. */
function expectOurs(db: DatabaseSync): void {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[]
  if (names.length > 0 && !names.some(({ name }) => ourTables.has(name)))
    throw Object.assign(
      new Error(`it is a database of another program, with the table ${names[0].name.slice(0, 60)}`),
      { errcode: notADatabase },
    )
}

/** Of every version; several, so that a flipped bit in the name of one is told as such. */
const ourTables = new Set(['keys', 'runs', 'reservations', 'submissions'])

/** A database that everybody may read, as older versions and copies made it, becomes its owner's; one that a group alone may read was meant so. Gives what is to be said of that. */
function makePrivate(path: string): string[] {
  if (path === ':memory:' || process.platform === 'win32') return []
  const open = [path, `${path}-wal`, `${path}-shm`].filter((file) => isForAll(file))
  if (open.length === 0) return []
  try {
    for (const file of open) chmodSync(file, statSync(file).mode & 0o700)
    return [`everybody on this machine could read ${open.join(', ')}: now its owner alone can (chmod 600)`]
  } catch {
    return [`everybody on this machine can read ${open.join(', ')}: its owner should say chmod 600`]
  }
}

const isForAll = (file: string): boolean => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o007) !== 0

/**
 * Refuses a file whose pages, or tables and indexes, do not fit together. Errors: RECORD_DAMAGED. Indexes count: with a bit of one flipped
 * a run is not found and paid for again. It takes 0.6 s for 200,000 runs, 4.6 s for a million.
 */
function checkPages(db: DatabaseSync, path: string): void {
  const { integrity_check: found } = db.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string }
  if (found !== 'ok') throw damagedDatabase(`${path}: ${found}`)
}

function bringUpToDate(db: DatabaseSync): void {
  addChecksums(db)
  db.aggregate('sum_flops', { start: '0', step: addFlops })
  migrate(db)
}

/** Refuses a file whose tables are not described as in a new one: a default or a rule with a flipped bit. Errors: RECORD_DAMAGED. */
function checkTables(db: DatabaseSync): void {
  const fresh = new DatabaseSync(':memory:')
  try {
    bringUpToDate(fresh)
    const known = new Set(descriptions(db))
    for (const wanted of descriptions(fresh))
      if (!known.has(wanted)) throw damagedDatabase('its tables are not described as they were')
  } finally {
    fresh.close()
  }
}

/** What a database has, in words that do not depend on the version of SQLite that changed it. */
const descriptions = (db: DatabaseSync): string[] =>
  db
    .prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema')
    .all()
    .map((row) =>
      Object.values(row)
        .map(String)
        .join(' ')
        .replace(/["\s]+/g, ' '),
    )

/** FLOPs are decimal text in SQLite, whose integers end at 2^63: this is what `sum_flops` adds them by. */
const addFlops = (sum: SQLOutputValue, flops: SQLOutputValue): string =>
  String(BigInt(String(sum)) + BigInt(String(flops)))

/** Whether another process held a lock: SQLITE_BUSY and its kinds, https://sqlite.org/rescode.html */
export const isBusy = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) % 256 === 5

/** Gives up the open transaction, if there is one. */
export function rollback(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec('ROLLBACK') // not when BEGIN failed, or when SQLite did it by itself
  } catch {
    // The next turn fails at its BEGIN and tries again.
  }
}

/**
 * Changing a new file to WAL fails at once, whatever the lock timeout, while another process does the same: try again.
 */
async function useWriteAheadLog(db: DatabaseSync): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      db.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || attempt === 100) throw error
      await sleep(20)
    }
}

function migrate(db: DatabaseSync): void {
  const migrations = migrationsOf('sqlite')
  const known = migrations.at(-1)?.version ?? 0
  const versionNow = () => (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
  if (versionNow() === known) return
  db.exec('BEGIN IMMEDIATE')
  try {
    const version = versionNow() // another process may have been faster
    if (version > known) throw databaseTooNew(version, known)
    for (const migration of migrations) if (migration.version > version) db.exec(migration.sql)
    db.exec(`PRAGMA user_version = ${known}`)
    db.exec('COMMIT')
  } catch (error) {
    rollback(db)
    throw error
  }
}
