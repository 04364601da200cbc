import { randomUUID } from 'node:crypto'
import type { CurvePoint } from '../core/trainer.ts'
import type { Carrier } from './boss.ts'
import type { Asking, JobsDatabase } from './database.ts'
import { type Facts, factsOf, type Queue } from './kinds.ts'

/** What a training came to, as workers say it. */
export type Result =
  | { readonly kind: 'finished'; readonly loss: number }
  | { readonly kind: 'diverged'; readonly at: number | null }
  | { readonly kind: 'refused'; readonly words: string }

/** Where a training stands. `dead`: it failed as often as it may; only an operator has it tried again. */
export type Standing =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running'; readonly curve: readonly CurvePoint[] }
  | Result
  | { readonly kind: 'dead'; readonly words: string }
  | { readonly kind: 'cancelled' }

/** A training that a worker has. The attempt is its ticket: what is said with an older one changes nothing. */
export interface Taken {
  readonly training: string
  readonly job: string
  readonly queue: string
  readonly attempt: number
  readonly facts: Facts
  readonly config: string
}

export interface KnownQueue extends Queue {
  readonly patience: number
}

/** The trainings that wait, run and have ended, in the database: the truth, which pg-boss only carries. */
export interface Trainings {
  /** Makes the queue of a kind. `patienceSeconds`: how long a worker may be silent until another one gets what it has, 10 at least. */
  prepare(queue: Queue, patienceSeconds: number): Promise<void>
  queues(): Promise<KnownQueue[]>
  /** Asks for a training of a configuration, one for all who ask; gives its number and where it stands. */
  ask(queue: Queue, config: string, asker: string, tries: number): Promise<{ training: string; standing: Standing }>
  /** This asker does not wait any more: what nobody waits for is cancelled. */
  leave(training: string, asker: string): Promise<void>
  /** Who waits for which configurations of these facts that are not made yet. */
  asked(producer: string): Promise<{ training: string; config: string; asker: string }[]>
  /** Where trainings stand; those that nobody knows are missing. */
  standings(trainings: readonly string[]): Promise<Map<string, Standing>>
  /** How many wait in front of each of these that waits. */
  ahead(trainings: readonly string[]): Promise<Map<string, number>>

  /** Takes the training of a queue whose turn it is; null where none waits. */
  take(queue: string, worker: string): Promise<Taken | null>
  /** It goes on. False: this attempt is over, because another one has it or nobody waits. The same for the next two. */
  beat(taken: Taken, curve: readonly CurvePoint[] | null): Promise<boolean>
  answer(taken: Taken, result: Result): Promise<boolean>
  /** It goes back into the line at its turn; `failed` says why it came to nothing, and after as many failures as it may have it is dead. */
  giveBack(taken: Taken, failed: string | null): Promise<'waiting' | 'dead' | 'void'>

  /** Sends what waits and whose job pg-boss does not have any more; gives how many. */
  mend(): Promise<number>
}

interface AskedRow {
  readonly id: string
  readonly queue: string
  readonly state: Standing['kind']
  readonly turn: number
  readonly job: string
  readonly sends: boolean
  readonly moves: boolean
}

interface StandingRow {
  readonly id: string
  readonly state: Standing['kind']
  readonly loss: number | null
  readonly diverged_at: number | null
  readonly words: string | null
  readonly curve: readonly CurvePoint[] | null
}

/** How long a training that failed waits before it is tried again, seconds: so often as it failed. */
const failureWaitSeconds = 5

