import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'

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
    if (!isOwned(ownerFile(file))) return () => database.close()
    database.close()
    return null
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === busy) return null
    throw error
  }
}

/** SQLITE_BUSY. */
const busy = 5

/** A process: on which machine, its number, and, where the system tells, when it started, because numbers come again. */
interface Owner {
  readonly host: string
  readonly pid: number
  readonly started: string | null
}

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
    writeFileSync(mine, JSON.stringify(ownerOf(process.pid)))
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
  let named: Owner
  try {
    named = JSON.parse(readFileSync(owner, 'utf8'))
  } catch {
    return false
  }
  if (named.host !== hostname()) return true
  return isThere(named.pid) && ownerOf(named.pid).started === named.started
}

const ownerOf = (pid: number): Owner => ({ host: hostname(), pid, started: startOf(pid) })

/** When a process started, where the system shows it as a file: the 22nd field, counted behind the name, which may have blanks. */
function startOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()!.split(' ')[19]
  } catch {
    return null
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
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
