import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RequestRow, RunRow, SubmissionRow } from './common.ts'
import type { KeptRequest, KeptReset, KeptSubmission, Past, PastKind } from './pasts.ts'
import type { KeyRows } from './sqlite-keys.ts'
import { checkRow, insertInto, sealed } from './sqlite-sums.ts'

interface PastRow {
  readonly key_id: string
  readonly number: bigint
  readonly kind: PastKind
  readonly at: bigint
  readonly kept: string
  readonly checksum: string
}

type Sum = { readonly key_id: string; readonly checksum: string }
type WholeRun = RunRow & Sum
type WholeRequest = RequestRow & Sum
type WholeSubmission = SubmissionRow & Sum
type WholeCurve = Sum & { readonly config: string; readonly curve: string }

/** What may be taken back, in a file: what is done within one transaction. Errors: RECORD_DAMAGED. */
export interface PastRows {
  /** Forgets what a key did; false where there is none. */
  reset(id: string, forgetsSubmissions: boolean, now: number): boolean
  /** Gives a key another hash; false where there is none. */
  rekey(id: string, hash: string, now: number): boolean
  list(id: string): Past[]
  takeBack(id: string, kind: PastKind): 'done' | 'none' | 'taken'
  /** What another world answered comes back no more. */
  forgetResets(): void
}

export function pastRows(db: DatabaseSync, keys: KeyRows): PastRows {
  const statements = prepareAll(db)

  /** Rows of a key that are what was written. */
  const wholeOf = <Row extends Sum>(table: 'runs' | 'requests' | 'submissions' | 'curves', id: string): Row[] => {
    const rows = statements[table].all(id) as unknown as Row[]
    for (const row of rows) checkRow(table, row as never)
    return rows
  }

  const keptOf = (id: string, forgetsSubmissions: boolean): KeptReset => {
    const runs = new Map(wholeOf<WholeRun>('runs', id).map((run) => [run.config, run]))
    const curves = new Map(wholeOf<WholeCurve>('curves', id).map(({ config, curve }) => [config, curve]))
    const requests = wholeOf<WholeRequest>('requests', id).filter(
      ({ state }) => state !== 'waiting' && state !== 'running',
    )
    return {
      requests: requests.map((request) => keptRequest(request, runs.get(request.config), curves.get(request.config))),
      submissions: forgetsSubmissions ? wholeOf<WholeSubmission>('submissions', id).map(keptSubmission) : [],
    }
  }

  const keep = (id: string, number: bigint, kind: PastKind, now: number, kept: object) =>
    statements.keep.run(...sealed('pasts', { key_id: id, number, kind, at: now, kept: JSON.stringify(kept) }))

  const isTaken = (config: string, id: string): boolean => statements.reservation.get(id, config) !== undefined

  /** Puts one request back with its run, unless it was asked for again since. Gives what the key has used more. */
  const putBack = (id: string, one: KeptRequest, number: bigint): bigint | null => {
    const since = statements.request.get(id, one.config) as { state: string } | undefined
    if (isTaken(one.config, id) || since?.state === 'finished' || (since && one.state !== 'finished')) return null
    const { config, cost, loss, settled_at, curve, ...request } = one
    if (one.state === 'finished')
      statements.addRun.run(...sealed('runs', { key_id: id, config, cost, loss, settled_at }))
    statements.deleteRequest.run(id, config)
    statements.addRequest.run(...sealed('requests', { ...request, key_id: id, config, number, ticket: null }))
    if (curve !== null) statements.addCurve.run(...sealed('curves', { key_id: id, config, curve }))
    return one.state === 'finished' ? BigInt(cost!) : 0n
  }

  const putAllBack = (id: string, { requests, submissions }: KeptReset) => {
    const key = keys.ofId(id)!
    let [used, changes] = [BigInt(key.used), key.changes + 1n]
    for (const one of requests) {
      const more = putBack(id, one, changes + 1n)
      if (more === null) continue
      used += more
      changes++
    }
    keys.change(key, { used: String(used), changes })
    if (submissions.length === 0) return
    const since = wholeOf<WholeSubmission>('submissions', id).map(keptSubmission)
    statements.deleteSubmissions.run(id)
    // The last one counts: those that came since stay behind.
    for (const one of [...submissions, ...since])
      statements.addSubmission.run(...sealed('submissions', { ...one, key_id: id }))
  }

  const lastOf = (id: string, kind: PastKind): PastRow | null => {
    const row = statements.last.get(id, kind) as PastRow | undefined
    if (row) checkRow('pasts', row as never)
    return row ?? null
  }

  return {
    reset(id, forgetsSubmissions, now) {
      const key = keys.ofId(id)
      if (!key) return false
      const kept = keptOf(id, forgetsSubmissions)
      if (kept.requests.length + kept.submissions.length > 0) keep(id, key.changes + 1n, 'reset', now, kept)
      keys.change(key, { used: '0', reserved: '0', changes: key.changes + 1n })
      for (const forget of [statements.deleteReservations, statements.deleteRuns, statements.deleteRequests])
        forget.run(id)
      statements.deleteCurves.run(id)
      if (forgetsSubmissions) statements.deleteSubmissions.run(id)
      return true
    },
    rekey(id, hash, now) {
      const key = keys.ofId(id)
      if (!key) return false
      keep(id, key.changes + 1n, 'rekey', now, { hash: key.hash })
      keys.changeHash(key, hash)
      return true
    },
    list: (id) =>
      (statements.pasts.all(id) as unknown as PastRow[]).map((row) => {
        checkRow('pasts', row as never)
        const { requests = [], submissions = [] } = JSON.parse(row.kept) as Partial<KeptReset>
        const runs = requests.filter(({ state }) => state === 'finished').length
        return { kind: row.kind, at: Number(row.at), runs, submissions: submissions.length }
      }),
    takeBack(id, kind) {
      const past = lastOf(id, kind)
      if (past === null) return 'none'
      const kept = JSON.parse(past.kept)
      if (kind === 'rekey' && keys.ofHash(kept.hash) !== null) return 'taken'
      statements.forget.run(id, past.number)
      if (kind === 'rekey') keys.changeHash(keys.ofId(id)!, kept.hash)
      else putAllBack(id, kept)
      return 'done'
    },
    forgetResets: () => void statements.forgetResets.run(),
  }
}

