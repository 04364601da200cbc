import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { anyCodec } from '../../space/any.ts'
import { configOfRow, damagedDatabase, keyInvalid, queryFromRow, type RequestRow, requestFromRow } from './common.ts'
import {
  type Asked,
  isOpen,
  mostForgotten,
  mostQueries,
  type OpenCounts,
  type RequestFailure,
  type RequestFilter,
  type StoredRequest,
  type TakenRequest,
  type Wish,
} from './requests.ts'
import type { KeyRows } from './sqlite-keys.ts'
import { checkRow, insertInto, isWhole, isWholeInSql, sealed } from './sqlite-sums.ts'

/** A row of the table `reservations`. */
export interface ReservationRow {
  readonly ticket: bigint
  readonly key_id: string
  readonly config: string
  readonly cost: string
  readonly instance: string
  readonly created_at: bigint
  readonly checksum: string
}

type Row = RequestRow & { readonly checksum: string }

/** The requests of a file: what is done within one transaction. Errors: RECORD_DAMAGED. */
export interface RequestRows {
  ask(keyId: string, wish: Wish, now: number): Asked
  of(keyId: string, config: string): StoredRequest | null
  list(keyId: string, filter: RequestFilter): StoredRequest[]
  queries(keyId: string): StoredRequest[]
  begin(ticket: bigint, now: number): void
  end(ticket: bigint, state: 'diverged' | 'failed', failure: RequestFailure | null, now: number): boolean
  cancel(keyId: string, config: string, now: number): { readonly kind: 'cancelled' | 'ended' } | null
  takeOver(seen: readonly { readonly ticket: bigint; readonly renewals: bigint }[]): TakenRequest[]
  cancelAll(keyId: string, now: number): void
  /** Whether a reservation is that of an open request, and so must not be freed; `damaged` where nobody knows. */
  holding(reservation: ReservationRow): 'open' | 'none' | 'damaged'
  /** Leaves the reservation of an open request to be taken over. */
  leave(reservation: ReservationRow): void
  /** The run of a configuration was settled, as its key's change of this number. */
  finish(reservation: ReservationRow, number: bigint, now: number): void
  noteCurve(keyId: string, config: string, curve: string): void
  curve(keyId: string, config: string): string | null
  counts(): OpenCounts
}

/** What a reservation has for a holder that was left to be taken over. */
export const nobody = ''

