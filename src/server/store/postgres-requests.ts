import { anyCodec } from '../../space/any.ts'
import { checkFlops, configOfRow, keyInvalid, queryFromRow, type RequestRow, requestFromRow } from './common.ts'
import {
  type Asked,
  mostForgotten,
  mostQueries,
  type OpenCounts,
  type RequestStore,
  type TakenRequest,
} from './requests.ts'

/** What the SQL function `ask` answers. */
interface AskedRow {
  readonly kind: Asked['kind'] | 'no-key'
  readonly shared: boolean
  readonly open: bigint
  readonly budget: string
  readonly used: string
  readonly free: string
}

type Ask = <Row>(statement: keyof typeof requestTexts, ...values: unknown[]) => Promise<Row[]>

/** The requests of a PostgreSQL database; see migrations/postgres/007_requests.sql. */
export function postgresRequests(database: {
  readonly ask: Ask
  readonly change: <Row>(keyId: string, ...rest: Parameters<Ask>) => Promise<Row[]>
  readonly instance: string
  readonly nextTicket: () => bigint
  /** Whose reservations these are, so that what is done with them goes the way of their key. */
  readonly keyOfTicket: Map<bigint, string>
}): RequestStore {
  const { ask, change, instance, nextTicket, keyOfTicket } = database
  const keyOf = (ticket: bigint) => keyOfTicket.get(ticket) ?? ''
  const request: RequestStore['request'] = async (keyId, config) => {
    const [row] = await ask<RequestRow>('request', keyId, anyCodec.identity(config))
    return row ? requestFromRow(row) : null
  }

  return {
    request,
    async ask(keyId, { config, cost, name, most }, now) {
      checkFlops('A cost', cost)
      const ticket = nextTicket()
      const values = [keyId, anyCodec.identity(config), cost, ticket, instance, name, most, now]
      const [{ kind, shared, open, budget, used, free }] = await change<AskedRow>(keyId, 'ask', ...values)
      switch (kind) {
        case 'no-key':
          throw keyInvalid(keyId)
        case 'refused': {
          const left = BigInt(free)
          return { kind, left: left > 0n ? left : 0n, budget: BigInt(budget), used: BigInt(used) }
        }
        case 'too-many':
          return { kind, open: Number(open) }
        case 'known':
        case 'opened': {
          const there = await request(keyId, config)
          if (there === null) throw keyInvalid(keyId) // the key was reset in between
          if (kind === 'known') return { kind, request: there }
          if (!shared) keyOfTicket.set(ticket, keyId)
          return { kind, request: there, ticket: shared ? null : ticket }
        }
      }
    },
    async requests(keyId, { states, after, limit }) {
      const statement =
        states === undefined ? 'allRequests' : states.includes('finished') ? 'someRequests' : 'unfinishedRequests'
      const filter = states === undefined ? [] : [states]
      return (await ask<RequestRow>(statement, keyId, after, limit, ...filter)).map(requestFromRow)
    },
    async queries(keyId) {
      type Row = Parameters<typeof queryFromRow>[0] & { readonly changes: bigint }
      return (await ask<Row>('queries', keyId, mostQueries)).map((row) => queryFromRow(row, row.changes))
    },
    async begin(ticket, now) {
      await change(keyOf(ticket), 'beginRequest', ticket, now)
    },
    async end(ticket, state, failure, now) {
      const values = [ticket, state, failure && JSON.stringify(failure), now, mostForgotten]
      const [{ ended }] = await change<{ ended: boolean }>(keyOf(ticket), 'endRequest', ...values)
      keyOfTicket.delete(ticket)
      return ended
    },
    async cancel(keyId, config, now) {
      const values = [keyId, anyCodec.identity(config), now, mostForgotten]
      const [{ kind }] = await change<{ kind: 'cancelled' | 'ended' | null }>(keyId, 'cancelRequest', ...values)
      return kind === null ? null : { kind }
    },
    async takeOver(seen) {
      if (seen.length === 0) return []
      const columns = [seen.map(({ ticket }) => ticket), seen.map(({ renewals }) => renewals)]
      const rows = await ask<{ key_id: string; config: string; ticket: bigint }>(
        'takeOver',
        ...[...columns, seen.map(nextTicket), instance],
      )
      return rows.map(({ key_id, config, ticket }): TakenRequest => {
        keyOfTicket.set(ticket, key_id)
        return { keyId: key_id, config: configOfRow(config), ticket }
      })
    },
    async noteCurve(keyId, config, curve) {
      await ask('noteCurve', keyId, anyCodec.identity(config), JSON.stringify(curve))
    },
    async curve(keyId, config) {
      const [row] = await ask<{ curve: string }>('curve', keyId, anyCodec.identity(config))
      return row ? JSON.parse(row.curve) : []
    },
    async changes(keyIds) {
      const rows = await ask<{ id: string; changes: bigint }>('changes', keyIds)
      return new Map(rows.map(({ id, changes }) => [id, changes]))
    },
    async openRequests() {
      const [counts] = await ask<{ waiting: bigint; running: bigint }>('openRequests')
      return { waiting: Number(counts.waiting), running: Number(counts.running) } satisfies OpenCounts
    },
  }
}

const columns = `r.*, u.cost, u.loss FROM isoflop.requests r LEFT JOIN isoflop.runs u ON u.key_id = r.key_id AND u.config = r.config`
const inOrder = (condition: string) =>
  `SELECT ${columns} WHERE r.key_id = $1 AND r.number > $2 ${condition} ORDER BY r.number LIMIT $3`

export const requestTexts = {
  ask: 'SELECT kind, shared, open, budget, used, free FROM isoflop.ask($1, $2, $3, $4, $5, $6, $7, $8)',
  request: `SELECT ${columns} WHERE r.key_id = $1 AND r.config = $2`,
  allRequests: inOrder(''),
  someRequests: inOrder('AND r.state = ANY ($4)'),
  unfinishedRequests: inOrder("AND r.state <> 'finished' AND r.state = ANY ($4)"),
  queries: `SELECT q.config, q.created_at, k.changes FROM isoflop.reservations q JOIN isoflop.keys k ON k.id = q.key_id
            WHERE q.key_id = $1 AND NOT EXISTS (SELECT FROM isoflop.requests r
              WHERE r.key_id = q.key_id AND r.config = q.config AND r.state IN ('waiting', 'running'))
            ORDER BY q.created_at, q.config COLLATE "C" LIMIT $2`,
  beginRequest: 'SELECT isoflop.begin_request($1, $2)',
  endRequest: 'SELECT isoflop.end_request($1, $2, $3, $4, $5) AS ended',
  cancelRequest: 'SELECT isoflop.cancel($1, $2, $3, $4) AS kind',
  takeOver: 'SELECT key_id, config, ticket FROM isoflop.take_over($1, $2, $3, $4)',
  noteCurve: 'SELECT isoflop.note_curve($1, $2, $3)',
  curve: 'SELECT curve FROM isoflop.curves WHERE key_id = $1 AND config = $2',
  changes: 'SELECT id, changes FROM isoflop.keys WHERE id = ANY ($1) AND NOT revoked',
  openRequests: `SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'running') AS running
                 FROM isoflop.requests WHERE state IN ('waiting', 'running')`,
}
