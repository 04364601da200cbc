import { existsSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { anyCodec } from '../../space/any.ts'
import {
  checkFlops,
  checkLoss,
  damagedDatabase,
  databaseMissing,
  keyFromRow,
  keyInvalid,
  keyTaken,
  newInstance,
  pageOfRows,
  proofFromRow,
  type RunRow,
  type RunSumsRow,
  type StoreOptions,
  standingsFrom,
  ticketCounter,
} from './common.ts'
import { factRows } from './sqlite-facts.ts'
import { openDatabase } from './sqlite-file.ts'
import { type KeyRows, keyRows, type WholeKeyRow } from './sqlite-keys.ts'
import { pastRows } from './sqlite-pasts.ts'
import { queueRows } from './sqlite-queue.ts'
import { nobody, type ReservationRow, requestRows } from './sqlite-requests.ts'
import { sessionRows } from './sqlite-sessions.ts'
import { submissionRows } from './sqlite-submissions.ts'
import { checkRow, insertInto, isWhole, isWholeInSql, sealed } from './sqlite-sums.ts'
import { groupCommit } from './sqlite-turn.ts'
import type { Claim, NewKeyRecord, Proof, Reservation, SeenReservation, Store } from './store.ts'

/** What is read to decide about a wish to run a configuration. */
type WishRow = WholeKeyRow & {
  readonly loss: number | typeof damagedRun | null
  readonly in_flight: bigint
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
  if (options.create === false && path !== ':memory:' && !existsSync(path)) throw databaseMissing(path)
  const { db, cautions } = await openDatabase(path, lockTimeoutMs)
  const { write, early, read, peek, close } = groupCommit(db, lockTimeoutMs)
  const statements = prepareAll(db)
  const keys = keyRows(db)
  const facts = factRows(db)
  const submissions = submissionRows(db, keys)
  const nextTicket = ticketCounter()
  const pasts = pastRows(db, keys)
  const sessions = sessionRows(db, keys)
  const queue = queueRows(db)
  const requests = requestRows(db, { keys, instance, nextTicket })

  const reserve = (keyId: string, config: string, cost: bigint, now: number): Reservation => {
    const wish = statements.wish.get(config, config, keyId) as WishRow | undefined
    if (wish) checkRow('keys', wish)
    if (!wish || wish.revoked) throw keyInvalid(keyId)
    const { loss } = wish
    if (loss === damagedRun) throw damagedDatabase(`a run of the key ${keyId} has another checksum`)
    const [budget, used, reserved] = [wish.budget, wish.used, wish.reserved].map(BigInt)
    if (loss !== null) return { kind: 'settled', loss, used }
    if (wish.in_flight) return { kind: 'in-flight' }
    const left = budget - used - reserved
    if (cost > left) return { kind: 'refused', left: left > 0n ? left : 0n, budget, used }
    const ticket = nextTicket()
    const reservation = { ticket, key_id: keyId, config, cost: String(cost), instance, created_at: now }
    statements.addReservation.run(...sealed('reservations', reservation))
    keys.change(wish, { reserved: String(reserved + cost) })
    return { kind: 'reserved', ticket }
  }

  const settle = (ticket: bigint, loss: number, now: number) => {
    const row = statements.reservation.get(ticket) as ReservationRow | undefined
    if (!row) return null
    checkRow('reservations', row)
    const { key_id, config, cost } = row
    const key = keys.ofId(key_id)!
    const used = BigInt(key.used) + BigInt(cost)
    statements.deleteReservation.run(ticket)
    statements.addRun.run(...sealed('runs', { key_id, config, cost, loss, settled_at: now }))
    const changes = key.changes + 1n
    keys.change(key, { used: String(used), reserved: String(BigInt(key.reserved) - BigInt(cost)), changes })
    requests.finish(row, changes, now)
    return { used }
  }

  /**
   * Gives back what is whole; the rest stays, because nobody knows whose it is and how much. What an open request holds is left to whoever takes
   * that over.
   */
  const giveBack = (rows: readonly (ReservationRow | undefined)[]): GivenBack => {
    const there = rows.filter((row) => row !== undefined)
    const whole = there.filter(
      (row) => isWhole('reservations', row) && keys.isWhole(row.key_id) && requests.holding(row) !== 'damaged',
    )
    for (const row of whole) {
      const { ticket, key_id, cost } = row
      if (requests.holding(row) === 'open') {
        requests.leave(row)
        continue
      }
      const key = keys.ofId(key_id)!
      statements.deleteReservation.run(ticket)
      keys.change(key, { reserved: String(BigInt(key.reserved) - BigInt(cost)) })
    }
    return { freed: whole.length, damaged: there.length - whole.length }
  }

  const release = (tickets: readonly bigint[]) =>
    giveBack(tickets.map((ticket) => statements.reservation.get(ticket) as ReservationRow | undefined))

  const reclaim = (seen: readonly SeenReservation[]) =>
    giveBack(
      seen.map(({ ticket, renewals }) => {
        const row = statements.reservation.get(ticket) as (ReservationRow & SeenReservation) | undefined
        return row?.renewals === renewals && requests.holding(row) !== 'open' ? row : undefined
      }),
    )

  const reconcile = (keyId: string) => {
    const key = keys.ofId(keyId)
    if (!key) return
    const rows = statements.reservationsOfKey.all(keyId) as unknown as ReservationRow[]
    for (const row of rows) checkRow('reservations', row)
    keys.change(key, { reserved: sumOfCosts(rows) })
  }

  const claim = (producer: string, anyway: boolean): Claim => {
    const answered = Boolean((statements.answered.get() as { answered: bigint }).answered)
    const isFree = facts.of('producer') === null ? anyway || !answered : anyway && !answered
    if (isFree) {
      if (facts.of('producer') !== producer) pasts.forgetResets()
      facts.set('producer', producer)
    }
    return { kind: facts.of('producer') === producer ? 'held' : 'not-held', answered }
  }

  const addKeys = async (added: readonly NewKeyRecord[]): Promise<void> => {
    for (const { budget } of added) checkFlops('A budget', budget)
    await write(() => {
      const names = new Set(added.flatMap(({ id, hash }) => [`id ${id}`, `hash ${hash}`]))
      const taken = added.find(({ id, hash }) => keys.ofId(id) ?? keys.ofHash(hash))
      if (taken || names.size < 2 * added.length) throw keyTaken(added.length === 1 ? added[0].id : null)
      for (const key of added) keys.add(newKeyRow(key))
    })
  }

  /** Changes a key's row; false where there is none. */
  const changeKey = (id: string, by: Parameters<KeyRows['change']>[1]): boolean => {
    const row = keys.ofId(id)
    if (row) keys.change(row, { ...by, changes: row.changes + 1n })
    return row !== null
  }

  const prove = (id: string): Proof | null => {
    const key = keys.ofId(id)
    if (!key) return null
    const reservations = statements.reservationsOfKey.all(id) as unknown as ReservationRow[]
    for (const row of reservations) checkRow('reservations', row)
    const { ran } = statements.ran.get(id) as { ran: string }
    return proofFromRow({ used: key.used, reserved: key.reserved, ran, held: sumOfCosts(reservations) })
  }

  /** A process that ends in good order leaves no reservation behind. */
  const leave = () => giveBack(statements.ownReservations.all(instance) as unknown as ReservationRow[])

  const record = (row: WholeKeyRow | null) => (row ? keyFromRow(row) : null)

  return {
    cautions,
    addKey: async (key) => addKeys([key]),
    addKeys,
    findKey: (hash) => peek(() => record(keys.ofHash(hash))),
    getKey: (id) => read(() => record(keys.ofId(id))),
    listKeys: () => read(() => keys.all().map(keyFromRow)),
    hashes: () => read(() => keys.all().map(({ hash }) => hash)),
    async replaceHash(hash, by) {
      await write(() => {
        const row = keys.ofHash(hash)
        if (row) keys.changeHash(row, by)
      })
    },
    revokeKey: (id, now) =>
      write(() => {
        if (!changeKey(id, { revoked: 1n })) return false
        requests.cancelAll(id, now)
        sessions.endAll(id)
        return true
      }),
    restoreKey: (id) => write(() => changeKey(id, { revoked: 0n })),
    rekey: (id, hash, now) =>
      write(() => {
        sessions.endAll(id)
        return pasts.rekey(id, hash, now)
      }),
    async setBudget(id, budget) {
      checkFlops('A budget', budget)
      return write(() => changeKey(id, { budget: String(budget) }))
    },
    resetKey: (id, { submissions }, now) => write(() => pasts.reset(id, submissions, now)),
    pasts: (id) => read(() => pasts.list(id)),
    async takeBack(id, kind) {
      const came = await write(() => {
        if (kind === 'rekey') sessions.endAll(id)
        return pasts.takeBack(id, kind)
      })
      if (came === 'taken') throw keyTaken(id)
      return came === 'done'
    },

    async beginSession(session, limits) {
      await write(() => sessions.begin(session, limits))
    },
    session: (hash) => peek(() => sessions.of(hash)),
    async endSession(hash) {
      await write(() => sessions.end(hash))
    },

    async reserve(keyId, config, cost, now) {
      checkFlops('A cost', cost)
      return early(
        () => reserve(keyId, anyCodec.identity(config), cost, now),
        ({ kind }) => kind === 'reserved',
      )
    },
    async settle(ticket, loss, now) {
      checkLoss('A loss', loss)
      return write(() => settle(ticket, loss, now))
    },
    async release(tickets) {
      const givenBack = await early(
        () => release(tickets),
        () => true,
      )
      freedIn(givenBack)
    },
    async renew(tickets) {
      if (tickets.length === 0) return []
      return early(
        () => tickets.filter((ticket) => Number(statements.renew.run(ticket).changes) === 0),
        () => true,
      )
    },
    reservations: () =>
      read(() =>
        (statements.reservations.all() as unknown as (SeenReservation & { instance: string })[]).map(
          ({ ticket, renewals, instance }) => ({ ticket, renewals, isLeft: instance === nobody }),
        ),
      ),
    reclaim: async (seen) => (seen.length === 0 ? 0 : freedIn(await write(() => reclaim(seen)))),
    runs: (keyId, after, limit) =>
      read(() => pageOfRows(statements.runs.all(keyId, after, limit + 1) as unknown as RunRow[], limit)),

    async remember(name, value) {
      const known = await read(() => facts.of(name))
      if (known !== null) return known
      return write(() => {
        facts.add(name, value)
        return facts.of(name)!
      })
    },
    async note(name, value) {
      await write(() => facts.set(name, value))
    },
    recall: (name) => read(() => facts.of(name)),
    claim: (producer, anyway) => write(() => claim(producer, anyway)),

    prove: (keyId) => read(() => prove(keyId)),
    async reconcile(keyId) {
      await write(() => reconcile(keyId))
    },
    async check() {
      await write(() => statements.check.run())
    },

    async submit(keyId, prediction, most) {
      checkLoss('A predicted loss', prediction.predictedLoss)
      return write(() => submissions.submit(keyId, prediction, most))
    },
    submissions: (keyId) => read(() => submissions.of(keyId)),
    listSubmissions: () => read(submissions.last),
    standings: (keyIds) =>
      read(() => {
        const sums = (keyIds === undefined
          ? statements.runSums.all()
          : keyIds.flatMap((id) => statements.runSumsOf.all(id))) as unknown as (RunSumsRow & { whole: bigint })[]
        const damaged = sums.find(({ whole }) => !whole)
        if (damaged) throw damagedDatabase(`a run of the key ${damaged.key_id} has another checksum`)
        if (keyIds === undefined) return standingsFrom(keys.all().map(keyFromRow), sums, submissions.last())
        const those = keyIds.flatMap((id) => keys.ofId(id) ?? []).map(keyFromRow)
        return standingsFrom(
          those,
          sums,
          those.flatMap((key) => {
            const all = submissions.of(key.id)
            return all.length === 0 ? [] : [{ key, submission: all[all.length - 1], attempts: all.length }]
          }),
        )
      }),

    ask: async (keyId, wish, now) => {
      checkFlops('A cost', wish.cost)
      return write(() => requests.ask(keyId, wish, now))
    },
    request: (keyId, config) => read(() => requests.of(keyId, anyCodec.identity(config))),
    requests: (keyId, filter) => read(() => requests.list(keyId, filter)),
    queries: (keyId) => read(() => requests.queries(keyId)),
    begin: (ticket, now) => write(() => requests.begin(ticket, now)),
    end: (ticket, state, failure, now) => write(() => requests.end(ticket, state, failure, now)),
    cancel: (keyId, config, now) => write(() => requests.cancel(keyId, anyCodec.identity(config), now)),
    takeOver: async (seen) => (seen.length === 0 ? [] : write(() => requests.takeOver(seen))),
    async noteCurve(keyId, config, curve) {
      await early(
        () => requests.noteCurve(keyId, anyCodec.identity(config), JSON.stringify(curve)),
        () => true,
      )
    },
    curve: async (keyId, config) => {
      const text = await read(() => requests.curve(keyId, anyCodec.identity(config)))
      return text === null ? [] : JSON.parse(text)
    },
    changes: (keyIds) =>
      read(() => {
        const there = keyIds.map((id) => keys.ofId(id)).filter((row) => row !== null && !row.revoked)
        return new Map(there.map((row) => [row!.id, row!.changes]))
      }),
    openRequests: () => read(() => requests.counts()),
    queue: (limit) => read(() => queue.list(limit)),
    mark: () => read(() => queue.mark()),
    keyMarks: () => read(() => queue.keyMarks()),

    close: () => close(leave),
  }
}

const newKeyRow = ({ id, hash, label, budget, createdAt, instructor = false }: NewKeyRecord) => ({
  ...{ id, hash, label, budget: String(budget), used: '0', reserved: '0' },
  ...{ revoked: 0n, instructor: BigInt(instructor), created_at: BigInt(createdAt), changes: 0n },
})

/** What became of reservations that were to be given back. */
interface GivenBack {
  readonly freed: number
  readonly damaged: number
}

/** Errors: RECORD_DAMAGED where some could not be given back; the others were. */
function freedIn({ freed, damaged }: GivenBack): number {
  if (damaged > 0) throw damagedDatabase(`${damaged} reservations have another checksum, or their keys`)
  return freed
}

const sumOfCosts = (rows: readonly ReservationRow[]): string =>
  String(rows.reduce((sum, { cost }) => sum + BigInt(cost), 0n))

/** What stands for the loss of a run whose row is not what was written. */
const damagedRun = 'damaged'
/** The loss of a run, as far as its checksum is right. */
const believed = `CASE WHEN ${isWholeInSql('runs')} THEN loss ELSE '${damagedRun}' END`

function prepareAll(db: DatabaseSync) {
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true) // tickets pass 2^53
    return statement
  }
  return {
    answered: prepare(
      `SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM reservations) OR EXISTS (SELECT 1 FROM submissions)
         AS answered`,
    ),

    wish: prepare(
      `SELECT *, (SELECT ${believed} FROM runs WHERE key_id = keys.id AND config = ?) AS loss,
         EXISTS (SELECT 1 FROM reservations WHERE key_id = keys.id AND config = ?) AS in_flight
       FROM keys WHERE id = ?`,
    ),
    addReservation: prepare(insertInto('reservations')),
    reservation: prepare('SELECT * FROM reservations WHERE ticket = ?'),
    reservationsOfKey: prepare('SELECT * FROM reservations WHERE key_id = ?'),
    ownReservations: prepare('SELECT * FROM reservations WHERE instance = ?'),
    deleteReservation: prepare('DELETE FROM reservations WHERE ticket = ?'),
    renew: prepare('UPDATE reservations SET renewals = renewals + 1 WHERE ticket = ?'),
    reservations: prepare('SELECT ticket, renewals, instance FROM reservations'),
    check: prepare('UPDATE health SET checks = checks + 1'),
    addRun: prepare(insertInto('runs')),
    runs: prepare(`SELECT id, config, cost, loss, settled_at, ${isWholeInSql('runs')} AS whole
       FROM runs WHERE key_id = ? AND id > ? ORDER BY id LIMIT ?`),
    runSums: prepare(`SELECT key_id, count(*) AS runs, min(loss) AS best_loss, max(settled_at) AS last_run_at,
         min(${isWholeInSql('runs')}) AS whole
       FROM runs GROUP BY key_id`),
    runSumsOf: prepare(`SELECT key_id, count(*) AS runs, min(loss) AS best_loss, max(settled_at) AS last_run_at,
         min(${isWholeInSql('runs')}) AS whole
       FROM runs WHERE key_id = ? GROUP BY key_id`),
    ran: prepare('SELECT sum_flops(cost) AS ran FROM runs WHERE key_id = ?'),
  }
}
