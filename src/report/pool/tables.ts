import type { PoolTask, ViewedPlan, ViewedPurchase, ViewedRound, ViewedTargetRun } from '../../campaign/pool/view.ts'
import { unitsOf } from '../../core/run.ts'
import { both } from '../fit/joint-words.ts'
import { compact, nats, significant } from '../number.ts'
import { type Block, list, table } from '../page/blocks.ts'
import { words } from '../words/words.ts'
import { costTitle, deviationText, roundName, runColumns, shareText } from './words.ts'

/** A table of the first rows, and how many more there are and where. */
function cut<Row>(
  rows: readonly Row[],
  most: number,
  { where, make }: { readonly where: string; make(shown: readonly Row[]): Block[] },
): Block[] {
  const rest = rows.length - most
  return [...make(rows.slice(0, most)), ...(rest > 0 ? list([words().pool.moreRuns(rest, where)]) : [])]
}

/** The runs to predict: what is expected of each, and what is on record. */
export function targetTable(runs: readonly ViewedTargetRun[], task: PoolTask, most: number, where: string): Block[] {
  const title = words().pool.columns
  const isTold = runs.some(({ loss }) => loss !== null)
  return cut(runs, most, {
    where,
    make(shown) {
      const { head, cells } = runColumns(shown, task)
      const columns = [...head, title.lossPredicted, ...(isTold ? [title.onRecord, title.error] : [])]
      const rows = shown.map((run) => [
        ...cells(run),
        both({ value: run.predicted, interval: run.interval }, nats),
        ...(isTold ? [run.loss === null ? '-' : nats(run.loss), errorText(run)] : []),
      ])
      return table(columns, rows)
    },
  })
}

function errorText({ predicted, loss }: ViewedTargetRun): string {
  if (loss === null) return '-'
  const error = predicted - loss
  return `${error < 0 ? '-' : '+'}${nats(Math.abs(error))}`
}

/** What each round bought, and what that was planned to do. */
export function roundTable(rounds: readonly ViewedRound[], task: PoolTask): Block[] {
  const { columns: title, ...say } = words().pool
  return table(
    [title.round, title.runs, costTitle(task), say.sdIn(unitsOf(task).difference)],
    rounds.map(({ round, runs, cost, sdBefore, sdAfter }) => [
      roundName(round),
      String(runs),
      compact(cost),
      deviationText(sdBefore, sdAfter),
    ]),
  )
}

/** The runs in the order in which they were bought. */
export function purchaseTable(runs: readonly ViewedPurchase[], task: PoolTask, most: number, where: string): Block[] {
  const title = words().pool.columns
  const place = new Map(runs.map((run, k) => [run, k + 1]))
  return cut(runs, most, {
    where,
    make(shown) {
      const { head, cells } = runColumns(shown, task)
      return table(
        ['#', title.round, ...head, costTitle(task), title.loss, title.why],
        shown.map((run) => [
          String(place.get(run)),
          roundName(run.round),
          ...cells(run),
          compact(run.cost),
          run.loss === null ? words().elsewhere(run.outcome) : nats(run.loss),
          shareText(run),
        ]),
      )
    },
  })
}

/** The runs to make next. */
export function nextTable(runs: readonly ViewedPlan[], task: PoolTask, most: number, where: string): Block[] {
  return cut(runs, most, {
    where,
    make(shown) {
      const { head, cells } = runColumns(shown, task)
      const { columns: title, ...say } = words().pool
      const hasWorth = shown.some(({ worth }) => worth !== null)
      return table(
        [
          '#',
          ...head,
          costTitle(task),
          ...(hasWorth ? [say.worthIn(unitsOf(task).difference), title.ofVariance] : [title.why]),
        ],
        shown.map((run, k) => [
          String(k + 1),
          ...cells(run),
          compact(run.cost),
          ...(run.worth === null ? [say.spread] : [significant(run.worth, 2), shareText(run)]),
        ]),
      )
    },
  })
}
