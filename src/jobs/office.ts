import { randomUUID } from 'node:crypto'
import type { Carrier } from './boss.ts'
import type { JobsDatabase } from './database.ts'
import { type Facts, factsOf } from './kinds.ts'

/** States in which a training is still somebody's concern. */
export const openStates = ['waiting', 'running', 'dead'] as const
export type OpenState = (typeof openStates)[number]

/** A training as an operator sees it. Times are ms since 1970. */
export interface Job {
  readonly id: string
  readonly state: OpenState
  readonly facts: Facts
  readonly tags: readonly string[]
  readonly config: string
  /** Who waits for it: ids of keys. */
  readonly askers: readonly string[]
  /** The attempts that were begun; failures, and workers that were not heard of any more. */
  readonly attempts: number
  readonly failures: number
  readonly silences: number
  /** Who has it, or had it last; null where nobody had. */
  readonly worker: string | null
  readonly askedAt: number
  /** Since when it is in its state. */
  readonly since: number
  /** When its worker was last heard of; null where none has it. */
  readonly heardAt: number | null
  /** Why it failed last. */
  readonly words: string | null
}

/** How many trainings are in a state and need the same tags. */
export interface JobCount {
  readonly state: OpenState
  /** Sorted, separated by commas; empty for none. */
  readonly tags: string
  readonly count: number
}

/** What an operator does with trainings. */
export interface Office {
  /** Those that wait, run or are dead, in the order of their turns; `most` of each state. */
  list(most: number): Promise<Job[]>
  counts(): Promise<JobCount[]>
  /** Has a dead training tried again. False: there is none of this id. The same for the next. */
  retry(id: string): Promise<boolean>
  /** Ends what waits or runs, for all who ask for it, and forgets what is dead. */
  cancel(id: string): Promise<boolean>
}

interface JobRow extends Omit<Job, 'facts' | 'askedAt' | 'since' | 'heardAt'> {
  readonly producer: string
  readonly asked_at: Date
  readonly since: Date
  readonly heard_at: Date | null
}

export const officeOf = (database: JobsDatabase, carrier: Carrier): Office => ({
  async list(most) {
    const rows = await database.ask<JobRow>(
      `SELECT t.id, t.state, t.producer, q.tags, t.config, t.attempt AS attempts, t.failures, t.silences, t.worker, t.asked_at,
         t.changed_at AS since, CASE WHEN t.state = 'running' THEN t.beat_at END AS heard_at, t.words,
         ARRAY(SELECT a.asker FROM isoflop_jobs.askers a WHERE a.training = t.id ORDER BY 1) AS askers
       FROM (SELECT *, row_number() OVER (PARTITION BY state ORDER BY turn, id) AS place FROM isoflop_jobs.trainings
             WHERE state IN ('waiting', 'running', 'dead')) t
       JOIN isoflop_jobs.queues q ON q.name = t.queue WHERE t.place <= $1
       ORDER BY array_position(ARRAY['running', 'waiting', 'dead'], t.state), t.turn, t.id`,
      [most],
    )
    return rows.map(jobFrom)
  },
  async counts() {
    return database.ask<JobCount>(
      `SELECT t.state, array_to_string(q.tags, ',') AS tags, count(*)::int AS count
       FROM isoflop_jobs.trainings t JOIN isoflop_jobs.queues q ON q.name = t.queue
       WHERE t.state IN ('waiting', 'running', 'dead') GROUP BY 1, 2 ORDER BY 1, 2`,
    )
  },
  async retry(id) {
    const job = randomUUID()
    const [found] = await database.together(true, async (asking) => {
      const rows = await asking.ask<{ queue: string; turn: number }>('SELECT * FROM isoflop_jobs.retry($1, $2)', [
        id,
        job,
      ])
      for (const { queue, turn } of rows) await carrier.send(asking, queue, { job, training: id, turn })
      return rows
    })
    if (found) database.tell('isoflop_waits', found.queue)
    return found !== undefined
  },
  async cancel(id) {
    const [found] = await database.together(true, async (asking) => {
      const rows = await asking.ask<{ queue: string; job: string }>('SELECT * FROM isoflop_jobs.cancel($1)', [id])
      for (const { queue, job } of rows) await carrier.drop(asking, queue, job)
      return rows
    })
    if (found) database.tell('isoflop_ended', id)
    return found !== undefined
  },
})

function jobFrom({ producer, asked_at, since, heard_at, ...row }: JobRow): Job {
  const { id, state, tags, config, askers, attempts, failures, silences, worker, words } = row
  return {
    ...{ id, state, facts: factsOf(producer) ?? {}, tags, config, askers, attempts, failures, silences, worker },
    ...{ askedAt: asked_at.getTime(), since: since.getTime(), heardAt: heard_at?.getTime() ?? null, words },
  }
}
