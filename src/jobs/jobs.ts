import { type Carrier, openCarrier } from './boss.ts'
import { connectJobs, type JobsDatabase } from './database.ts'
import { queueMissing, unavailable } from './errors.ts'
import { checkVersion, migrate } from './migrations.ts'
import { type Office, officeOf } from './office.ts'
import { type Trainings, trainingsIn } from './trainings.ts'

/** The queue of trainings in a PostgreSQL. */
export interface Jobs {
  readonly database: JobsDatabase
  readonly trainings: Trainings
  readonly office: Office
  close(): Promise<void>
}

export interface JobsOptions {
  /** Whether its tables are made where they are not there: by servers, not by workers, which need no right to. */
  readonly creates: boolean
  /** Whether this process looks after jobs whose worker is silent; not for a command that looks once. */
  readonly supervises?: boolean
  /** The most connections; 4 by default, and one more for whoever listens. */
  readonly connections?: number
}

/** How often to look for trainings that nothing carries any more, ms. */
const mendEveryMs = 60_000

/** @throws IsoflopError PACKAGE_MISSING, STORE_UNAVAILABLE, BAD_OPTION, QUEUE_MISSING where there is none and none is to be made. */
export async function openJobs(url: string, options: JobsOptions): Promise<Jobs> {
  const { creates, supervises = true, connections } = options
  const database = connectJobs(url, { ...(connections !== undefined && { connections }) })
  let carrier: Carrier | undefined
  try {
    const open = () => openCarrier(database, { creates, supervises })
    if (creates) carrier = await oneAfterAnother(database, open)
    else if (!(await isThere(database))) throw queueMissing()
    else {
      await checkVersion(database)
      carrier = await open()
    }
  } catch (error) {
    await database.close()
    throw unavailable(error)
  }
  const trainings = trainingsIn(database, carrier)
  // What fails is done the next time: the database may be away.
  const mending = setInterval(() => void trainings.mend().catch(() => {}), mendEveryMs)
  if (!supervises) clearInterval(mending)
  return {
    database,
    trainings,
    office: officeOf(database, carrier),
    async close() {
      clearInterval(mending)
      await carrier.close().catch(() => {})
      await database.close()
    },
  }
}

/** Any number does that no other program locks in this database. */
const startLock = 1_769_105_514

/** Makes what is not there. Of servers that start at once the later ones find all of it; pg-boss alone refused one of four. */
function oneAfterAnother(database: JobsDatabase, open: () => Promise<Carrier>): Promise<Carrier> {
  return database.alone(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [startLock])
    try {
      await migrate(client)
      return await open()
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [startLock])
    }
  })
}

/** Whether a server has made the queue. */
async function isThere(database: JobsDatabase): Promise<boolean> {
  const [{ present }] = await database.ask<{ present: boolean }>(
    "SELECT to_regclass('isoflop_jobs.migrations') IS NOT NULL AND to_regclass('isoflop_boss.job') IS NOT NULL AS present",
  )
  return present
}
