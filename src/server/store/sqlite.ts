import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { apiCodec } from '../../cs336/config.ts'
import {
  checkFlops,
  checkLoss,
  damagedDatabase,
  type KeyRow,
  keyFromRow,
  keyInvalid,
  keyTaken,
  newInstance,
  type ProofRow,
  pageOfRows,
  proofFromRow,
  type RunRow,
  type StoreOptions,
  type SubmissionRow,
  submissionFromRow,
  ticketCounter,
} from './common.ts'
import { openDatabase } from './sqlite-file.ts'
import { groupCommit } from './sqlite-turn.ts'
import type { Claim, Reservation, SeenReservation, Store, Submission, Submitted } from './store.ts'

/** What is read to decide about a wish to run a configuration. */
interface WishRow {
  readonly budget: string
  readonly used: string
  readonly reserved: string
  readonly revoked: bigint
  readonly loss: number | typeof damagedRun | null
  readonly in_flight: bigint
}

interface ReservationRow {
  readonly key_id: string
  readonly config: string
  readonly cost: string
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
  const { write, early, read, peek, close } = groupCommit(db, lockTimeoutMs)
  const statements = prepareAll(db)
  const nextTicket = ticketCounter()

  const reserve = (keyId: string, config: string, cost: bigint, now: number): Reservation => {
    const wish = statements.wish.get(config, config, keyId) as WishRow | undefined
    if (!wish || wish.revoked) throw keyInvalid(keyId)
    const { loss } = wish
    if (loss === damagedRun) throw damagedDatabase(`a run of the key ${keyId} has another checksum`)
    const [budget, used, reserved] = [wish.budget, wish.used, wish.reserved].map(BigInt)
    if (loss !== null) return { kind: 'settled', loss, used }
    if (wish.in_flight) return { kind: 'in-flight' }
    const left = budget - used - reserved
    if (cost > left) return { kind: 'refused', left: left > 0n ? left : 0n, budget, used }
    const ticket = nextTicket()
    statements.addReservation.run(ticket, keyId, config, String(cost), instance, now)
    statements.hold.run(String(cost), keyId)
    return { kind: 'reserved', ticket }
  }

  const settle = (ticket: bigint, loss: number) => {
    const row = statements.takeReservation.get(ticket) as ReservationRow | undefined
    if (!row) return null
    statements.addRun.run(row.key_id, row.config, row.cost, loss)
    const { used } = statements.charge.get(row.cost, `-${row.cost}`, row.key_id) as { used: string }
    return { used: BigInt(used) }
  }

  const giveBack = (rows: readonly (ReservationRow | undefined)[]): number => {
    const taken = rows.filter((row) => row !== undefined)
    for (const { key_id, cost } of taken) statements.hold.run(`-${cost}`, key_id)
    return taken.length
  }

  const release = (tickets: readonly bigint[]): number =>
    giveBack(tickets.map((ticket) => statements.takeReservation.get(ticket) as ReservationRow | undefined))

  const reclaim = (seen: readonly SeenReservation[]): number =>
    giveBack(
      seen.map(({ ticket, renewals }) => statements.takeStanding.get(ticket, renewals) as ReservationRow | undefined),
    )

  const factOf = (name: string): string | null =>
    (statements.fact.get(name) as { value: string } | undefined)?.value ?? null

  const claim = (producer: string, anyway: boolean): Claim => {
    const answered = Boolean((statements.answered.get() as { answered: bigint }).answered)
    const isFree = factOf('producer') === null ? anyway || !answered : anyway && !answered
    if (isFree) statements.setFact.run('producer', producer)
    return { kind: factOf('producer') === producer ? 'held' : 'not-held', answered }
  }

  const submit = (keyId: string, submission: Submission, most: number): Submitted => {
    if (!statements.keyOfId.get(keyId)) throw keyInvalid(keyId)
    const before = (statements.submissions.all(keyId) as unknown as SubmissionRow[]).map(submissionFromRow)
    const { config, predictedLoss, submittedAt } = submission
    const identity = apiCodec.identity(config)
    const last = before.at(-1)
    const attempts = before.length
    if (last && apiCodec.identity(last.config) === identity && last.predictedLoss === predictedLoss)
      return { kind: 'repeated', attempts }
    if (attempts >= most) return { kind: 'refused', attempts }
    statements.addSubmission.run(keyId, identity, predictedLoss, submittedAt)
    return { kind: 'kept', attempts: attempts + 1 }
  }

