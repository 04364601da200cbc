import type { PgBoss } from 'pg-boss'
import { loadPackage } from '../core/packages.ts'
import type { Asking, JobsDatabase } from './database.ts'

/** What carries trainings to workers: a queue in PostgreSQL, by pg-boss. Of what it has in its tables nothing is believed. */
export interface Carrier {
  /** Makes a queue, where it is not there. `patienceSeconds`: how long a worker may be silent. */
  createQueue(queue: string, patienceSeconds: number): Promise<void>
  send(asking: Asking, queue: string, cargo: Cargo): Promise<void>
  /** Gives a waiting job an earlier turn. */
  move(asking: Asking, queue: string, job: string, turn: number): Promise<void>
  /** The job whose turn it is, which is taken away from all others; null where none waits. */
  fetch(asking: Asking, queue: string): Promise<Omit<Cargo, 'turn'> | null>
  /** Says that a job goes on. */
  touch(asking: Asking, queue: string, job: string): Promise<void>
  drop(asking: Asking, queue: string, job: string): Promise<void>
  close(): Promise<void>
}

/** What a job carries: the number of a training, nothing else. */
export interface Cargo {
  readonly job: string
  readonly training: string
  readonly turn: number
  readonly startAfterSeconds?: number
}

/** Its tables are there and nowhere else, so that a user of the database may be given them alone. */
const schema = 'isoflop_boss'

/** An attempt of pg-boss ends after 24 h at the latest, whatever beats; legs are shorter. */
const attemptSeconds = 24 * 3600 - 60

/**
 * How often to look for jobs whose worker is silent, seconds, whose least patience is 10: by servers, and by workers, of which there may be a thousand, in case
 * that all servers are gone.
 */
const monitorSeconds = { server: 5, worker: 30 } as const

/** What pg-boss does beside and nothing here needs, such as jobs that wait for others, seconds. An idle worker asked the database twice a second for it. */
const seldomSeconds = 3600

export interface CarrierOptions {
  /** Whether the tables may be made. */
  readonly creates: boolean
  /** Whether to look after jobs whose worker is silent, and what else pg-boss tidies up. */
  readonly supervises: boolean
}

/** @throws IsoflopError PACKAGE_MISSING */
export async function openCarrier(database: JobsDatabase, { creates, supervises }: CarrierOptions): Promise<Carrier> {
  const { PgBoss } = await loadPackage('pg-boss', () => import('pg-boss'), 'trainings on many machines')
  const boss: PgBoss = new PgBoss({
    ...{ schema, db: { executeSql: (text: string, values?: unknown[]) => rows(database.plain, text, values) } },
    ...{ migrate: creates, createSchema: creates, supervise: supervises, schedule: false, reindex: false },
    superviseIntervalSeconds: creates ? monitorSeconds.server : monitorSeconds.worker,
    monitorIntervalSeconds: monitorSeconds.server,
    ...{ flowIntervalSeconds: seldomSeconds, bamIntervalSeconds: seldomSeconds, monitorVacuum: false },
  })
  boss.on('error', () => {}) // what it does beside is done again; what we ask for rejects by itself
  await boss.start()
  const within = (asking: Asking) => ({
    db: { executeSql: (text: string, values?: unknown[]) => rows(asking, text, values) },
  })

  return {
    async createQueue(queue, patienceSeconds) {
      const lasting = { retentionSeconds: 10 * 365 * 86_400, retryLimit: 1_000_000, retryDelay: 0 }
      const options = { ...lasting, heartbeatSeconds: patienceSeconds, expireInSeconds: attemptSeconds }
      await boss.createQueue(queue, options)
      await boss.updateQueue(queue, options)
    },
    async send(asking, queue, { job, training, turn, startAfterSeconds }) {
      const later = startAfterSeconds === undefined ? {} : { startAfter: startAfterSeconds }
      await boss.send(queue, { training }, { id: job, priority: -turn, ...later, ...within(asking) })
    },
    async move(asking, queue, job, turn) {
      await boss.update(queue, undefined, { id: job, priority: -turn, ...within(asking) })
    },
    async fetch(asking, queue) {
      const [found] = await boss.fetch<{ training?: unknown }>(queue, within(asking))
      return found ? { job: found.id, training: String(found.data?.training ?? '') } : null
    },
    async touch(asking, queue, job) {
      await boss.touch(queue, job, within(asking))
    },
    async drop(asking, queue, job) {
      await boss.deleteJob(queue, job, within(asking))
    },
    close: () => boss.stop({ graceful: false, close: false }),
  }
}

const rows = async (asking: Asking, text: string, values?: unknown[]) => ({ rows: await asking.ask(text, values) })