function keptRequest(request: WholeRequest, run: WholeRun | undefined, curve: string | undefined): KeptRequest {
  const { config, state, name, error, asked_at, started_at, ended_at } = request
  return {
    ...{ config, state, name, error, curve: curve ?? null },
    ...{ asked_at: numberOrNull(asked_at), started_at: numberOrNull(started_at), ended_at: numberOrNull(ended_at) },
    ...{ cost: run?.cost ?? null, loss: run?.loss ?? null, settled_at: numberOrNull(run?.settled_at ?? null) },
  }
}

const keptSubmission = ({ config, predicted_loss, submitted_at, used }: WholeSubmission): KeptSubmission => ({
  ...{ config, predicted_loss, submitted_at: Number(submitted_at), used },
})

const numberOrNull = (value: bigint | null): number | null => (value === null ? null : Number(value))

function prepareAll(db: DatabaseSync) {
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  return {
    runs: prepare('SELECT * FROM runs WHERE key_id = ? ORDER BY id'),
    requests: prepare('SELECT * FROM requests WHERE key_id = ? ORDER BY number'),
    submissions: prepare('SELECT * FROM submissions WHERE key_id = ? ORDER BY id'),
    curves: prepare('SELECT * FROM curves WHERE key_id = ?'),
    reservation: prepare('SELECT 1 FROM reservations WHERE key_id = ? AND config = ?'),
    request: prepare('SELECT state FROM requests WHERE key_id = ? AND config = ?'),
    addRun: prepare(insertInto('runs')),
    addRequest: prepare(insertInto('requests')),
    addCurve: prepare(insertInto('curves', 'ON CONFLICT DO NOTHING')),
    addSubmission: prepare(insertInto('submissions')),
    deleteRequest: prepare('DELETE FROM requests WHERE key_id = ? AND config = ?'),
    deleteReservations: prepare('DELETE FROM reservations WHERE key_id = ?'),
    deleteRuns: prepare('DELETE FROM runs WHERE key_id = ?'),
    deleteRequests: prepare('DELETE FROM requests WHERE key_id = ?'),
    deleteCurves: prepare('DELETE FROM curves WHERE key_id = ?'),
    deleteSubmissions: prepare('DELETE FROM submissions WHERE key_id = ?'),
    keep: prepare(insertInto('pasts')),
    pasts: prepare('SELECT * FROM pasts WHERE key_id = ? ORDER BY number DESC'),
    last: prepare('SELECT * FROM pasts WHERE key_id = ? AND kind = ? ORDER BY number DESC LIMIT 1'),
    forget: prepare('DELETE FROM pasts WHERE key_id = ? AND number = ?'),
    forgetResets: prepare("DELETE FROM pasts WHERE kind = 'reset'"),
  }
}
