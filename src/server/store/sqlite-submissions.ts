import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { anyCodec } from '../../space/any.ts'
import { keyFromRow, keyInvalid, type SubmissionRow, submissionFromRow } from './common.ts'
import type { KeyRows } from './sqlite-keys.ts'
import { checkRow, insertInto, sealed } from './sqlite-sums.ts'
import type { Prediction, Store, Submission, Submitted } from './store.ts'

type Row = SubmissionRow & { readonly key_id: string; readonly checksum: string }

/** The predictions of a file: what is done within one transaction. Errors: RECORD_DAMAGED. */
export interface SubmissionRows {
  of(keyId: string): Submission[]
  /** Errors: KEY_INVALID. */
  submit(keyId: string, prediction: Prediction, most: number): Submitted
  /** The last one of every key that has one. */
  last(): Awaited<ReturnType<Store['listSubmissions']>>
}

export function submissionRows(db: DatabaseSync, keys: KeyRows): SubmissionRows {
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  const statements = {
    add: prepare(insertInto('submissions')),
    of: prepare('SELECT * FROM submissions WHERE key_id = ? ORDER BY id'),
    last: prepare(
      `SELECT submissions.*, (SELECT count(*) FROM submissions WHERE key_id = keys.id) AS attempts FROM keys
       JOIN submissions ON submissions.id = (SELECT max(id) FROM submissions WHERE key_id = keys.id)`,
    ),
  }
  const of = (keyId: string) => (statements.of.all(keyId) as unknown as Row[]).map(submissionOf)

  return {
    of,
    submit(keyId, { config, predictedLoss, submittedAt }, most) {
      const key = keys.ofId(keyId)
      if (!key) throw keyInvalid(keyId)
      const before = of(keyId)
      const identity = anyCodec.identity(config)
      const last = before.at(-1)
      const attempts = before.length
      if (last && anyCodec.identity(last.config) === identity && last.predictedLoss === predictedLoss)
        return { kind: 'repeated', attempts }
      if (attempts >= most) return { kind: 'refused', attempts }
      const row = {
        ...{ key_id: keyId, config: identity, predicted_loss: predictedLoss },
        ...{ submitted_at: submittedAt, used: key.used },
      }
      statements.add.run(...sealed('submissions', row))
      keys.change(key, { changes: key.changes + 1n })
      return { kind: 'kept', attempts: attempts + 1 }
    },
    last() {
      const rows = statements.last.all() as unknown as (Row & { attempts: bigint })[]
      const ofKey = new Map(rows.map((row) => [row.key_id, row]))
      return keys.all().flatMap((key) => {
        const row = ofKey.get(key.id)
        return row ? [{ key: keyFromRow(key), submission: submissionOf(row), attempts: Number(row.attempts) }] : []
      })
    },
  }
}

function submissionOf(row: Row): Submission {
  checkRow('submissions', row)
  return submissionFromRow(row)
}
