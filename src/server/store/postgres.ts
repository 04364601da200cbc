import { Pool, type PoolClient, types } from 'pg'
import { IsoflopError } from '../../core/errors.ts'
import { apiCodec } from '../../cs336/config.ts'
import {
  checkFlops,
  checkLoss,
  databaseTooNew,
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
  storeClosed,
  submissionFromRow,
  ticketCounter,
  unavailable,
} from './common.ts'
import { migrationsOf } from './migrate.ts'
import type { Reservation, SeenReservation, Store } from './store.ts'

/** What the SQL function `reserve` answers. */
interface WishRow {
  readonly kind: Reservation['kind'] | 'no-key'
  readonly loss: number
  readonly budget: string
  readonly used: string
  readonly free: string
}

/**
 * Opens a store in a PostgreSQL database, in a schema `isoflop` of its own. `reserve` and `settle` are one round trip
 * each: SQL functions that lock the row of the key (see migrations/postgres).
 *
 * A lost connection rejects what was in flight with STORE_UNAVAILABLE; later calls connect anew by themselves. A
 * `settle` whose answer was lost may have happened; the key then holds the run, and `reserve` answers `settled` without
 * a charge.
 *
 * Rejects with STORE_UNAVAILABLE when the server cannot be reached.
 */
export async function openPostgres(url: string, options: StoreOptions = {}): Promise<Store> {
  const instance = options.instance ?? newInstance()
  const pool = newPool(url, options)
  const nextTicket = ticketCounter()
  let closing: Promise<void> | null = null

  const query = async <Row>(statement: Statement, ...values: unknown[]): Promise<Row[]> => {
    if (closing) throw storeClosed()
    try {
      return (await pool.query({ ...statements[statement], values })).rows
    } catch (error) {
      throw unavailable(error)
    }
  }
  const first = async <Row>(statement: Statement, ...values: unknown[]): Promise<Row | undefined> =>
    (await query<Row>(statement, ...values))[0]
  const key = async (statement: Statement, value: string) => {
    const row = await first<KeyRow>(statement, value)
    return row ? keyFromRow(row) : null
  }
  /** Whether the statement returned a row, that is, changed one. */
  const changed = async (statement: Statement, ...values: unknown[]) => (await query(statement, ...values)).length > 0

  const leave = async () => {
    // Best effort: what could not be tidied up is reclaimed by another process.
    await pool.query({ ...statements.leave, values: [instance] }).catch(() => {})
    await pool.end()
  }

  try {
    await migrate(pool)
  } catch (error) {
    await pool.end()
    throw error instanceof IsoflopError ? error : unavailable(error)
  }

  return {
    async addKey({ id, hash, label, budget, createdAt }) {
      checkFlops('A budget', budget)
      if (!(await changed('addKey', id, hash, label, budget, createdAt))) throw keyTaken(id)
    },
    findKey: (hash) => key('keyOfHash', hash),
    getKey: (id) => key('keyOfId', id),
    listKeys: async () => (await query<KeyRow>('keys')).map(keyFromRow),
    revokeKey: (id) => changed('revoke', id),
    async setBudget(id, budget) {
      checkFlops('A budget', budget)
      return changed('setBudget', budget, id)
    },
    resetKey: async (id) => (await first<{ reset: boolean }>('reset', id))?.reset === true,

    async reserve(keyId, config, cost, now) {
      checkFlops('A cost', cost)
      const ticket = nextTicket()
      const wish = await first<WishRow>('reserve', keyId, apiCodec.identity(config), cost, ticket, instance, now)
      return reservationFrom(wish as WishRow, keyId, ticket)
    },
    async settle(ticket, loss) {
      checkLoss('A loss', loss)
      const used = (await first<{ used: string | null }>('settle', ticket, loss))?.used
      return used == null ? null : { used: BigInt(used) }
    },
    async release(tickets) {
      await query('release', tickets)
    },
    async renew(tickets) {
      await query('renew', tickets)
    },
    reservations: () => query<SeenReservation>('reservations'),
    async reclaim(seen) {
      const columns = [seen.map(({ ticket }) => ticket), seen.map(({ renewals }) => renewals)]
      return Number((await first<{ reclaimed: bigint }>('reclaim', ...columns))?.reclaimed ?? 0)
    },
    runs: async (keyId, after, limit) => pageOfRows(await query<RunRow>('runs', keyId, after, limit + 1), limit),

    async prove(keyId) {
      const row = await first<ProofRow>('prove', keyId)
      return row ? proofFromRow(row) : null
    },
    async reconcile(keyId) {
      await query('reconcile', keyId)
    },
    async check() {
      await query('check')
    },

    async putSubmission(keyId, { config, predictedLoss, submittedAt }) {
      checkLoss('A predicted loss', predictedLoss)
      if (!(await changed('putSubmission', apiCodec.identity(config), predictedLoss, submittedAt, keyId)))
        throw keyInvalid(keyId)
    },
    async getSubmission(keyId) {
      const row = await first<SubmissionRow>('submission', keyId)
      return row ? submissionFromRow(row) : null
    },
    listSubmissions: async () =>
      (await query<KeyRow & SubmissionRow>('submissions')).map((row) => ({
        key: keyFromRow(row),
        submission: submissionFromRow(row),
      })),

    close() {
      closing ??= leave()
      return closing
    },
  }
}

function reservationFrom({ kind, loss, budget, used, free }: WishRow, keyId: string, ticket: bigint): Reservation {
  switch (kind) {
    case 'no-key':
      throw keyInvalid(keyId)
    case 'settled':
      return { kind, loss, used: BigInt(used) }
    case 'reserved':
      return { kind, ticket }
    case 'in-flight':
      return { kind }
    case 'refused': {
      const left = BigInt(free)
      return { kind, left: left > 0n ? left : 0n, budget: BigInt(budget), used: BigInt(used) }
    }
  }
}