export function requestRows(
  db: DatabaseSync,
  { keys, instance, nextTicket }: { keys: KeyRows; instance: string; nextTicket: () => bigint },
): RequestRows {
  const statements = prepareAll(db)

  const rowOf = (keyId: string, config: string): Row | null => {
    const row = statements.of.get(keyId, config) as Row | undefined
    if (row) checkRow('requests', row)
    return row ?? null
  }
  const write = (row: Omit<RequestRow, 'loss' | 'cost'>) => {
    statements.put.run(...sealed('requests', row))
  }
  const shown = (row: Row): StoredRequest => {
    if (row.loss === damagedRun) throw damagedDatabase(`the run of the request ${row.config} has another checksum`)
    return requestFromRow(row)
  }
  const of = (keyId: string, config: string) => {
    const row = rowOf(keyId, config)
    return row && shown(row)
  }
  /** Counts a change of a key. */
  const countChange = (keyId: string, by: { reserved?: string } = {}): bigint => {
    const key = keys.ofId(keyId)!
    keys.change(key, { ...by, changes: key.changes + 1n })
    return key.changes + 1n
  }
  const reservedBut = (keyId: string, cost: string) => ({
    reserved: String(BigInt(keys.ofId(keyId)!.reserved) - BigInt(cost)),
  })
  const reservationOf = (ticket: bigint) => {
    const row = statements.reservation.get(ticket) as (ReservationRow & { renewals: bigint }) | undefined
    if (row) checkRow('reservations', row)
    return row ?? null
  }
  /** The open request that a ticket is the fence of, and its reservation. */
  const openOf = (ticket: bigint) => {
    const reservation = reservationOf(ticket)
    const row = reservation && rowOf(reservation.key_id, reservation.config)
    return row?.ticket === ticket ? { reservation, row } : null
  }
  /** Ends a request without a loss; older ones that came to nothing are forgotten. */
  const close = (row: Row, change: Partial<RequestRow>, freed: ReservationRow | null, now: number) => {
    if (freed) statements.deleteReservation.run(freed.ticket)
    const number = countChange(row.key_id, freed ? reservedBut(row.key_id, freed.cost) : {})
    write({ ...row, ...change, number, ticket: null, ended_at: BigInt(now) })
    statements.deleteOld.run(row.key_id, row.key_id, mostForgotten)
  }

  const ask = (keyId: string, { config, cost, name, most }: Wish, now: number): Asked => {
    const identity = anyCodec.identity(config)
    const key = keys.ofId(keyId)
    if (!key || key.revoked) throw keyInvalid(keyId)
    const known = rowOf(keyId, identity)
    if (known && !beginsAnew(known, name)) return { kind: 'known', request: shown(known) }
    const { open } = statements.countOpen.get(keyId) as { open: bigint }
    if (open >= BigInt(most)) return { kind: 'too-many', open: Number(open) }
    const inFlight = statements.reservationFor.get(keyId, identity) !== undefined
    const [budget, used, reserved] = [key.budget, key.used, key.reserved].map(BigInt)
    const left = budget - used - reserved
    if (!inFlight && cost > left) return { kind: 'refused', left: left > 0n ? left : 0n, budget, used }
    const ticket = inFlight ? null : nextTicket()
    if (ticket !== null)
      statements.addReservation.run(
        ...sealed('reservations', {
          ...{ ticket, key_id: keyId, config: identity, cost: String(cost), instance, created_at: now },
        }),
      )
    const number = countChange(keyId, ticket === null ? {} : { reserved: String(reserved + cost) })
    statements.deleteCurve.run(keyId, identity)
    write({
      ...{ key_id: keyId, config: identity, state: inFlight ? 'running' : 'waiting', number, ticket, name },
      ...{ asked_at: BigInt(now), started_at: inFlight ? BigInt(now) : null, ended_at: null, error: null },
    })
    return { kind: 'opened', request: of(keyId, identity)!, ticket }
  }

  const cancel = (keyId: string, config: string, now: number) => {
    const row = rowOf(keyId, config)
    if (row === null) return null
    if (!isOpen(row.state)) return { kind: 'ended' as const }
    close(row, { state: 'cancelled' }, row.ticket === null ? null : reservationOf(row.ticket), now)
    return { kind: 'cancelled' as const }
  }

  const holding = ({ key_id, config }: ReservationRow) => {
    const row = statements.of.get(key_id, config) as Row | undefined
    if (row === undefined) return 'none'
    return !isWhole('requests', row) ? 'damaged' : isOpen(row.state) ? 'open' : 'none'
  }

  return {
    ask,
    of,
    list(keyId, { states, after, limit }) {
      const filter = JSON.stringify(states ?? [])
      const statement =
        states === undefined ? statements.all : states.includes('finished') ? statements.some : statements.unfinished
      const rows = (states === undefined
        ? statement.all(keyId, after, limit)
        : statement.all(keyId, after, filter, limit)) as unknown as Row[]
      return rows.map((row) => {
        checkRow('requests', row)
        return shown(row)
      })
    },
    queries(keyId) {
      const rows = statements.queries.all(keyId, mostQueries) as unknown as ReservationRow[]
      return rows.map((row) => {
        checkRow('reservations', row)
        return queryFromRow(row, keys.ofId(keyId)!.changes)
      })
    },
    begin(ticket, now) {
      const open = openOf(ticket)
      if (open?.row.state !== 'waiting') return
      const number = countChange(open.row.key_id)
      write({ ...open.row, state: 'running', number, started_at: BigInt(now) })
    },
    end(ticket, state, failure, now) {
      const open = openOf(ticket)
      if (open === null) return false
      close(open.row, { state, error: failure && JSON.stringify(failure) }, open.reservation, now)
      return true
    },
    cancel,
    cancelAll(keyId, now) {
      for (const { config } of statements.open.all(keyId) as unknown as Row[]) cancel(keyId, config, now)
    },
    takeOver(seen) {
      return seen.flatMap(({ ticket, renewals }) => {
        const reservation = statements.reservation.get(ticket) as (ReservationRow & { renewals: bigint }) | undefined
        if (reservation?.renewals !== renewals || !isWhole('reservations', reservation)) return []
        if (holding(reservation) !== 'open' || !keys.isWhole(reservation.key_id)) return []
        const row = rowOf(reservation.key_id, reservation.config)!
        const { key_id, config, cost, created_at } = reservation
        const mine = nextTicket()
        statements.deleteReservation.run(ticket)
        statements.addReservation.run(
          ...sealed('reservations', { ticket: mine, key_id, config, cost, instance, created_at }),
        )
        write({ ...row, state: 'waiting', number: countChange(key_id), ticket: mine })
        return [{ keyId: key_id, config: configOfRow(config), ticket: mine }]
      })
    },
    holding,
    leave(reservation) {
      const row = rowOf(reservation.key_id, reservation.config)!
      const { ticket, key_id, config, cost, created_at } = reservation
      statements.deleteReservation.run(ticket)
      statements.addReservation.run(
        ...sealed('reservations', { ticket, key_id, config, cost, instance: nobody, created_at }),
      )
      write({ ...row, ticket })
    },
    finish({ key_id, config, created_at }, number, now) {
      const before = rowOf(key_id, config) ?? {
        ...{ key_id, config, name: null, asked_at: created_at, started_at: null, error: null },
      }
      write({ ...before, state: 'finished', number, ticket: null, ended_at: BigInt(now), error: null })
    },
    noteCurve(keyId, config, curve) {
      const row = rowOf(keyId, config)
      if (row && isOpen(row.state)) statements.putCurve.run(...sealed('curves', { key_id: keyId, config, curve }))
    },
    curve(keyId, config) {
      const row = statements.curve.get(keyId, config) as
        | { key_id: string; config: string; curve: string; checksum: string }
        | undefined
      if (row) checkRow('curves', row)
      return row?.curve ?? null
    },
    counts() {
      const rows = statements.counts.all() as unknown as { state: string; number: bigint }[]
      const count = (state: string) => Number(rows.find((row) => row.state === state)?.number ?? 0)
      return { waiting: count('waiting'), running: count('running') }
    },
  }
}

