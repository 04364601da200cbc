import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { isThere, type ProcessName, processName } from './processes.ts'

type Sqlite = typeof import('node:sqlite')

/**
 * Keeps other processes from what a file stands for; gives what lets them in again, null where another process has it. Throws what the
 * system says.
 *
 * The lock is SQLite's on an empty file: the system releases it when the process ends, however it ends. Node 20 has no SQLite; there it is a
 * file that names its process, which each kind of lock looks for. Only on Linux can Node 20 see a lock of SQLite's.
 */
export function lock(file: string): (() => void) | null {
  const sqlite = process.getBuiltinModule?.('node:sqlite')
  return sqlite ? lockBySqlite(file, sqlite) : lockByOwner(file)
}

function lockBySqlite(file: string, { DatabaseSync }: Sqlite): (() => void) | null {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    if (!isOwned(ownerFile(file))) return held(database)
    database.close()
    return null
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === busy) return null
    throw error
  }
}

/** Databases whose lock nobody has given back. A collector of garbage closes one that nothing holds, and with it goes the lock. */
const open = new Set<object>()

function held(database: { close(): void }): () => void {
  open.add(database)
  return () => {
    open.delete(database)
    database.close()
  }
}

/** SQLITE_BUSY. */
const busy = 5

const ownerFile = (file: string): string => `${file}.owner`

/**
 * The lock of a Node without SQLite. The file appears with its content or not at all. One of a process that has ended is taken away under a
 * name of our own, so that of two who do so one gets it; whoever got a living one instead, because another was faster, gives it back.
 */
export function lockByOwner(file: string): (() => void) | null {
  if (!existsSync(file)) writeFileSync(file, '', { flag: 'a' })
  const owner = ownerFile(file)
  const mine = `${owner}.${process.pid}`
  try {
    if (isOwned(owner) || isLockedBySqlite(file)) return null
    rmSync(mine, { force: true })
    if (statSync(owner, { throwIfNoEntry: false })) {
      renameSync(owner, mine)
      if (isOwned(mine)) {
        linkSync(mine, owner)
        return null
      }
    }
    writeFileSync(mine, JSON.stringify(processName(process.pid)))
    linkSync(mine, owner)
    return () => rmSync(owner, { force: true })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EEXIST' || (code === 'ENOENT' && statSync(file, { throwIfNoEntry: false }))) return null // another was faster
    throw error
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Whether a file names a process that is there. Of another machine's nobody can tell, so it is. */
function isOwned(owner: string): boolean {
  let named: ProcessName
  try {
    named = JSON.parse(readFileSync(owner, 'utf8'))
  } catch {
    return false
  }
  if (named.host !== hostname()) return true
  return isThere(named)
}

/**
 * Whether a process has the lock on a file, told without taking it: whoever wants it meanwhile gets it. Null where the system does not tell.
 */
export function isLocked(file: string): boolean | null {
  if (isOwned(ownerFile(file)) || isLockedBySqlite(file)) return true
  return existsSync('/proc/locks') ? false : null
}

/** Whether Linux knows of a lock on a file, which is SQLite's. */
function isLockedBySqlite(file: string): boolean {
  try {
    const { ino } = statSync(file)
    return readFileSync('/proc/locks', 'utf8').includes(`:${ino} `)
  } catch {
    return false
  }
}
