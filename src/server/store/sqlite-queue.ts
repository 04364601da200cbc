import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { configOfRow, damagedDatabase } from './common.ts'
import type { QueueStore } from './queued.ts'
import type { ReservationRow } from './sqlite-requests.ts'
import { checkRow, isWholeInSql } from './sqlite-sums.ts'

type QueuedRow = ReservationRow & {
  readonly state: 'waiting' | 'running' | null
  readonly asked_at: bigint | null
  readonly started_at: bigint | null
  readonly whole: bigint
}

/** What waits and runs in a file. Errors: RECORD_DAMAGED. */
export function queueRows(db: DatabaseSync) {
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  const queue = prepare(
    `SELECT reservations.*, requests.state, requests.asked_at, requests.started_at,
       requests.key_id IS NULL OR ${isWholeInSql('requests')} AS whole
     FROM reservations LEFT JOIN requests ON requests.key_id = reservations.key_id AND requests.config = reservations.config
       AND requests.state IN ('waiting', 'running')
     ORDER BY coalesce(requests.asked_at, reservations.created_at), reservations.key_id, reservations.config LIMIT ?`,
  )
  const count = prepare('SELECT count(*) AS total FROM reservations')
  // What of a key changes is counted in its row; budgets and sums are covered by its checksum.
  const mark = prepare(
    `SELECT (SELECT group_concat(checksum, '') FROM (SELECT checksum FROM keys ORDER BY id)) AS keys,
       (SELECT group_concat(checksum, '') FROM (SELECT checksum FROM facts ORDER BY name)) AS facts`,
  )
  const keyMarks = prepare('SELECT id, checksum FROM keys ORDER BY created_at, id')
  return {
    list(limit: number): Awaited<ReturnType<QueueStore['queue']>> {
      const rows = queue.all(limit) as unknown as QueuedRow[]
      const { total } = count.get() as { total: bigint }
      return { queued: rows.map(queuedFrom), total: Number(total) }
    },
    mark(): string {
      const { keys, facts } = mark.get() as { keys: string | null; facts: string | null }
      return `${keys} ${facts}`
    },
    keyMarks(): ReadonlyMap<string, string> {
      const rows = keyMarks.all() as unknown as { id: string; checksum: string }[]
      return new Map(rows.map(({ id, checksum }) => [id, checksum]))
    },
  }
}

function queuedFrom(row: QueuedRow) {
  checkRow('reservations', row)
  if (!row.whole) throw damagedDatabase('a row of its table of requests has another checksum')
  const { key_id, config, cost, state, asked_at, started_at, created_at } = row
  return {
    ...{ keyId: key_id, config: configOfRow(config), cost: BigInt(cost), state: state ?? ('query' as const) },
    ...{ askedAt: Number(asked_at ?? created_at), startedAt: started_at === null ? null : Number(started_at) },
  }
}
