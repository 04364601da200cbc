import { randomBytes, randomUUID } from 'node:crypto'
import type { Config } from '../../core/config.ts'
import { IsoflopError } from '../../core/errors.ts'
import { anyCodec } from '../../space/any.ts'
import type { RequestState, StoredRequest } from './requests.ts'
import type { KeyRecord, Proof, RunsPage, Standing, Submission } from './store.ts'

export interface StoreOptions {
  /** Name of this process among those that share a database; random unless given. */
  readonly instance?: string
  /** How long a statement waits for another process's lock, ms; 5000 unless given. */
  readonly lockTimeoutMs?: number
  /** PostgreSQL: the most connections of this process, at least 2; 10 unless given. */
  readonly connections?: number
  /** Whether a database that is not there is made; yes unless given. */
  readonly create?: boolean
}

/** Rejects negative FLOPs with CONFIG_INVALID. */
export function checkFlops(what: string, flops: bigint): void {
  if (flops >= 0n) return
  throw new IsoflopError('CONFIG_INVALID', `${what} must be 0 FLOPs or more, got ${flops}.`, 'Use a positive one.')
}

/** Losses are finite: NaN has no place in a ranking, in JSON or in SQLite. */
export function checkLoss(what: string, loss: number): void {
  if (Number.isFinite(loss)) return
  throw new IsoflopError(
    'INTERNAL',
    `${what} must be a finite number, got ${loss}.`,
    'Report it with the configuration.',
  )
}

/**
 * The error of a database that cannot be written or reached. Its message carries the cause but no path and no address:
 * it may reach a client.
 */
export function unavailable(cause: unknown): IsoflopError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new IsoflopError(
    'STORE_UNAVAILABLE',
    `The database did not take the operation: ${reason || 'it cannot be reached'}.`,
    'Try again soon; an operator should look at the disk (space, permissions) or at the database server.',
    { cause },
  )
}

export const storeClosed = () => unavailable('the store is closed')

export const keyInvalid = (id: string) =>
  new IsoflopError('KEY_INVALID', `There is no key ${id}, or it was revoked.`, 'Ask for another key.')

/** Of one key, or (null) of several that were to be added together. */
export const keyTaken = (id: string | null) =>
  new IsoflopError(
    'BAD_OPTION',
    `There is already ${id === null ? 'one of the keys' : `a key ${id}`}, or one with the same hash.`,
    'Choose another id.',
  )

/** Says that a database is not what was written into it. */
export const damagedDatabase = (what: string) =>
  new IsoflopError(
    'RECORD_DAMAGED',
    `The database is not what was written into it: ${what}.`,
    'Stop the server and put the latest backup in its place.',
  )

/** Says that there is no database where one was to be read. */
export const databaseMissing = (place: string) =>
  new IsoflopError(
    'DATABASE_MISSING',
    `There is no database of isoflop at ${place}.`,
    'Name it with --db, or go to its folder; "isoflop serve" and "isoflop keys add" make one.',
  )

export const databaseTooNew = (version: number, known: number) =>
  new IsoflopError(
    'STORE_UNAVAILABLE',
    `The database has schema ${version}; this isoflop knows schemas up to ${known}.`,
    'Start the newer isoflop that wrote it.',
  )

export const newInstance = () => randomUUID()

/**
 * Numbers of reservations: from a random start, because a number must never come twice. A counter in the database would
 * be rolled back with a failed commit, and a late `settle` would then charge somebody else's reservation.
 */
export function ticketCounter(): () => bigint {
  let next = randomBytes(8).readBigUInt64BE() >> 2n // room for 2^62 more below 2^63
  return () => next++
}

/** The configuration of a row, which only this program wrote. */
export const configOfRow = (identity: string): Config => {
  const config = anyCodec.configOfIdentity(identity)
  if (config === null) throw new Error(`the database has the configuration ${identity}, which is none`)
  return config
}

/** A row of the table `keys`. FLOPs come as decimal digits, because they pass 64 bits; SQLite has no booleans. */
export interface KeyRow {
  readonly id: string
  readonly label: string
  readonly budget: string
  readonly used: string
  readonly reserved: string
  readonly revoked: boolean | bigint
  readonly instructor: boolean | bigint
  readonly created_at: bigint
}

export const keyFromRow = (row: KeyRow): KeyRecord => ({
  id: row.id,
  label: row.label,
  budget: BigInt(row.budget),
  used: BigInt(row.used),
  reserved: BigInt(row.reserved),
  revoked: Boolean(row.revoked),
  instructor: Boolean(row.instructor),
  createdAt: Number(row.created_at),
})

