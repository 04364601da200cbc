import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { configIdentity } from '../../core/config.ts'
import { IsoflopError } from '../../core/errors.ts'
import {
  checkFlops,
  checkLoss,
  databaseTooNew,
  type KeyRow,
  keyFromRow,
  keyInvalid,
  keyTaken,
  newInstance,
  type RunRow,
  runFromRow,
  type StoreOptions,
  type SubmissionRow,
  storeClosed,
  submissionFromRow,
  ticketCounter,
  ticketGone,
  unavailable,
} from './common.ts'
import { migrationsOf } from './migrate.ts'
import type { Reservation, Store } from './store.ts'

/** What is read to decide about a wish to run a configuration. */
interface WishRow {
  readonly budget: bigint
  readonly used: bigint
  readonly reserved: bigint
  readonly revoked: bigint
  readonly loss: number | null
  readonly in_flight: bigint
}

interface ReservationRow {
  readonly key_id: string
  readonly config: string
  readonly cost: bigint
}

/**
 * Opens a store in a file of SQLite, or in memory for `:memory:`.
 *
 * Nothing is remembered between transactions, so that another process may write to the same file at any time.
 * Rejects with STORE_UNAVAILABLE when the file cannot be opened.
 */
export async function openSqlite(path: string, options: StoreOptions = {}): Promise<Store> {
  const instance = options.instance ?? newInstance()
  const lockTimeoutMs = options.lockTimeoutMs ?? 5000
  const db = await openDatabase(path, lockTimeoutMs)
  const { write, early, read, peek, close } = groupCommit(db, patience(lockTimeoutMs))
  const statements = prepareAll(db)
  const nextTicket = ticketCounter()

  const reserve = (keyId: string, config: string, cost: bigint, now: number): Reservation => {
    const wish = statements.wish.get(config, config, keyId) as WishRow | undefined
    if (!wish || wish.revoked) throw keyInvalid(keyId)
    const { budget, used, reserved, loss } = wish
    if (loss !== null) return { kind: 'settled', loss, used }
    if (wish.in_flight) return { kind: 'in-flight' }
    const left = budget - used - reserved
    if (cost > left) return { kind: 'refused', left: left > 0n ? left : 0n, budget, used }
    const ticket = nextTicket()
    statements.addReservation.run(ticket, keyId, config, cost, instance, now)
    statements.spend.get(0n, cost, keyId)
    return { kind: 'reserved', ticket }
  }

  const settle = (ticket: bigint, loss: number) => {
    const row = statements.takeReservation.get(ticket) as ReservationRow | undefined
    if (!row) throw ticketGone(ticket)
    statements.addRun.run(row.key_id, row.config, row.cost, loss)
    const { used } = statements.spend.get(row.cost, -row.cost, row.key_id) as { used: bigint }
    return { used }
  }

  const release = (ticket: bigint) => {
    const row = statements.takeReservation.get(ticket) as ReservationRow | undefined
    if (row) statements.spend.get(0n, -row.cost, row.key_id)
  }

  const reset = (id: string): boolean => {
    if (!changed(statements.forgetUsed, id)) return false
    statements.deleteRuns.run(id)
    statements.deleteSubmission.run(id)
    return true
  }

  const sweep = (now: number, deadAfterMs: number) => {
    statements.beat.run(instance, now)
    for (const row of statements.takeDead.all(now - deadAfterMs) as unknown as ReservationRow[])
      statements.spend.get(0n, -row.cost, row.key_id)
    statements.deleteDead.run(now - deadAfterMs)
  }

  /** A process that ends in good order leaves no reservation behind. */
  const leave = () => {
    for (const row of statements.takeOwn.all(instance) as unknown as ReservationRow[])
      statements.spend.get(0n, -row.cost, row.key_id)
    statements.deleteInstance.run(instance)
  }

  const key = (statement: StatementSync, value: string) => {
    const row = statement.get(value) as KeyRow | undefined
    return row ? keyFromRow(row) : null
  }

  return {
    async addKey({ id, hash, label, budget, createdAt }) {
      checkFlops('A budget', budget)
      if (!(await write(() => changed(statements.addKey, id, hash, label, budget, createdAt)))) throw keyTaken(id)
    },
    findKey: (hash) => peek(() => key(statements.keyOfHash, hash)),
    getKey: (id) => read(() => key(statements.keyOfId, id)),
    listKeys: () => read(() => (statements.keys.all() as unknown as KeyRow[]).map(keyFromRow)),
    revokeKey: (id) => write(() => changed(statements.revoke, id)),
    async setBudget(id, budget) {
      checkFlops('A budget', budget)
      return write(() => changed(statements.setBudget, budget, id))
    },
    resetKey: (id) => write(() => reset(id)),

    async reserve(keyId, config, cost, now) {
      checkFlops('A cost', cost)
      return early(
        () => reserve(keyId, configIdentity(config), cost, now),
        ({ kind }) => kind === 'reserved',
      )
    },
    async settle(ticket, loss) {
      checkLoss('A loss', loss)
      return write(() => settle(ticket, loss))
    },
    release: (ticket) =>
      early(
        () => release(ticket),
        () => true,
      ),
    runs: (keyId) => read(() => (statements.runs.all(keyId) as unknown as RunRow[]).map(runFromRow)),

    sweep: (now, deadAfterMs) => write(() => sweep(now, deadAfterMs)),

    async putSubmission(keyId, { config, predictedLoss, submittedAt }) {
      checkLoss('A predicted loss', predictedLoss)
      const values = [configIdentity(config), predictedLoss, submittedAt, keyId]
      if (!(await write(() => changed(statements.putSubmission, ...values)))) throw keyInvalid(keyId)
    },
    getSubmission: (keyId) =>
      read(() => {
        const row = statements.submission.get(keyId) as SubmissionRow | undefined
        return row ? submissionFromRow(row) : null
      }),
    listSubmissions: () =>
      read(() =>
        (statements.submissions.all() as unknown as (KeyRow & SubmissionRow)[]).map((row) => ({
          key: keyFromRow(row),
          submission: submissionFromRow(row),
        })),
      ),

    close: () => close(leave),
  }
}