export function trainingsIn(database: JobsDatabase, carrier: Carrier): Trainings {
  const send = async (asking: Asking, queue: string, job: string, training: string, turn: number, later?: number) =>
    carrier.send(asking, queue, { job, training, turn, ...(later !== undefined && { startAfterSeconds: later }) })

  const standings = async (ids: readonly string[]) => {
    const rows = await database.ask<StandingRow>(
      'SELECT id, state, loss, diverged_at, words, curve FROM isoflop_jobs.trainings WHERE id = ANY ($1::uuid[])',
      [ids],
    )
    return new Map(rows.map((row) => [row.id, standingOf(row)]))
  }

  return {
    async prepare({ name, producer, tags, memory }, patienceSeconds) {
      await carrier.createQueue(name, patienceSeconds)
      await database.ask(
        `INSERT INTO isoflop_jobs.queues VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (name) DO UPDATE SET patience = excluded.patience`,
        [name, producer, tags, memory, patienceSeconds],
      )
    },
    async queues() {
      const rows = await database.ask<Omit<KnownQueue, 'facts' | 'memory'> & { memory: string }>(
        'SELECT name, producer, tags, memory, patience FROM isoflop_jobs.queues ORDER BY name',
      )
      return rows.flatMap((row) => {
        const facts = factsOf(row.producer)
        return facts === null ? [] : [{ ...row, facts, memory: Number(row.memory) }]
      })
    },
    async ask({ name, producer }, config, asker, tries) {
      const values = [randomUUID(), randomUUID(), name, producer, config, asker, tries]
      const asked = await database.together(false, async (asking) => {
        const [row] = await asking.ask<AskedRow>('SELECT * FROM isoflop_jobs.ask($1, $2, $3, $4, $5, $6, $7)', values)
        if (row.sends) await send(asking, row.queue, row.job, row.id, row.turn)
        else if (row.moves) await carrier.move(asking, row.queue, row.job, row.turn)
        return row
      })
      if (asked.sends) database.tell('isoflop_waits', asked.queue)
      const { id, state } = asked
      if (state === 'waiting') return { training: id, standing: { kind: 'waiting' } }
      return { training: id, standing: (await standings([id])).get(id) ?? { kind: 'waiting' } }
    },
    async leave(training, asker) {
      const rows = await database.together(false, async (asking) => {
        const rows = await asking.ask<{ queue: string; job: string }>('SELECT * FROM isoflop_jobs.leave($1, $2)', [
          ...[training, asker],
        ])
        for (const { queue, job } of rows) await carrier.drop(asking, queue, job)
        return rows
      })
      if (rows.length > 0) database.tell('isoflop_ended', training)
    },
    asked: (producer) =>
      database.ask(
        `SELECT t.id AS training, t.config, a.asker FROM isoflop_jobs.trainings t JOIN isoflop_jobs.askers a ON a.training = t.id
         WHERE t.producer = $1 AND t.state IN ('waiting', 'running')`,
        [producer],
      ),
    standings,
    async ahead(ids) {
      const rows = await database.ask<{ id: string; ahead: number }>(
        `SELECT id, ahead FROM (
           SELECT id, (row_number() OVER (PARTITION BY queue ORDER BY turn) - 1)::int AS ahead
           FROM isoflop_jobs.trainings WHERE state = 'waiting'
         ) line WHERE id = ANY ($1::uuid[])`,
        [ids],
      )
      return new Map(rows.map(({ id, ahead }) => [id, ahead]))
    },

    async take(queue, worker) {
      for (;;) {
        const found = await database.together(false, async (asking) => {
          const cargo = await carrier.fetch(asking, queue)
          if (cargo === null) return { kind: 'none' as const }
          const [row] = await asking.ask<TakenRow>('SELECT * FROM isoflop_jobs.take($1, $2, $3)', [
            ...[cargo.job, cargo.training, worker],
          ])
          if (row.kind === 'void' || row.kind === 'dead') await carrier.drop(asking, queue, cargo.job)
          return { ...cargo, ...row }
        })
        if (found.kind === 'none') return null
        if (found.kind === 'dead') database.tell('isoflop_ended', found.training)
        if (found.kind !== 'taken') continue
        const facts = factsOf(found.producer) ?? {}
        const { training, job, attempt, config } = found
        return { training, job, queue, attempt, facts, config }
      }
    },
    async beat({ training, job, queue, attempt }, curve) {
      return database.together(false, async (asking) => {
        const json = curve === null ? null : JSON.stringify(curve)
        const isOn = await said(asking, 'beat($1, $2, $3)', [training, attempt, json])
        if (isOn) await carrier.touch(asking, queue, job)
        return isOn
      })
    },
    async answer({ training, job, queue, attempt }, result) {
      const loss = result.kind === 'finished' ? result.loss : null
      const at = result.kind === 'diverged' ? result.at : null
      const words = result.kind === 'refused' ? result.words : null
      const isTaken = await database.together(true, async (asking) => {
        const values = [training, attempt, result.kind, loss, at, words]
        const isTaken = await said(asking, 'answer($1, $2, $3, $4, $5, $6)', values)
        if (isTaken) await carrier.drop(asking, queue, job)
        return isTaken
      })
      if (isTaken) database.tell('isoflop_ended', training)
      return isTaken
    },
    async giveBack({ training, job, queue, attempt }, failed) {
      const next = randomUUID()
      const state = await database.together(true, async (asking) => {
        const [row] = await asking.ask<{ state: 'waiting' | 'dead'; queue: string; turn: number; failures: number }>(
          'SELECT * FROM isoflop_jobs.give_back($1, $2, $3, $4, $5)',
          [training, attempt, next, failed !== null, failed],
        )
        if (row === undefined) return 'void'
        await carrier.drop(asking, queue, job)
        const later = failed === null ? undefined : row.failures * failureWaitSeconds
        if (row.state === 'waiting') await send(asking, row.queue, next, training, row.turn, later)
        return row.state
      })
      if (state === 'waiting' && failed === null) database.tell('isoflop_waits', queue)
      if (state === 'dead') database.tell('isoflop_ended', training)
      return state
    },

    async mend() {
      return database.together(true, async (asking) => {
        const lost = await asking.ask<{ id: string; queue: string; turn: number; job: string }>(
          `SELECT t.id, t.queue, t.turn, gen_random_uuid() AS job FROM isoflop_jobs.trainings t
           WHERE t.state IN ('waiting', 'running') AND t.changed_at < now() - interval '1 minute'
             AND NOT EXISTS (SELECT FROM isoflop_boss.job j WHERE j.id = t.job AND j.name = t.queue AND j.state <= 'active')
           ORDER BY t.turn LIMIT 1000 FOR UPDATE OF t SKIP LOCKED`,
        )
        for (const { id, queue, turn, job } of lost) {
          await asking.ask('UPDATE isoflop_jobs.trainings SET job = $2, changed_at = now() WHERE id = $1', [id, job])
          await send(asking, queue, job, id, turn)
        }
        return lost.length
      })
    },
  }
}

interface TakenRow {
  readonly kind: 'taken' | 'alive' | 'void' | 'dead'
  readonly config: string
  readonly producer: string
  readonly attempt: number
}

/** Whether a function of an attempt did what it says. */
async function said(asking: Asking, call: string, values: readonly unknown[]): Promise<boolean> {
  const [{ did }] = await asking.ask<{ did: boolean | null }>(`SELECT isoflop_jobs.${call} AS did`, values)
  return did === true
}

function standingOf({ state, loss, diverged_at: at, words, curve }: StandingRow): Standing {
  switch (state) {
    case 'finished':
      return { kind: state, loss: loss! }
    case 'diverged':
      return { kind: state, at }
    case 'running':
      return { kind: state, curve: curve ?? [] }
    case 'refused':
    case 'dead':
      return { kind: state, words: words ?? 'It said nothing.' }
    default:
      return { kind: state }
  }
}