function newPool(url: string, { lockTimeoutMs = 5000, connections = 10 }: StoreOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 5000,
    idle_in_transaction_session_timeout: 60_000,
    lock_timeout: lockTimeoutMs,
    statement_timeout: 10_000,
    query_timeout: 15_000, // where the server is gone without a word and its own timeout cannot answer
    keepAlive: true,
    application_name: 'isoflop',
    // An answer to settle must mean that the run is on the disk, also where the database's default says otherwise.
    options: '-c synchronous_commit=on',
    types: { getTypeParser: parserOf },
  })
  // An idle connection that breaks is not worth a crash: the pool drops it, the next query connects anew.
  pool.on('error', () => {})
  return pool
}

/** int8 becomes a bigint; pg's default is a string. */
const parserOf: typeof types.getTypeParser = ((oid: number, format?: 'text') =>
  oid === types.builtins.INT8 ? BigInt : types.getTypeParser(oid, format)) as typeof types.getTypeParser

/** Any number does that no other program locks in this database. */
const migrationLock = 1_769_105_512

/**
 * Brings the tables up to date. Servers that start at once do it one after another; the later ones find nothing to do.
 */
async function migrate(pool: Pool): Promise<void> {
  const client = await pool.connect()
  client.on('error', ignore) // the query in flight rejects anyway
  let failure: Error | undefined
  try {
    await client.query('BEGIN')
    await client.query("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '60s'")
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    await applyMissing(client)
    await client.query('COMMIT')
  } catch (error) {
    failure = error as Error
    throw error
  } finally {
    client.off('error', ignore)
    client.release(failure) // a connection in an unknown state is closed
  }
}

const ignore = () => {}

async function applyMissing(client: PoolClient): Promise<void> {
  // Asked first, because making a schema needs a permission that a server's daily user need not have.
  const { rows } = await client.query("SELECT to_regclass('isoflop.migrations') IS NOT NULL AS present")
  if (!rows[0].present)
    await client.query('CREATE SCHEMA IF NOT EXISTS isoflop; CREATE TABLE isoflop.migrations (version int PRIMARY KEY)')
  const version: number = (await client.query('SELECT coalesce(max(version), 0) AS v FROM isoflop.migrations')).rows[0]
    .v
  const migrations = migrationsOf('postgres')
  const known = migrations.at(-1)?.version ?? 0
  if (version > known) throw databaseTooNew(version, known)
  for (const migration of migrations) {
    if (migration.version <= version) continue
    await client.query(migration.sql)
    await client.query('INSERT INTO isoflop.migrations VALUES ($1)', [migration.version])
  }
}

const keyColumns = 'id, label, budget, used, reserved, revoked, created_at'

const texts = {
  addKey: `INSERT INTO isoflop.keys (id, hash, label, budget, created_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING RETURNING id`,
  keyOfHash: `SELECT ${keyColumns} FROM isoflop.keys WHERE hash = $1`,
  keyOfId: `SELECT ${keyColumns} FROM isoflop.keys WHERE id = $1`,
  // Bytewise, as SQLite does it, whatever the collation of the database.
  keys: `SELECT ${keyColumns} FROM isoflop.keys ORDER BY created_at, id COLLATE "C"`,
  revoke: 'UPDATE isoflop.keys SET revoked = true WHERE id = $1 RETURNING id',
  setBudget: 'UPDATE isoflop.keys SET budget = $1 WHERE id = $2 RETURNING id',
  reset: 'SELECT isoflop.reset($1)',
  reserve: 'SELECT kind, loss, budget, used, free FROM isoflop.reserve($1, $2, $3, $4, $5, $6)',
  settle: 'SELECT isoflop.settle($1, $2) AS used',
  release: 'SELECT isoflop.release($1)',
  runs: 'SELECT id, config, cost, loss FROM isoflop.runs WHERE key_id = $1 AND id > $2 ORDER BY id LIMIT $3',
  renew: 'SELECT isoflop.renew($1)',
  reservations: 'SELECT ticket, renewals FROM isoflop.reservations',
  reclaim: 'SELECT isoflop.reclaim($1, $2) AS reclaimed',
  prove: `SELECT used, reserved,
            (SELECT coalesce(sum(cost), 0) FROM isoflop.runs WHERE key_id = keys.id) AS ran,
            (SELECT coalesce(sum(cost), 0) FROM isoflop.reservations WHERE key_id = keys.id) AS held
          FROM isoflop.keys WHERE id = $1`,
  reconcile: 'SELECT isoflop.reconcile($1)',
  check: 'UPDATE isoflop.health SET checks = checks + 1',
  leave: 'SELECT isoflop.leave($1)',
  putSubmission: `INSERT INTO isoflop.submissions (config, predicted_loss, submitted_at, key_id)
                  SELECT $1, $2, $3, id FROM isoflop.keys WHERE id = $4
                  ON CONFLICT (key_id) DO UPDATE SET config = excluded.config,
                    predicted_loss = excluded.predicted_loss, submitted_at = excluded.submitted_at
                  RETURNING key_id`,
  submission: 'SELECT config, predicted_loss, submitted_at FROM isoflop.submissions WHERE key_id = $1',
  submissions: `SELECT ${keyColumns}, config, predicted_loss, submitted_at
                FROM isoflop.submissions JOIN isoflop.keys ON id = key_id ORDER BY created_at, id COLLATE "C"`,
}

type Statement = keyof typeof texts

/** Named, so that each connection plans a statement once. */
const statements = Object.fromEntries(
  Object.entries(texts).map(([name, text]) => [name, { name: `isoflop-${name}`, text }]),
) as Record<Statement, { name: string; text: string }>
