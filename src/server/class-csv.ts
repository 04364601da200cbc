import type { Config } from '../core/config.ts'
import { csvOf, withoutFormula } from '../input/fields.ts'
import { anyCodec } from '../space/any.ts'
import type { Field } from '../space/codec.ts'
import { isLate, isoOrNull, lastSeen } from './standing.ts'
import type { Standing, Store } from './store/store.ts'

/** A class as CSV: who did what, every prediction, every run. FLOPs have all their digits, times are UTC. */

const titlesOf = (fields: readonly Field[]): string[] => fields.map(({ name }) => name)
const configCells = (config: Config): string[] => Object.values(anyCodec.record(config)).map(String)

interface Judged {
  readonly rank: number
  readonly regret: number
  readonly error: number
}

export const classCsv = (
  standings: readonly Standing[],
  deadline: number | null,
  grades: ReadonlyMap<string, Judged>,
): string =>
  csvOf([
    [
      ...['key_id', 'label', 'budget', 'used', 'runs', 'best_loss', 'last_seen', 'attempts', 'submitted_at', 'late'],
      ...['predicted_loss', 'rank', 'regret', 'error', 'revoked'],
    ],
    ...standings.map((one) => {
      const { key, runs, bestLoss, attempts, submission } = one
      const grade = grades.get(key.id)
      return [
        ...[key.id, withoutFormula(key.label), String(key.budget), String(key.used), String(runs), textOf(bestLoss)],
        ...[isoOrNull(lastSeen(one)) ?? '', String(attempts), isoOrNull(submission?.submittedAt ?? null) ?? ''],
        ...[isLate(submission, deadline) ? 'yes' : 'no', textOf(submission?.predictedLoss)],
        ...[textOf(grade?.rank), textOf(grade?.regret), textOf(grade?.error), key.revoked ? 'yes' : 'no'],
      ]
    }),
  ])

const textOf = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : String(value)

export async function* predictionsCsv(
  store: Store,
  standings: readonly Standing[],
  fields: readonly Field[],
): AsyncGenerator<string> {
  yield csvOf([['key_id', 'label', 'submitted_at', 'flops_used', 'predicted_loss', ...titlesOf(fields)]])
  for (const { key, attempts } of standings) {
    if (attempts === 0) continue
    const all = await store.submissions(key.id)
    yield csvOf(
      all.map(({ config, predictedLoss, submittedAt, used }) => [
        ...[key.id, withoutFormula(key.label), isoOrNull(submittedAt)!, used === null ? '' : String(used)],
        ...[String(predictedLoss), ...configCells(config)],
      ]),
    )
  }
}

/** Runs that are read and written at once. */
const runsInSlice = 200

export async function* runsCsv(
  store: Store,
  standings: readonly Standing[],
  fields: readonly Field[],
): AsyncGenerator<string> {
  yield csvOf([['key_id', 'label', 'run_at', 'loss', ...titlesOf(fields)]])
  for (const { key, runs } of standings)
    for (let next: bigint | null = runs === 0 ? null : 0n; next !== null; ) {
      const page = await store.runs(key.id, next, runsInSlice)
      next = page.next
      if (page.runs.length > 0)
        yield csvOf(
          page.runs.map(({ config, loss, settledAt }) => [
            ...[key.id, withoutFormula(key.label), isoOrNull(settledAt) ?? '', String(loss), ...configCells(config)],
          ]),
        )
    }
}