  const reset = (id: string): boolean => {
    if (!changed(statements.forgetSums, id)) return false
    statements.deleteReservations.run(id)
    statements.deleteRuns.run(id)
    statements.deleteSubmissions.run(id)
    return true
  }

  /** A process that ends in good order leaves no reservation behind. */
  const leave = () => giveBack(statements.takeOwn.all(instance) as unknown as ReservationRow[])

  const key = (statement: StatementSync, value: string) => {
    const row = statement.get(value) as KeyRow | undefined
    return row ? keyFromRow(row) : null
  }

  return {
    async addKey({ id, hash, label, budget, createdAt, instructor = false }) {
      checkFlops('A budget', budget)
      if (
        !(await write(() => changed(statements.addKey, id, hash, label, String(budget), createdAt, Number(instructor))))
      )
        throw keyTaken(id)
    },
    findKey: (hash) => peek(() => key(statements.keyOfHash, hash)),
    getKey: (id) => read(() => key(statements.keyOfId, id)),
    listKeys: () => read(() => (statements.keys.all() as unknown as KeyRow[]).map(keyFromRow)),
    hashes: () => read(() => (statements.hashes.all() as unknown as { hash: string }[]).map(({ hash }) => hash)),
    async replaceHash(hash, by) {
      await write(() => changed(statements.replaceHash, by, hash))
    },
    revokeKey: (id) => write(() => changed(statements.revoke, id)),
    async setBudget(id, budget) {
      checkFlops('A budget', budget)
      return write(() => changed(statements.setBudget, String(budget), id))
    },
    resetKey: (id) => write(() => reset(id)),

    async reserve(keyId, config, cost, now) {
      checkFlops('A cost', cost)
      return early(
        () => reserve(keyId, apiCodec.identity(config), cost, now),
        ({ kind }) => kind === 'reserved',
      )
    },
    async settle(ticket, loss) {
      checkLoss('A loss', loss)
      return write(() => settle(ticket, loss))
    },
    async release(tickets) {
      await early(
        () => release(tickets),
        () => true,
      )
    },
    async renew(tickets) {
      if (tickets.length === 0) return
      await early(
        () => {
          for (const ticket of tickets) statements.renew.run(ticket)
        },
        () => true,
      )
    },
    reservations: () => read(() => statements.reservations.all() as unknown as SeenReservation[]),
    reclaim: async (seen) => (seen.length === 0 ? 0 : write(() => reclaim(seen))),
    runs: (keyId, after, limit) =>
      read(() => pageOfRows(statements.runs.all(keyId, after, limit + 1) as unknown as RunRow[], limit)),

    async remember(name, value) {
      const recall = () => factOf(name)
      const known = await read(recall)
      if (known !== null) return known
      return write(() => {
        statements.addFact.run(name, value)
        return recall()!
      })
    },
    recall: (name) => read(() => factOf(name)),
    claim: (producer, anyway) => write(() => claim(producer, anyway)),

    prove: (keyId) =>
      read(() => {
        const row = statements.prove.get(keyId) as ProofRow | undefined
        return row ? proofFromRow(row) : null
      }),
    async reconcile(keyId) {
      await write(() => changed(statements.reconcile, keyId))
    },
    async check() {
      await write(() => changed(statements.check))
    },

    async submit(keyId, submission, most) {
      checkLoss('A predicted loss', submission.predictedLoss)
      return write(() => submit(keyId, submission, most))
    },
    submissions: (keyId) =>
      read(() => (statements.submissions.all(keyId) as unknown as SubmissionRow[]).map(submissionFromRow)),
    listSubmissions: () =>
      read(() =>
        (statements.lastSubmissions.all() as unknown as (KeyRow & SubmissionRow & { attempts: bigint })[]).map(
          (row) => ({
            key: keyFromRow(row),
            submission: submissionFromRow(row),
            attempts: Number(row.attempts),
          }),
        ),
      ),

    close: () => close(leave),
  }
}

/** Runs a statement that changes at most one row; whether it did. */
const changed = (statement: StatementSync, ...values: SQLInputValue[]): boolean =>
  Number(statement.run(...values).changes) > 0

/** What stands for the loss of a run whose row is not what was written. */
const damagedRun = 'damaged'
/** The loss of a run, as far as its checksum is right. */
const believed = `CASE WHEN checksum = row_checksum(key_id, config, cost, loss) THEN loss ELSE '${damagedRun}' END`

const keyColumns = 'keys.id, label, budget, used, reserved, revoked, instructor, created_at'