export interface ProofRow {
  readonly used: string
  readonly ran: string
  readonly reserved: string
  readonly held: string
}

export const proofFromRow = ({ used, ran, reserved, held }: ProofRow): Proof => ({
  used: BigInt(used),
  ran: BigInt(ran),
  reserved: BigInt(reserved),
  held: BigInt(held),
})

export interface RunRow {
  readonly id: bigint
  readonly config: string
  readonly cost: string
  readonly loss: number
  readonly settled_at: bigint | null
  /** Whether its checksum is right; only SQLite needs one: PostgreSQL has checksums of its pages. */
  readonly whole?: bigint
}

/** A page of runs, out of rows of which there is one more than the page holds where it is not the last. */
export function pageOfRows(rows: readonly RunRow[], limit: number): RunsPage {
  const page = rows.slice(0, limit)
  for (const { id, whole } of page) if (whole === 0n) throw damagedDatabase(`the run ${id} has another checksum`)
  const runs = page.map(({ config, cost, loss, settled_at }) => ({
    ...{ config: configOfRow(config), cost: BigInt(cost), loss },
    settledAt: settled_at === null ? null : Number(settled_at),
  }))
  return { runs, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null }
}

/** A row of the table `requests`, beside the cost and the loss of its run where that was settled. */
export interface RequestRow {
  readonly key_id: string
  readonly config: string
  readonly state: RequestState
  readonly number: bigint
  readonly ticket: bigint | null
  readonly name: string | null
  readonly asked_at: bigint | null
  readonly started_at: bigint | null
  readonly ended_at: bigint | null
  readonly error: string | null
  readonly cost?: string | null
  readonly loss?: number | string | null
}

export const requestFromRow = (row: RequestRow): StoredRequest => {
  const hasFinished = row.state === 'finished'
  if (hasFinished && (row.loss ?? null) === null) throw damagedDatabase(`${row.config} has finished and has no run`)
  return {
    config: configOfRow(row.config),
    state: row.state,
    number: row.number,
    name: row.name,
    askedAt: numberOrNull(row.asked_at),
    startedAt: numberOrNull(row.started_at),
    endedAt: numberOrNull(row.ended_at),
    loss: hasFinished ? Number(row.loss) : null,
    charged: hasFinished ? BigInt(row.cost ?? 0) : 0n,
    failure: row.error === null ? null : JSON.parse(row.error),
  }
}

/** A query of GET /loss that is under way, by its reservation and its key's count of changes. */
export const queryFromRow = (row: { config: string; created_at: bigint }, changes: bigint): StoredRequest => ({
  ...{ config: configOfRow(row.config), state: 'running', number: changes, name: null },
  ...{ askedAt: Number(row.created_at), startedAt: null, endedAt: null, loss: null, charged: 0n, failure: null },
})

const numberOrNull = (value: bigint | null): number | null => (value === null ? null : Number(value))

export interface SubmissionRow {
  readonly config: string
  readonly predicted_loss: number
  readonly submitted_at: bigint
  readonly used: string | null
}

export const submissionFromRow = (row: SubmissionRow): Submission => ({
  config: configOfRow(row.config),
  predictedLoss: row.predicted_loss,
  submittedAt: Number(row.submitted_at),
  used: row.used === null ? null : BigInt(row.used),
})

/** What the runs of a key come to. */
export interface RunSumsRow {
  readonly key_id: string
  readonly runs: bigint
  readonly best_loss: number
  readonly last_run_at: bigint | null
}

/** Keys with what was done with them, each of which a table of its own tells. */
export function standingsFrom(
  keys: readonly KeyRecord[],
  runSums: readonly RunSumsRow[],
  submissions: readonly { readonly key: KeyRecord; readonly submission: Submission; readonly attempts: number }[],
): Standing[] {
  const runsOf = new Map(runSums.map((row) => [row.key_id, row]))
  const submittedOf = new Map(submissions.map((entry) => [entry.key.id, entry]))
  return keys.map((key) => {
    const { runs = 0n, best_loss = null, last_run_at = null } = runsOf.get(key.id) ?? {}
    const { submission = null, attempts = 0 } = submittedOf.get(key.id) ?? {}
    const lastRunAt = last_run_at === null ? null : Number(last_run_at)
    return { key, runs: Number(runs), bestLoss: best_loss, lastRunAt, submission, attempts }
  })
}
