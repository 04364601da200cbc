import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Pool, type PoolClient, types } from 'pg'
import { onConnection } from '../../core/connection.ts'
import { IsoflopError } from '../../core/errors.ts'
import { damagedDatabase, type StoreOptions, storeClosed, unavailable } from './common.ts'
import { createLanes, createPatience } from './lanes.ts'

/** A prepared statement: each connection plans it once. */
export interface Statement {
  readonly name: string
  readonly text: string
  /** How long its answer may take, ms, also where the server is gone without a word. */
  readonly query_timeout?: number
}

/** Connections to a database, so shared out that nobody who waits for a lock keeps others from it. */
export interface PostgresConnections {
  /** Rows of a statement that waits for no lock. */
  ask<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]>
  /** Rows of a statement that changes what a key has, in that key's lane. */
  change<Row>(keyId: string, statement: Statement, values: readonly unknown[]): Promise<Row[]>
  /** Does several statements on one connection. */
  together(work: (client: PoolClient) => Promise<void>): Promise<void>
  /** Finishes what was begun, does a last statement and rejects everything later. */
  close(last: Statement, values: readonly unknown[]): Promise<void>
}

/**
 * Changes of one key that are under way at a time: the key's row lets one through, the next ones are on their way meanwhile. On two busy
 * processors a key settled 280 runs a second with two, 320 with three, 480 with five and 460 without lanes. Where the row is locked,
 * one of them at a time looks again.
 */
const laneWidth = { usual: 4, locked: 1 }

/** How long a connection waits for a lock before it is given back, and for how long then others may have it, ms: doubling. */
const lockWait = { onConnection: 100, first: 50, last: 800 }

/**
 * A statement that meets a locked row gives its connection back soon and comes again until `lockTimeoutMs` have passed, and of each key
 * few are under way: one locked row took all ten connections, and with them every key's. What needs no lock has connections
 * of its own, so that a database full of locked rows still reads.
 */
export function connectPostgres(url: string, options: StoreOptions): PostgresConnections {
  checkAddress(url)
  const { lockTimeoutMs = 5000, connections = 10 } = options
  const forAsking = Math.max(1, Math.floor(0.3 * connections))
  const asking = newPool(url, { max: forAsking, statement_timeout: 10_000 })
  const changing = newPool(url, {
    max: Math.max(1, connections - forAsking),
    statement_timeout: 5_000,
    lock_timeout: Math.min(lockWait.onConnection, lockTimeoutMs),
  })
  const lanes = createLanes(laneWidth.usual)
  const lockedLanes = createLanes(laneWidth.locked)
  let closing: Promise<void> | null = null

  const publicly = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closing) throw storeClosed()
    try {
      return await work()
    } catch (error) {
      throw isDamage(error) ? damagedDatabase((error as Error).message) : unavailable(error)
    }
  }

  const change = async <Row>(keyId: string, statement: Statement, values: readonly unknown[]): Promise<Row[]> => {
    const patience = createPatience(lockTimeoutMs)
    const attempt = async (): Promise<Row[]> => (await changing.query({ ...statement, values: [...values] })).rows
    const attempts = async (): Promise<Row[]> => {
      let work = attempt
      for (let wait = lockWait.first; ; wait = Math.min(2 * wait, lockWait.last))
        try {
          return await work()
        } catch (error) {
          if (!isLocked(error)) throw error
          await patience.within(sleep(wait))
          work = () => lockedLanes(keyId, patience, attempt)
        }
    }
    try {
      return await lanes(keyId, patience, attempts)
    } finally {
      patience.end()
    }
  }

  const leave = async (last: Statement, values: readonly unknown[]) => {
    // Best effort: what could not be tidied up is reclaimed by another process.
    await changing.query({ ...last, values: [...values] }).catch(() => {})
    await Promise.all([asking.end(), changing.end()])
  }

  return {
    ask: (statement, values) => publicly(async () => (await asking.query({ ...statement, values: [...values] })).rows),
    change: (keyId, statement, values) => publicly(() => change(keyId, statement, values)),
    together: (work) => onConnection(changing, work),
    close(last, values) {
      closing ??= leave(last, values)
      return closing
    },
  }
}

/** Refuses an address with files that cannot be read, or words that mean nothing. The reason may repeat it, so it is not told. */
function checkAddress(url: string): void {
  try {
    new Client({ connectionString: url }) // reads the files that it names, and connects to nobody
  } catch (cause) {
    const { path, code } = cause as NodeJS.ErrnoException
    throw new IsoflopError(
      'BAD_OPTION',
      `The address of the database cannot be used: ${path === undefined ? 'a word behind its ? means nothing' : `${path} cannot be read (${code})`}.`,
      'Check what is behind the ?: sslcert, sslkey and sslrootcert name files.',
    )
  }
}

const ignore = () => {}

/** Whether PostgreSQL found a page or an index that is not what was written: data_corrupted, index_corrupted. */
export const isDamage = (error: unknown) => ['XX001', 'XX002'].includes((error as { code?: string }).code ?? '')

/** Whether another transaction had a lock for longer than `lock_timeout`: lock_not_available. */
const isLocked = (error: unknown) => (error as { code?: string }).code === '55P03'

function newPool(url: string, limits: { max: number; statement_timeout: number; lock_timeout?: number }): Pool {
  const pool = new Pool({
    connectionString: url,
    ...limits,
    connectionTimeoutMillis: 5000,
    idle_in_transaction_session_timeout: 60_000,
    query_timeout: 1.5 * limits.statement_timeout, // where the server is gone without a word and its own time-out cannot answer
    keepAlive: true,
    application_name: 'isoflop',
    // An answer to settle must mean that the run is on the disk, also where the database's default says otherwise.
    options: '-c synchronous_commit=on',
    types: { getTypeParser: parserOf },
  })
  // An idle connection that breaks is not worth a crash: the pool drops it, the next query connects anew.
  pool.on('error', ignore)
  return pool
}

/** int8 becomes a bigint; pg's default is a string. */
const parserOf: typeof types.getTypeParser = ((oid: number, format?: 'text') =>
  oid === types.builtins.INT8 ? BigInt : types.getTypeParser(oid, format)) as typeof types.getTypeParser
