import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { IsoflopError } from '../../core/errors.ts'
import { storeClosed, unavailable } from './common.ts'
import { isBusy, rollback } from './sqlite-file.ts'

/** A transaction for all that is written in one turn of the event loop. */
interface Turn {
  /** Settled when the write lock is had, or not to be had; null where it was free at once. */
  locked: Promise<void> | null
  /** Told at the end of the turn: null, or why all of it was rolled back. */
  readonly waiting: ((failure: IsoflopError | null) => void)[]
  failure: IsoflopError | null
}

/**
 * One transaction for everything that is written in one turn of the event loop. The first write begins it, the end of
 * the turn commits it: however many requests came at once, the disk is waited for once. When anything in it fails, all
 * of the turn is rolled back and rejected with STORE_UNAVAILABLE, and the next turn starts afresh.
 *
 * BEGIN IMMEDIATE takes SQLite's write lock at once, so what a turn reads cannot be changed by another process before
 * it is committed. While another process has the lock, writes wait and the event loop goes on: reading, and whatever
 * needs no database, is answered although the other process was stopped with the lock in its hands.
 */
export function groupCommit(db: DatabaseSync, lockTimeoutMs: number) {
  let turn: Turn | null = null
  let closing: Promise<void> | null = null
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const patiently = patience(lockTimeoutMs)

  const fail = (failed: Turn, cause: unknown): IsoflopError => {
    rollback(db)
    const failure = unavailable(cause)
    failed.failure = failure
    for (const tell of failed.waiting.splice(0)) tell(failure)
    return failure
  }

  const endTurn = (ended: Turn) => {
    try {
      if (!ended.failure) commit.run()
    } catch (cause) {
      fail(ended, cause)
    }
    turn = null
    for (const tell of ended.waiting) tell(null)
  }

  /** Where the lock is not to be had, the rest of the turn is rejected too: waiting anew for every request would add up. */
  const lock = async (begun: Turn): Promise<void> => {
    try {
      await patiently(() => begin.run())
    } catch (cause) {
      fail(begun, cause)
    }
    setImmediate(endTurn, begun)
  }

  const beginTurn = (): Turn => {
    const begun: Turn = { locked: null, waiting: [], failure: null }
    turn = begun
    try {
      begin.run()
      setImmediate(endTurn, begun)
    } catch (cause) {
      if (isBusy(cause)) begun.locked = lock(begun)
      else {
        fail(begun, cause)
        setImmediate(endTurn, begun)
      }
    }
    return begun
  }

  /** Runs an operation inside a turn's transaction. It throws a public error only before it has written anything. */
  const operate = async <T>(operation: () => T): Promise<{ readonly result: T; readonly current: Turn }> => {
    const current = turn ?? beginTurn()
    if (current.locked) await current.locked
    if (current.failure) throw current.failure
    try {
      return { result: operation(), current }
    } catch (error) {
      throw error instanceof IsoflopError ? error : fail(current, error)
    }
  }

  const committed = ({ failure, waiting }: Turn) =>
    new Promise<void>((resolve, reject) => {
      if (failure) reject(failure)
      else waiting.push((failed) => (failed ? reject(failed) : resolve()))
    })

  const checkOpen = () => {
    if (closing) throw storeClosed()
  }

  const query = async <T>(operation: () => T): Promise<T> => {
    checkOpen()
    try {
      return await patiently(operation)
    } catch (error) {
      throw error instanceof IsoflopError ? error : unavailable(error)
    }
  }

  return {
    /** Resolves once the operation is durable. */
    async write<T>(operation: () => T): Promise<T> {
      checkOpen()
      const { result, current } = await operate(operation)
      await committed(current)
      return result
    },

    /** Resolves at once with a result that need not be durable, else like `write`. */
    async early<T>(operation: () => T, mayBeLost: (result: T) => boolean): Promise<T> {
      checkOpen()
      const { result, current } = await operate(operation)
      if (!mayBeLost(result)) await committed(current)
      return result
    },

    /** Resolves once all that was seen is durable. */
    async read<T>(operation: () => T): Promise<T> {
      const { result, seen } = await query(() => ({ result: operation(), seen: db.isTransaction ? turn : null }))
      if (seen && !seen.failure) await committed(seen)
      return result
    },

    /** Resolves at once, though what was seen may be rolled back. */
    peek<T>(operation: () => T): Promise<T> {
      return query(operation)
    },

    /** Does the last operation and closes the database; everything begun before is committed first. */
    close(last: () => unknown): Promise<void> {
      const end = async () => {
        try {
          const { current } = await operate(last)
          await committed(current)
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

/**
 * Tries again every millisecond while another process holds the lock, from the event loop. SQLite's own busy handler blocks it, and
 * sleeps up to 100 ms at a time: a busy process gives the lock back only for moments, so that a second one could wait for seconds in vain.
 */
function patience(lockTimeoutMs: number): <T>(attempt: () => T) => Promise<T> {
  return async (attempt) => {
    let isOver = false
    let timer: NodeJS.Timeout | undefined
    try {
      for (;;)
        try {
          return attempt()
        } catch (error) {
          if (!isBusy(error) || isOver) throw error
          timer ??= setTimeout(() => {
            isOver = true
          }, lockTimeoutMs)
          await sleep(1)
        }
    } finally {
      clearTimeout(timer)
    }
  }
}
