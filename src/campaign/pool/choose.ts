import { short } from '../../core/diagnostic.ts'
import { IsoflopError } from '../../core/errors.ts'
import { advised } from './advised.ts'
import type { PoolAim } from './aim.ts'
import { played } from './played.ts'
import { remarksOn } from './remarks.ts'
import type { PoolTable } from './table.ts'
import { type Asked, type PoolTaskOptions, readOf, summaryOf, taskOf } from './task.ts'
import type { PoolView } from './view.ts'

/**
 * Chooses from a table of runs. Where the losses of all are on record, a purchase is played within the budget, which looks up no loss
 * that it did not pay for, and the rest is looked at afterwards. Where runs have no loss yet, those that should be made next are named,
 * given all that have one.
 *
 * Errors: BAD_OPTION, TOO_FEW_RUNS, NO_USABLE_RUNS.
 *
 * @example const view = await chooseFrom(await readPoolTable(['runs.csv'], {}), { kind: 'budget', flops: 1e22 }, { budget: 1e20 })
 */
export async function chooseFrom(table: PoolTable, aim: PoolAim, options: PoolTaskOptions): Promise<PoolView> {
  const asked: Asked = { ...options, seed: options.seed ?? 0, confidence: options.confidence ?? 0.95 }
  const { budget, isDryRun = false } = asked
  if (table.isRecorded && !isDryRun && asked.next !== undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      'Every run of the pool has its loss, so there is none to make next.',
      'Leave --next out to play the purchase of these runs, or add runs without a loss that could be made.',
    )
  if (table.isRecorded && budget === undefined) throw noBudget(table)
  const result =
    table.isRecorded && !isDryRun
      ? await played(table, aim, { ...asked, budget: budget! }).catch(explained(table))
      : advised(isDryRun && table.isRecorded ? hidden(table) : table, aim, asked)
  return {
    task: taskOf(table, aim, asked),
    pool: summaryOf(table),
    result,
    diagnostics: remarksOn(table, aim, result.prediction),
    read: [table, ...(aim.kind === 'runs' ? [aim] : [])].map(({ data }) =>
      readOf(data, data === table.data ? table.runs.size : data.runs.size),
    ),
  }
}

/** What of the table may be why too few runs could be bought: rows that were left out, costs that nobody gave. */
const explained =
  ({ data: { excluded, costColumn }, runs }: PoolTable) =>
  (error: unknown): never => {
    if (!(error instanceof IsoflopError) || error.code !== 'TOO_FEW_RUNS') throw error
    const why: string[] = []
    if (costColumn === null)
      why.push('No column has costs, so they are in FLOPs: name one that has with --columns cost=NAME.')
    if (excluded.length > 0) {
      const [{ source, row, reason }] = excluded
      const all = excluded.length + runs.size
      why.push(`${excluded.length} of ${all} rows were left out, the first being ${source} row ${row}: ${reason}.`)
    }
    throw new IsoflopError(error.code, error.message, [error.advice, ...why].join(' '), { cause: error })
  }

const hidden = (table: PoolTable): PoolTable => ({
  ...table,
  runs: { ...table.runs, loss: new Float64Array(table.runs.size).fill(Number.NaN) },
})

function noBudget({ pool, unit }: PoolTable): IsoflopError {
  const all = pool.cost.reduce((a, b) => a + b)
  return new IsoflopError(
    'BAD_OPTION',
    `Every run of the pool has its loss, so a purchase would be played, and there is no --budget for it; all runs together cost ${short(all)} (${unit}).`,
    `Give a part of that, for example --budget ${short(all / 10)}; or add runs without a loss, to be told which to make next.`,
  )
}