function prepareAll(db: DatabaseSync) {
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true) // tickets pass 2^53
    return statement
  }
  return {
    addKey: prepare(
      'INSERT INTO keys (id, hash, label, budget, created_at, instructor) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    keyOfHash: prepare(`SELECT ${keyColumns} FROM keys WHERE hash = ?`),
    keyOfId: prepare(`SELECT ${keyColumns} FROM keys WHERE id = ?`),
    keys: prepare(`SELECT ${keyColumns} FROM keys ORDER BY created_at, id`),
    hashes: prepare('SELECT hash FROM keys'),
    replaceHash: prepare('UPDATE keys SET hash = ? WHERE hash = ?'),
    fact: prepare('SELECT value FROM facts WHERE name = ?'),
    setFact: prepare('INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
    answered: prepare(
      `SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM reservations) OR EXISTS (SELECT 1 FROM submissions)
         AS answered`,
    ),
    addFact: prepare('INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    revoke: prepare('UPDATE keys SET revoked = 1 WHERE id = ?'),
    setBudget: prepare('UPDATE keys SET budget = ? WHERE id = ?'),
    forgetSums: prepare("UPDATE keys SET used = '0', reserved = '0' WHERE id = ?"),
    hold: prepare('UPDATE keys SET reserved = add_flops(reserved, ?) WHERE id = ?'),
    charge: prepare(
      'UPDATE keys SET used = add_flops(used, ?), reserved = add_flops(reserved, ?) WHERE id = ? RETURNING used',
    ),

    wish: prepare(
      `SELECT budget, used, reserved, revoked,
         (SELECT ${believed} FROM runs WHERE key_id = keys.id AND config = ?) AS loss,
         EXISTS (SELECT 1 FROM reservations WHERE key_id = keys.id AND config = ?) AS in_flight
       FROM keys WHERE id = ?`,
    ),
    addReservation: prepare(
      'INSERT INTO reservations (ticket, key_id, config, cost, instance, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    takeReservation: prepare('DELETE FROM reservations WHERE ticket = ? RETURNING key_id, config, cost'),
    takeOwn: prepare('DELETE FROM reservations WHERE instance = ? RETURNING key_id, config, cost'),
    takeStanding: prepare('DELETE FROM reservations WHERE ticket = ? AND renewals = ? RETURNING key_id, config, cost'),
    renew: prepare('UPDATE reservations SET renewals = renewals + 1 WHERE ticket = ?'),
    reservations: prepare('SELECT ticket, renewals FROM reservations'),
    deleteReservations: prepare('DELETE FROM reservations WHERE key_id = ?'),
    prove: prepare(
      `SELECT used, reserved,
         (SELECT sum_flops(cost) FROM runs WHERE key_id = keys.id) AS ran,
         (SELECT sum_flops(cost) FROM reservations WHERE key_id = keys.id) AS held
       FROM keys WHERE id = ?`,
    ),
    reconcile: prepare(
      `UPDATE keys SET reserved = (SELECT sum_flops(cost) FROM reservations WHERE key_id = keys.id) WHERE id = ?`,
    ),
    check: prepare('UPDATE health SET checks = checks + 1'),
    addRun: prepare(`INSERT INTO runs (key_id, config, cost, loss, checksum)
       VALUES (?1, ?2, ?3, ?4, row_checksum(?1, ?2, ?3, CAST(?4 AS REAL)))`),
    runs: prepare(`SELECT id, config, cost, loss, checksum = row_checksum(key_id, config, cost, loss) AS whole
       FROM runs WHERE key_id = ? AND id > ? ORDER BY id LIMIT ?`),
    deleteRuns: prepare('DELETE FROM runs WHERE key_id = ?'),

    addSubmission: prepare(
      'INSERT INTO submissions (key_id, config, predicted_loss, submitted_at) VALUES (?, ?, ?, ?)',
    ),
    submissions: prepare(
      'SELECT config, predicted_loss, submitted_at FROM submissions WHERE key_id = ? ORDER BY submissions.id',
    ),
    lastSubmissions: prepare(
      `SELECT ${keyColumns}, config, predicted_loss, submitted_at,
         (SELECT count(*) FROM submissions WHERE key_id = keys.id) AS attempts
       FROM submissions JOIN keys ON keys.id = key_id
       WHERE submissions.id = (SELECT max(id) FROM submissions WHERE key_id = keys.id) ORDER BY created_at, keys.id`,
    ),
    deleteSubmissions: prepare('DELETE FROM submissions WHERE key_id = ?'),
  }
}
