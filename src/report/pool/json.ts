import {
  isPlayed,
  type PoolView,
  type ViewedPlan,
  type ViewedPoolRun,
  type ViewedPurchase,
  type ViewedTargetRun,
} from '../../campaign/pool/view.ts'
import type { BatchUnit } from '../../core/run.ts'

/** A run in the columns that tables go by, so that `isoflop fit` reads it. */
export type PoolRunJson = Readonly<Record<string, string | number | null>>

/** What `isoflop campaign --pool --json` prints. Losses in `task.lossUnit`; what is not known is null. */
export function poolJson(view: PoolView) {
  const { task, pool, result, diagnostics, read } = view
  const { places: _drawn, ...summary } = pool
  const common = { task, pool: summary, diagnostics, read }
  const prediction = (own: PoolView['result']['prediction']) =>
    own && { ...own, target: own.target.map((run) => targetRow(run, task.batchUnit)) }
  if (!isPlayed(view)) {
    const { next, ...others } = result as Exclude<typeof result, { kind: 'played' }>
    return { ...common, result: { ...others, next: nextRows(view), prediction: prediction(others.prediction) } }
  }
  const { purchases: _bought, hindsight, ...others } = view.result
  return {
    ...common,
    result: {
      ...others,
      purchases: purchaseRows(view),
      prediction: prediction(others.prediction),
      hindsight: { ...hindsight, all: prediction(hindsight.all) },
    },
  }
}

/** The runs that were bought, in their order; none where none was. */
export const purchaseRows = ({ result, task }: PoolView): PoolRunJson[] =>
  result.kind === 'played' ? result.purchases.map((run) => purchaseRow(run, task.batchUnit)) : []

/** The runs to make next, in the order in which they are worth their cost. */
export const nextRows = ({ result, task }: PoolView): PoolRunJson[] =>
  result.kind === 'advised' ? result.next.map((run) => planRow(run, task.batchUnit)) : []

/** Rows as lines of JSON. */
export const jsonLines = (rows: readonly PoolRunJson[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('')

function runRow({ source, row, parameters, tokens, flops, rate, batch, unique }: ViewedPoolRun, unit: BatchUnit) {
  return {
    ...{ source, row, parameters, tokens, flops },
    ...(rate === null ? {} : { learning_rate: rate }),
    ...(batch === null ? {} : { [unit === 'tokens' ? 'batch_tokens' : 'batch_size']: batch }),
    ...(unique === null ? {} : { unique_tokens: unique }),
  }
}

function planRow(run: ViewedPlan, unit: BatchUnit): PoolRunJson {
  const { cost, worth, share, reason } = run
  return { ...runRow(run, unit), cost, worth, share, reason }
}

function purchaseRow(run: ViewedPurchase, unit: BatchUnit): PoolRunJson {
  const { round, outcome, loss, cost, worth, share, reason } = run
  return { ...runRow(run, unit), cost, loss, outcome, round, worth, share, reason }
}

const targetRow = (run: ViewedTargetRun, unit: BatchUnit) => {
  const { predicted, interval, loss } = run
  return { ...runRow(run, unit), predicted, interval, loss }
}
