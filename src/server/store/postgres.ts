import type { PoolClient } from 'pg'
import { IsoflopError } from '../../core/errors.ts'
import { anyCodec } from '../../space/any.ts'
import {
  checkFlops,
  checkLoss,
  configOfRow,
  damagedDatabase,
  databaseMissing,
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
  type RunSumsRow,
  type StoreOptions,
  type SubmissionRow,
  standingsFrom,
  submissionFromRow,
  ticketCounter,
  unavailable,
} from './common.ts'
import { migrationsOf } from './migrate.ts'
import type { PastKind } from './pasts.ts'
import { shownPlace } from './place.ts'
import { connectPostgres, isDamage, type Statement } from './postgres-connections.ts'
import { postgresRequests, requestTexts } from './postgres-requests.ts'
import type { Queued } from './queued.ts'
import { mostForgotten } from './requests.ts'
import type { HeldReservation, NewKeyRecord, Reservation, Store, Submitted } from './store.ts'

/** What the SQL function `submit` answers. */
interface SubmittedRow {
  readonly kind: Submitted['kind'] | null
  readonly attempts: bigint
}

/** What the statement `queue` finds. */
interface QueuedRow {
  readonly key_id: string
  readonly config: string
  readonly cost: string
  readonly state: 'waiting' | 'running' | null
  readonly asked_at: bigint
  readonly started_at: bigint | null
  readonly total: bigint
}

const queuedFrom = ({ key_id, config, cost, state, asked_at, started_at }: QueuedRow): Queued => ({
  ...{ keyId: key_id, config: configOfRow(config), cost: BigInt(cost), state: state ?? 'query' },
  ...{ askedAt: Number(asked_at), startedAt: started_at === null ? null : Number(started_at) },
})

