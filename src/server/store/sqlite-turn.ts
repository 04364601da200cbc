import type { DatabaseSync } from 'node:sqlite'
import { IsoflopError } from '../../core/errors.ts'
import { storeClosed, unavailable } from './common.ts'
import { isBusy, rollback } from './sqlite-file.ts'

/**
 * How to end the turn that this process has open in a file. A second store on the same file in this process ends the
 * first one's turn early: it would wait for a lock that is only given back once it stops waiting.
 */
const openTurns = new Map<string, () => void>()

/**
 * One transaction for everything that is written in one turn of the event loop. The first write begins it, the end of
 * the turn commits it: however many requests came at once, the disk is waited for once. When anything in it fails, all
 * of the turn is rolled back and rejected with STORE_UNAVAILABLE, and the next turn starts afresh.
 *
 * BEGIN IMMEDIATE takes SQLite's write lock at once, so what a turn reads cannot be changed by another process before
 * it is committed.
 */
export function groupCommit(db: DatabaseSync, patiently: Patience) {
  interface Turn {
    /** Told at the end of the turn: null, or why all of it was rolled back. */
    waiting: ((failure: IsoflopError | null) => void)[]
    failure: IsoflopError | null
  }
  let turn: Turn | null = null
  let closing: Promise<void> | null = null
  const file = db.location() // null in memory
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')

  const fail = (failed: Turn, cause: unknown): IsoflopError => {
    rollback(db)
    const failure = unavailable(cause)
    failed.failure = failure
    for (const tell of failed.waiting.splice(0)) tell(failure)
    return failure
  }

  const endTurn = (ended: Turn) => {
    if (turn !== ended) return // it was ended early
    try {
      if (!ended.failure) commit.run()
    } catch (cause) {
      fail(ended, cause)
    }
    turn = null
    if (file) openTurns.delete(file)
    for (const tell of ended.waiting) tell(null)
  }

  const beginTurn = (): Turn => {
    const begun: Turn = { waiting: [], failure: null }
    turn = begun
    setImmediate(endTurn, begun)
    try {
      if (file) {
        openTurns.get(file)?.()
        openTurns.set(file, () => endTurn(begun))
      }
      patiently(() => begin.run())
    } catch (cause) {
      // The rest of the turn is rejected too: waiting for the lock once more for every request would stop the server.
      fail(begun, cause)
    }
    return begun
  }

  /** Runs an operation inside the turn's transaction. It throws an IsoflopError only before it has written anything. */
  const operate = <T>(operation: () => T): T => {
    const current = turn ?? beginTurn()
    if (current.failure) throw current.failure
    try {
      return operation()
    } catch (error) {
      throw error instanceof IsoflopError ? error : fail(current, error)
    }
  }

  const committed = () =>
    new Promise<void>((resolve, reject) => turn?.waiting.push((failure) => (failure ? reject(failure) : resolve())))

  const checkOpen = () => {
    if (closing) throw storeClosed()
  }

  const query = <T>(operation: () => T): T => {
    checkOpen()
    try {
      return patiently(operation)
    } catch (error) {
      throw unavailable(error)
    }
  }

  return {
    /** Resolves once the operation is durable. */
    async write<T>(operation: () => T): Promise<T> {
      checkOpen()
      const result = operate(operation)
      await committed()
      return result
    },

    /** Resolves at once with a result that need not be durable, else like `write`. */
    async early<T>(operation: () => T, mayBeLost: (result: T) => boolean): Promise<T> {
      checkOpen()
      const result = operate(operation)
      if (!mayBeLost(result)) await committed()
      return result
    },

    /** Resolves once all that was seen is durable. */
    async read<T>(operation: () => T): Promise<T> {
      const result = query(operation)
      if (turn && !turn.failure) await committed()
      return result
    },

    /** Resolves at once, though what was seen may be rolled back. */
    async peek<T>(operation: () => T): Promise<T> {
      return query(operation)
    },

    /** Does the last operation and closes the database; everything begun before is committed first. */
    close(last: () => unknown): Promise<void> {
      const end = async () => {
        try {
          operate(last)
          await committed()
        } catch {
          // What could not be tidied up is reclaimed by another process.
        } finally {
          db.close()
        }
      }
      closing ??= end()
      return closing
    },
  }
}

type Patience = <T>(attempt: () => T) => T

/**
 * Tries again every millisecond while another process holds the lock. SQLite's own busy handler sleeps up to 100 ms at
 * a time, and a busy process gives the lock back only for moments, so that a second one could wait for seconds in vain.
 */
export function patience(lockTimeoutMs: number): Patience {
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  return (attempt) => {
    for (let waitedMs = 0; ; waitedMs++)
      try {
        return attempt()
      } catch (error) {
        if (!isBusy(error) || waitedMs >= lockTimeoutMs) throw error
        Atomics.wait(nothing, 0, 0, 1)
      }
  }
}