/** Runs a statement that changes at most one row; whether it did. */
const changed = (statement: StatementSync, ...values: SQLInputValue[]): boolean =>
  Number(statement.run(...values).changes) > 0

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
function groupCommit(db: DatabaseSync, patiently: Patience) {
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
    close(last: () => void): Promise<void> {
      const end = async () => {
        try {
          operate(last)
          await committed()
        } catch {
          // What could not be tidied up is swept by another process.
        } finally {
          db.close()
        }
      }
      closing ??= end()
      return closing
    },
  }
}

function rollback(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec('ROLLBACK') // not when BEGIN failed, or when SQLite did it by itself
  } catch {
    // The next turn fails at its BEGIN and tries again.
  }
}

/** Opens the file and brings its tables up to date. */
async function openDatabase(path: string, lockTimeoutMs: number): Promise<DatabaseSync> {
  let db: DatabaseSync | null = null
  try {
    db = new DatabaseSync(path, { timeout: lockTimeoutMs, enableForeignKeyConstraints: true })
    await useWriteAheadLog(db)
    // FULL: a commit waits until the log is on the disk, so that it survives a power cut, not only a crash.
    db.exec('PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864')
    migrate(db)
    db.exec('PRAGMA busy_timeout = 0') // from here on, see `patience`
    return db
  } catch (error) {
    db?.close()
    throw error instanceof IsoflopError ? error : unavailable(error)
  }
}

/** Whether another process held a lock: SQLITE_BUSY and its kinds, https://sqlite.org/rescode.html */
const isBusy = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) % 256 === 5

type Patience = <T>(attempt: () => T) => T

/**
 * Tries again every millisecond while another process holds the lock. SQLite's own busy handler sleeps up to 100 ms at
 * a time, and a busy process gives the lock back only for moments, so that a second one could wait for seconds in vain.
 */
function patience(lockTimeoutMs: number): Patience {
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

const keyColumns = 'id, label, budget, used, reserved, revoked, created_at'

function prepareAll(db: DatabaseSync) {
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true) // FLOPs pass 2^53
    return statement
  }
  return {
    addKey: prepare(
      'INSERT INTO keys (id, hash, label, budget, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    keyOfHash: prepare(`SELECT ${keyColumns} FROM keys WHERE hash = ?`),
    keyOfId: prepare(`SELECT ${keyColumns} FROM keys WHERE id = ?`),
    keys: prepare(`SELECT ${keyColumns} FROM keys ORDER BY created_at, id`),
    revoke: prepare('UPDATE keys SET revoked = 1 WHERE id = ?'),
    setBudget: prepare('UPDATE keys SET budget = ? WHERE id = ?'),
    forgetUsed: prepare('UPDATE keys SET used = 0 WHERE id = ?'),
    spend: prepare('UPDATE keys SET used = used + ?, reserved = reserved + ? WHERE id = ? RETURNING used'),

    wish: prepare(
      `SELECT budget, used, reserved, revoked,
         (SELECT loss FROM runs WHERE key_id = keys.id AND config = ?) AS loss,
         EXISTS (SELECT 1 FROM reservations WHERE key_id = keys.id AND config = ?) AS in_flight
       FROM keys WHERE id = ?`,
    ),
    addReservation: prepare(
      'INSERT INTO reservations (ticket, key_id, config, cost, instance, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    takeReservation: prepare('DELETE FROM reservations WHERE ticket = ? RETURNING key_id, config, cost'),
    takeOwn: prepare('DELETE FROM reservations WHERE instance = ? RETURNING key_id, config, cost'),
    takeDead: prepare(
      `DELETE FROM reservations
       WHERE coalesce((SELECT seen_at FROM instances WHERE id = reservations.instance), created_at) < ?
       RETURNING key_id, config, cost`,
    ),
    addRun: prepare('INSERT INTO runs (key_id, config, cost, loss) VALUES (?, ?, ?, ?)'),
    runs: prepare('SELECT config, cost, loss FROM runs WHERE key_id = ? ORDER BY id'),
    deleteRuns: prepare('DELETE FROM runs WHERE key_id = ?'),

    beat: prepare(
      'INSERT INTO instances (id, seen_at) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at',
    ),
    deleteDead: prepare('DELETE FROM instances WHERE seen_at < ?'),
    deleteInstance: prepare('DELETE FROM instances WHERE id = ?'),

    putSubmission: prepare(
      `INSERT INTO submissions (config, predicted_loss, submitted_at, key_id) SELECT ?, ?, ?, id FROM keys WHERE id = ?
       ON CONFLICT (key_id) DO UPDATE SET
         config = excluded.config, predicted_loss = excluded.predicted_loss, submitted_at = excluded.submitted_at`,
    ),
    submission: prepare('SELECT config, predicted_loss, submitted_at FROM submissions WHERE key_id = ?'),
    submissions: prepare(
      `SELECT ${keyColumns}, config, predicted_loss, submitted_at
       FROM submissions JOIN keys ON id = key_id ORDER BY created_at, id`,
    ),
    deleteSubmission: prepare('DELETE FROM submissions WHERE key_id = ?'),
  }
}