/** What the statement `lastSubmissions` finds. */
type LastRow = KeyRow & SubmissionRow & { readonly attempts: bigint; readonly used_then: string | null }

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
  const connections = connectPostgres(url, options)
  const nextTicket = ticketCounter()
  /** Whose reservations these are, so that settling and releasing them go the way of their key. */
  const keyOfTicket = new Map<bigint, string>()

  const ask = <Row>(statement: StatementName, ...values: unknown[]): Promise<Row[]> =>
    connections.ask(statements[statement], values)
  const askKey = async (statement: StatementName, value: string) => {
    const [row] = await ask<KeyRow>(statement, value)
    return row ? keyFromRow(row) : null
  }
  const change = <Row>(keyId: string, statement: StatementName, ...values: unknown[]): Promise<Row[]> =>
    connections.change(keyId, statements[statement], values)
  /** Whether the statement returned a row, that is, changed one. */
  const changed = async (keyId: string, statement: StatementName, ...values: unknown[]) =>
    (await change(keyId, statement, ...values)).length > 0
  const recall = async (name: string) => (await ask<{ value: string }>('fact', name))[0]?.value ?? null
  const release = async (ticket: bigint) => {
    await change(keyOfTicket.get(ticket) ?? '', 'release', [ticket])
    keyOfTicket.delete(ticket)
  }

  const lastSubmissions = async (keyIds?: readonly string[]) => {
    const asked = keyIds === undefined ? ask<LastRow>('lastSubmissions') : ask<LastRow>('lastSubmissionsOf', keyIds)
    return (await asked).map((row) => ({
      key: keyFromRow(row),
      submission: submissionFromRow({ ...row, used: row.used_then }),
      attempts: Number(row.attempts),
    }))
  }

  const addKeys = async (added: readonly NewKeyRecord[]): Promise<void> => {
    for (const { budget } of added) checkFlops('A budget', budget)
    const column = <Value>(of: (key: NewKeyRecord) => Value) => added.map(of)
    const columns = [
      ...[column(({ id }) => id), column(({ hash }) => hash), column(({ label }) => label)],
      ...[column(({ budget }) => budget), column(({ createdAt }) => createdAt)],
      column(({ instructor = false }) => instructor),
    ]
    const [{ number }] = await change<{ number: bigint }>('', 'addKeys', ...columns)
    if (Number(number) < added.length) throw keyTaken(added.length === 1 ? added[0].id : null)
  }

  const cautions: string[] = []
  try {
    await connections.together(async (client) => {
      if (options.create === false && !(await isThere(client))) throw databaseMissing(shownPlace(url))
      await migrate(client)
      if (!(await hasChecksums(client))) cautions.push(noChecksums)
    })
  } catch (error) {
    await connections.close(statements.leave, [instance])
    if (error instanceof IsoflopError) throw error
    throw isDamage(error) ? damagedDatabase((error as Error).message) : unavailable(error)
  }

  return {
    cautions,
    addKey: (key) => addKeys([key]),
    addKeys,
    findKey: (hash) => askKey('keyOfHash', hash),
    getKey: (id) => askKey('keyOfId', id),
    listKeys: async () => (await ask<KeyRow>('keys')).map(keyFromRow),
    hashes: async () => (await ask<{ hash: string }>('hashes')).map(({ hash }) => hash),
    async replaceHash(hash, by) {
      await change('', 'replaceHash', by, hash)
    },
    revokeKey: async (id, now) =>
      (await change<{ revoked: boolean }>(id, 'revoke', id, now, mostForgotten))[0]?.revoked === true,
    restoreKey: (id) => changed(id, 'restore', id),
    rekey: async (id, hash, now) =>
      (await change<{ rekeyed: boolean }>(id, 'rekey', id, hash, now))[0]?.rekeyed === true,
    async setBudget(id, budget) {
      checkFlops('A budget', budget)
      return changed(id, 'setBudget', budget, id)
    },
    resetKey: async (id, { submissions }, now) =>
      (await change<{ reset: boolean }>(id, 'reset', id, submissions, now))[0]?.reset === true,
    async pasts(id) {
      const rows = await ask<{ kind: PastKind; at: bigint; runs: bigint; submissions: bigint }>('pasts', id)
      return rows.map(({ kind, at, runs, submissions }) => ({
        ...{ kind, at: Number(at), runs: Number(runs), submissions: Number(submissions) },
      }))
    },
    async takeBack(id, kind) {
      const [{ came }] = await change<{ came: 'done' | 'none' | 'taken' }>(id, 'takeBack', id, kind)
      if (came === 'taken') throw keyTaken(id)
      return came === 'done'
    },

    async beginSession({ hash, keyId, now }, { oldest, most }) {
      await change(keyId, 'beginSession', hash, keyId, now, oldest, most)
    },
    async session(hash) {
      const [row] = await ask<KeyRow & { begun_at: bigint }>('session', hash)
      return row ? { key: keyFromRow(row), begunAt: Number(row.begun_at) } : null
    },
    async endSession(hash) {
      await change('', 'endSession', hash)
    },
    async queue(limit) {
      const rows = await ask<QueuedRow>('queue', limit)
      return { queued: rows.map(queuedFrom), total: Number(rows[0]?.total ?? 0) }
    },
    mark: async () => (await ask<{ mark: string }>('mark'))[0].mark,
    async keyMarks() {
      const rows = await ask<{ id: string; mark: string }>('keyMarks')
      return new Map(rows.map(({ id, mark }) => [id, mark]))
    },

    async reserve(keyId, config, cost, now) {
      checkFlops('A cost', cost)
      const ticket = nextTicket()
      const values = [keyId, anyCodec.identity(config), cost, ticket, instance, now]
      const [wish] = await change<WishRow>(keyId, 'reserve', ...values)
      if (wish.kind === 'reserved') keyOfTicket.set(ticket, keyId)
      return reservationFrom(wish, keyId, ticket)
    },
    async settle(ticket, loss, now) {
      checkLoss('A loss', loss)
      const keyId = keyOfTicket.get(ticket) ?? ''
      const [{ used }] = await change<{ used: string | null }>(keyId, 'settle', ticket, loss, now)
      keyOfTicket.delete(ticket)
      return used === null ? null : { used: BigInt(used) }
    },
    async release(tickets) {
      await Promise.all(tickets.map(release))
    },
    renew: async (tickets) => (await ask<{ gone: bigint }>('renew', tickets)).map(({ gone }) => gone),
    reservations: () => ask<HeldReservation>('reservations'),
    async reclaim(seen) {
      const columns = [seen.map(({ ticket }) => ticket), seen.map(({ renewals }) => renewals)]
      const [{ reclaimed }] = await ask<{ reclaimed: bigint }>('reclaim', ...columns)
      return Number(reclaimed)
    },
    runs: async (keyId, after, limit) => pageOfRows(await ask<RunRow>('runs', keyId, after, limit + 1), limit),

    async remember(name, value) {
      const known = await recall(name)
      if (known !== null) return known
      await change('', 'addFact', name, value)
      return (await recall(name))!
    },
    async note(name, value) {
      await change('', 'setFact', name, value)
    },
    recall,
    async claim(producer, anyway) {
      await change('', 'claim', producer, anyway)
      const [{ answered }] = await ask<{ answered: boolean }>('answered')
      return { kind: (await recall('producer')) === producer ? 'held' : 'not-held', answered }
    },

    async prove(keyId) {
      const [row] = await ask<ProofRow>('prove', keyId)
      return row ? proofFromRow(row) : null
    },
    async reconcile(keyId) {
      await change(keyId, 'reconcile', keyId)
    },
    async check() {
      await change('', 'check')
    },

    async submit(keyId, { config, predictedLoss, submittedAt }, most) {
      checkLoss('A predicted loss', predictedLoss)
      const values = [keyId, anyCodec.identity(config), predictedLoss, submittedAt, most]
      const [{ kind, attempts }] = await change<SubmittedRow>(keyId, 'submit', ...values)
      if (kind === null) throw keyInvalid(keyId)
      return { kind, attempts: Number(attempts) }
    },
    submissions: async (keyId) => (await ask<SubmissionRow>('submissions', keyId)).map(submissionFromRow),
    listSubmissions: async () => lastSubmissions(),
    async standings(keyIds) {
      const [keys, sums, submitted] = await Promise.all([
        ...(keyIds === undefined
          ? ([ask<KeyRow>('keys'), ask<RunSumsRow>('runSums')] as const)
          : ([ask<KeyRow>('keysOf', keyIds), ask<RunSumsRow>('runSumsOf', keyIds)] as const)),
        lastSubmissions(keyIds),
      ])
      return standingsFrom(keys.map(keyFromRow), sums, submitted)
    },

    ...postgresRequests({ ask, change, instance, nextTicket, keyOfTicket }),
    close: () => connections.close(statements.leave, [instance]),
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

/** Any number does that no other program locks in this database. */
const migrationLock = 1_769_105_512

/** Whether a flipped bit on the disk of a PostgreSQL is told instead of believed: it has checksums of pages, and rows have none of ours. */
async function hasChecksums(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query('SHOW data_checksums')
  return rows[0].data_checksums === 'on'
}

const noChecksums =
  'PostgreSQL keeps no checksums of its pages here: a bit that flips on its disk would be believed. Stop it and run pg_checksums --enable.'

/**
 * Brings the tables up to date. Servers that start at once do it one after another; the later ones find nothing to do.
 */
async function migrate(client: PoolClient): Promise<void> {
  await client.query('BEGIN')
  await client.query("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '60s'")
  await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
  await applyMissing(client)
  await client.query('COMMIT')
}

/** Whether the database has our tables. */
async function isThere(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query("SELECT to_regclass('isoflop.migrations') IS NOT NULL AS present")
  return rows[0].present
}

async function applyMissing(client: PoolClient): Promise<void> {
  // Asked first, because making a schema needs a permission that a server's daily user need not have.
  if (!(await isThere(client)))
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

const keyColumns = 'keys.id, label, budget, keys.used, reserved, revoked, instructor, created_at'

const answered = `(EXISTS (SELECT FROM isoflop.runs) OR EXISTS (SELECT FROM isoflop.reservations)
  OR EXISTS (SELECT FROM isoflop.submissions))`

/** What was done with every key, or with those that a condition leaves: their rows, what their runs come to, their last predictions. */
const keyTexts = (condition: (column: string) => string) => ({
  // Bytewise, as SQLite does it, whatever the collation of the database.
  keys: `SELECT ${keyColumns} FROM isoflop.keys WHERE ${condition('keys.id')} ORDER BY created_at, id COLLATE "C"`,
  runSums: `SELECT key_id, count(*) AS runs, min(loss) AS best_loss, max(settled_at) AS last_run_at
            FROM isoflop.runs WHERE ${condition('key_id')} GROUP BY key_id`,
  lastSubmissions: `SELECT ${keyColumns}, config, predicted_loss, submitted_at, last.used AS used_then,
                      (SELECT count(*) FROM isoflop.submissions WHERE key_id = keys.id) AS attempts
                    FROM isoflop.submissions last JOIN isoflop.keys ON keys.id = key_id
                    WHERE ${condition('keys.id')} AND last.id = (SELECT max(id) FROM isoflop.submissions WHERE key_id = keys.id)
                    ORDER BY created_at, keys.id COLLATE "C"`,
})
const ofThese = keyTexts((column) => `${column} = ANY($1::text[])`)

const texts = {
  ...keyTexts(() => 'true'),
  ...{ keysOf: ofThese.keys, runSumsOf: ofThese.runSums, lastSubmissionsOf: ofThese.lastSubmissions },
  // All or none: where one is taken, the others are not added.
  addKeys: `WITH wished AS (
              SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::numeric[], $5::bigint[], $6::boolean[])
                AS wish (id, hash, label, budget, created_at, instructor)
            ), added AS (
              INSERT INTO isoflop.keys (id, hash, label, budget, created_at, instructor) SELECT * FROM wished
              WHERE NOT EXISTS (SELECT FROM isoflop.keys k JOIN wished w ON k.id = w.id OR k.hash = w.hash)
                AND (SELECT count(DISTINCT id) = count(*) AND count(DISTINCT hash) = count(*) FROM wished)
              RETURNING id
            ) SELECT count(*) AS number FROM added`,
  keyOfHash: `SELECT ${keyColumns} FROM isoflop.keys WHERE hash = $1`,
  keyOfId: `SELECT ${keyColumns} FROM isoflop.keys WHERE id = $1`,
  hashes: 'SELECT hash FROM isoflop.keys',
  replaceHash: 'UPDATE isoflop.keys SET hash = $1 WHERE hash = $2',
  fact: 'SELECT value FROM isoflop.facts WHERE name = $1',
  // Whoever comes second at the same moment meets the first one's row, and leaves it unless it was told to take it.
  claim: `WITH claimed AS (
          INSERT INTO isoflop.facts (name, value)
          SELECT 'producer', $1 WHERE $2 OR NOT ${answered}
          ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE $2 AND NOT ${answered} AND facts.value <> excluded.value RETURNING 1
          ) DELETE FROM isoflop.pasts WHERE kind = 'reset' AND EXISTS (SELECT FROM claimed)`,
  answered: `SELECT ${answered} AS answered`,
  setFact: `INSERT INTO isoflop.facts (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  addFact: 'INSERT INTO isoflop.facts (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING',
  revoke: 'SELECT isoflop.revoke($1, $2, $3) AS revoked',
  restore: 'UPDATE isoflop.keys SET revoked = false, changes = changes + 1 WHERE id = $1 RETURNING id',
  rekey: 'SELECT isoflop.rekey($1, $2, $3) AS rekeyed',
  setBudget: 'UPDATE isoflop.keys SET budget = $1, changes = changes + 1 WHERE id = $2 RETURNING id',
  reset: 'SELECT isoflop.reset($1, $2, $3)',
  pasts: `SELECT kind, at,
            (SELECT count(*) FROM jsonb_array_elements(kept -> 'requests') r WHERE r ->> 'state' = 'finished') AS runs,
            jsonb_array_length(coalesce(kept -> 'submissions', '[]')) AS submissions
          FROM isoflop.pasts WHERE key_id = $1 ORDER BY number DESC`,
  takeBack: 'SELECT isoflop.take_back($1, $2) AS came',
  beginSession: 'SELECT isoflop.begin_session($1, $2, $3, $4, $5)',
  session: `SELECT ${keyColumns}, begun_at FROM isoflop.sessions JOIN isoflop.keys ON keys.id = sessions.key_id WHERE sessions.hash = $1`,
  endSession: 'DELETE FROM isoflop.sessions WHERE hash = $1',
  queue: `SELECT q.key_id, q.config, q.cost, r.state, coalesce(r.asked_at, q.created_at) AS asked_at, r.started_at, count(*) OVER () AS total
          FROM isoflop.reservations q
            LEFT JOIN isoflop.requests r ON r.key_id = q.key_id AND r.config = q.config AND r.state IN ('waiting', 'running')
          ORDER BY 5, q.key_id COLLATE "C", q.config COLLATE "C" LIMIT $1`,
  mark: `SELECT (SELECT md5(coalesce(string_agg(concat_ws(' ', id, changes, budget, used, reserved), ',' ORDER BY id), '')) FROM isoflop.keys) ||
           (SELECT md5(coalesce(string_agg(name || ' ' || value, ',' ORDER BY name), '')) FROM isoflop.facts) AS mark`,
  keyMarks: `SELECT id, concat_ws(' ', changes, budget, used, reserved) AS mark FROM isoflop.keys ORDER BY created_at, id COLLATE "C"`,
  reserve: 'SELECT kind, loss, budget, used, free FROM isoflop.reserve($1, $2, $3, $4, $5, $6)',
  settle: 'SELECT isoflop.settle($1, $2, $3) AS used',
  release: 'SELECT isoflop.release($1)',
  runs: 'SELECT id, config, cost, loss, settled_at FROM isoflop.runs WHERE key_id = $1 AND id > $2 ORDER BY id LIMIT $3',
  renew: 'SELECT isoflop.renew($1) AS gone',
  reservations: `SELECT ticket, renewals, instance = '' AS "isLeft" FROM isoflop.reservations`,
  reclaim: 'SELECT isoflop.reclaim($1, $2) AS reclaimed',
  prove: `SELECT used, reserved,
            (SELECT coalesce(sum(cost), 0) FROM isoflop.runs WHERE key_id = keys.id) AS ran,
            (SELECT coalesce(sum(cost), 0) FROM isoflop.reservations WHERE key_id = keys.id) AS held
          FROM isoflop.keys WHERE id = $1`,
  reconcile: 'SELECT isoflop.reconcile($1)',
  check: 'UPDATE isoflop.health SET checks = checks + 1',
  leave: 'SELECT isoflop.leave($1)',
  submit: 'SELECT kind, attempts FROM isoflop.submit($1, $2, $3, $4, $5)',
  submissions:
    'SELECT config, predicted_loss, submitted_at, used FROM isoflop.submissions WHERE key_id = $1 ORDER BY id',
  ...requestTexts,
}

export type StatementName = keyof typeof texts

/** Statements that every request waits for: its answer is worth less than a connection that hangs. */
const quick: readonly string[] = ['keyOfHash', 'keyOfId', 'renew', 'reservations', 'changes']

const statements = Object.fromEntries(
  Object.entries(texts).map(([name, text]) => {
    const statement: Statement = {
      name: `isoflop-${name}`,
      text,
      ...(quick.includes(name) && { query_timeout: 5_000 }),
    }
    return [name, statement]
  }),
) as Record<StatementName, Statement>