/** Whether asking for a configuration again begins it anew: where it came to nothing, and its asker means another try. */
const beginsAnew = ({ state, name }: RequestRow, asked: string | null): boolean =>
  (state === 'failed' || state === 'cancelled') && (asked === null || asked !== name)

/** What stands for the loss of a run whose row is not what was written. */
const damagedRun = 'damaged'

const columns = `requests.*, runs.cost AS cost,
  CASE WHEN runs.id IS NULL OR ${isWholeInSql('runs')} THEN runs.loss ELSE '${damagedRun}' END AS loss
  FROM requests LEFT JOIN runs ON runs.key_id = requests.key_id AND runs.config = requests.config`

const inOrder = (condition: string) =>
  `SELECT ${columns} WHERE requests.key_id = ? AND number > ? ${condition} ORDER BY number LIMIT ?`

function prepareAll(db: DatabaseSync) {
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  const isOneOf = 'AND state IN (SELECT value FROM json_each(?))'
  return {
    of: prepare(`SELECT ${columns} WHERE requests.key_id = ? AND requests.config = ?`),
    all: prepare(inOrder('')),
    some: prepare(inOrder(isOneOf)),
    unfinished: prepare(inOrder(`AND state <> 'finished' ${isOneOf}`)),
    put: prepare(
      insertInto(
        'requests',
        `ON CONFLICT DO UPDATE SET state = excluded.state, number = excluded.number, ticket = excluded.ticket, name = excluded.name,
           asked_at = excluded.asked_at, started_at = excluded.started_at, ended_at = excluded.ended_at, error = excluded.error,
           checksum = excluded.checksum`,
      ),
    ),
    open: prepare("SELECT * FROM requests WHERE key_id = ? AND state IN ('waiting', 'running')"),
    countOpen: prepare("SELECT count(*) AS open FROM requests WHERE key_id = ? AND state IN ('waiting', 'running')"),
    deleteOld: prepare(
      `DELETE FROM requests WHERE key_id = ? AND state IN ('diverged', 'failed', 'cancelled') AND state <> 'finished' AND number <= (
         SELECT number FROM requests WHERE key_id = ? AND state IN ('diverged', 'failed', 'cancelled') AND state <> 'finished'
         ORDER BY number DESC LIMIT 1 OFFSET ?)`,
    ),
    reservation: prepare('SELECT * FROM reservations WHERE ticket = ?'),
    reservationFor: prepare('SELECT ticket FROM reservations WHERE key_id = ? AND config = ?'),
    queries: prepare(
      `SELECT * FROM reservations WHERE key_id = ? AND NOT EXISTS (
         SELECT 1 FROM requests WHERE requests.key_id = reservations.key_id AND requests.config = reservations.config
           AND requests.state IN ('waiting', 'running'))
       ORDER BY created_at, config LIMIT ?`,
    ),
    addReservation: prepare(insertInto('reservations')),
    deleteReservation: prepare('DELETE FROM reservations WHERE ticket = ?'),
    curve: prepare('SELECT * FROM curves WHERE key_id = ? AND config = ?'),
    putCurve: prepare(
      insertInto('curves', 'ON CONFLICT DO UPDATE SET curve = excluded.curve, checksum = excluded.checksum'),
    ),
    deleteCurve: prepare('DELETE FROM curves WHERE key_id = ? AND config = ?'),
    counts: prepare(
      "SELECT state, count(*) AS number FROM requests WHERE state IN ('waiting', 'running') GROUP BY state",
    ),
  }
}
