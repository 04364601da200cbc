import { Client, Pool, type PoolClient } from 'pg'
import { onConnection } from '../core/connection.ts'
import { IsoflopError } from '../core/errors.ts'
import { unavailable } from './errors.ts'

/** What asks one statement: the pool, or a transaction. */
export interface Asking {
  ask<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

/** The PostgreSQL that has the queue. Everything rejects with STORE_UNAVAILABLE where it is away; later calls connect anew. */
export interface JobsDatabase extends Asking {
  /** Does several statements as one; `isDurable` waits for the disk. */
  together<Result>(isDurable: boolean, work: (asking: Asking) => Promise<Result>): Promise<Result>
  /** The same, which rejects with what PostgreSQL says: for pg-boss, which reads it. */
  readonly plain: Asking
  /** One connection for what a transaction cannot do. */
  alone<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result>
  /** Says something to whoever listens, as soon as it can be; whether anybody hears it is not known. */
  tell(channel: Channel, about: string): void
  /** Hears what is told, and that something may have been missed: at the beginning, and after a connection broke. */
  listen(channels: readonly Channel[], hear: (channel: Channel, about: string) => void, missed: () => void): () => void
  close(): Promise<void>
}

/** `waits`: a queue has a training more; `ended`: of a training, its answer is there or nobody wants it. */
export type Channel = 'isoflop_waits' | 'isoflop_ended'

/** @throws IsoflopError BAD_OPTION where the address cannot be used. */
export function connectJobs(url: string, { connections = 4 }: { readonly connections?: number } = {}): JobsDatabase {
  const pool = newPool(url, connections)
  const guarded = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work()
    } catch (error) {
      throw unavailable(error)
    }
  }
  const alone = <Result>(work: (client: PoolClient) => Promise<Result>) => guarded(() => onConnection(pool, work))
  const plain = askingOf(pool)
  const listeners = new Set<() => void>()

  return {
    ask: (text, values) => guarded(() => plain.ask(text, values)),
    plain,
    alone,
    together: (isDurable, work) =>
      alone(async (client) => {
        await client.query(isDurable ? 'BEGIN' : 'BEGIN; SET LOCAL synchronous_commit = off')
        const result = await work(askingOf(client))
        await client.query('COMMIT')
        return result
      }),
    tell: sparingly((channel, about) => {
      pool.query('SELECT pg_notify($1, $2)', [channel, about]).catch(ignore) // whoever listens looks now and then, too
    }),
    listen(channels, hear, missed) {
      const stop = listen(url, channels, hear, missed)
      listeners.add(stop)
      return () => {
        listeners.delete(stop)
        stop()
      }
    },
    async close() {
      for (const stop of listeners) stop()
      listeners.clear()
      if (!pool.ending) await pool.end()
    },
  }
}

const ignore = () => {}

/** How long the same is not told again, ms: of 600 trainings that are asked for at once each would wake every idle worker. */
const tellAgainMs = 25

/** Tells at once, and of what comes again within a moment only that it came. */
function sparingly(tell: (channel: Channel, about: string) => void): (channel: Channel, about: string) => void {
  const told = new Map<string, { isAgain: boolean }>()
  return (channel, about) => {
    const name = `${channel} ${about}`
    const before = told.get(name)
    if (before) {
      before.isAgain = true
      return
    }
    const mine = { isAgain: false }
    told.set(name, mine)
    tell(channel, about)
    setTimeout(() => {
      told.delete(name)
      if (mine.isAgain) tell(channel, about)
    }, tellAgainMs)
  }
}

/** Of several statements in one text, which pg-boss makes, the last one's rows. */
const askingOf = (asked: Pool | PoolClient): Asking => ({
  async ask<Row>(text: string, values?: readonly unknown[]) {
    const result = await asked.query(text, values && [...values])
    const last = Array.isArray(result) ? result.at(-1) : result
    return (last?.rows ?? []) as Row[]
  },
})

function newPool(url: string, max: number): Pool {
  try {
    new Client({ connectionString: url }) // reads the files that it names, and connects to nobody
  } catch {
    throw new IsoflopError(
      'BAD_OPTION',
      'The address of the database cannot be used: a file that it names cannot be read, or a word behind its ? means nothing.',
      'Check what is behind the ?: sslcert, sslkey and sslrootcert name files.',
    )
  }
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
    query_timeout: 45_000, // where the server is gone without a word and its own time-out cannot answer
    keepAlive: true,
    application_name: 'isoflop',
    // What is durable says so itself: an answer must be on the disk, also where the database's default says otherwise.
    options: '-c synchronous_commit=on',
  })
  pool.on('error', ignore) // an idle connection that breaks: the next query connects anew
  return pool
}

/** How long to wait before a broken connection is made anew, ms: doubling from the first to the last. */
const reconnect = { first: 250, last: 10_000 }
/** How often to see whether a connection that only listens is still there, ms: a partition says nothing. */
const heartbeatMs = 10_000

function listen(
  url: string,
  channels: readonly Channel[],
  hear: (channel: Channel, about: string) => void,
  missed: () => void,
): () => void {
  let isStopped = false
  let client: Client | null = null
  let timer: NodeJS.Timeout | undefined
  let wait = reconnect.first

  const again = (broken: Client) => {
    if (client !== broken || isStopped) return
    client = null
    broken.removeAllListeners('notification')
    broken.end().catch(ignore)
    timer = setTimeout(connect, wait)
    wait = Math.min(2 * wait, reconnect.last)
  }
  const look = async (mine: Client) => {
    try {
      await mine.query('SELECT 1')
    } catch {
      again(mine)
      return
    }
    if (client === mine && !isStopped) timer = setTimeout(() => void look(mine), heartbeatMs)
  }
  const connect = async () => {
    const mine = new Client({
      connectionString: url,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
      application_name: 'isoflop',
    })
    client = mine
    mine.on('error', () => again(mine))
    mine.on('end', () => again(mine))
    mine.on('notification', ({ channel, payload = '' }) => hear(channel as Channel, payload))
    try {
      await mine.connect()
      for (const channel of channels) await mine.query(`LISTEN ${channel}`)
      wait = reconnect.first
      missed()
      timer = setTimeout(() => void look(mine), heartbeatMs)
    } catch {
      again(mine)
    }
  }
  void connect()
  return () => {
    isStopped = true
    clearTimeout(timer)
    client?.end().catch(ignore)
  }
}
