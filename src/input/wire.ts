import type { Curves, LossUnit, Runs } from '../core/run.ts'
import type { Exclusion, RunData } from './read.ts'

/** Runs as JSON: columns, null where a number is not there. */
interface RunsJson {
  readonly parameters: Column
  readonly tokens: Column
  readonly flops: Column
  readonly loss: Column
  readonly lossUnit: LossUnit
  readonly tuning: {
    readonly rate: Column | null
    readonly batch: Column | null
    readonly batchUnit: 'tokens' | 'sequences'
    readonly unique: Column | null
  } | null
}
type Column = readonly (number | null)[]

/** Data as they go to a page, which fits them as a command does. */
export interface DataJson {
  readonly runs: RunsJson
  readonly curves: {
    readonly checkpoints: RunsJson
    readonly curve: readonly number[]
    readonly curveCount: number
  } | null
  readonly rows: readonly number[]
  /** The place of each run's file among the sources. */
  readonly files: readonly number[]
  readonly sources: readonly string[]
  readonly groups: {
    readonly column: string
    readonly names: readonly string[]
    readonly of: readonly number[]
    readonly isAsked: boolean
  } | null
  /** Which column was taken for what, of each file. */
  readonly columns: RunData['columns']
  readonly read: number
  readonly checkpoints: number
  /** The first of them; `excludedCount` has all. */
  readonly excluded: readonly Exclusion[]
  readonly excludedCount: number
  readonly notes: readonly string[]
}

/** Reasons that a page shows, at most. */
const mostExcluded = 200

export function dataJson(data: RunData): DataJson {
  const { runs, curves, groups } = data
  const origins = Array.from({ length: runs.size }, (_, i) => data.origin(i))
  const sources = data.sources.map(({ name }) => name)
  return {
    runs: runsJson(runs),
    curves: curves && {
      checkpoints: runsJson(curves.checkpoints),
      curve: [...curves.curve],
      curveCount: curves.curveCount,
    },
    rows: origins.map(({ row }) => row),
    files: origins.map(({ source }) => sources.indexOf(source)),
    sources,
    groups: groups && { column: groups.column, names: groups.names, of: [...groups.of], isAsked: groups.isAsked },
    columns: data.columns,
    read: data.read,
    checkpoints: data.checkpoints,
    excluded: data.excluded.slice(0, mostExcluded),
    excludedCount: data.excluded.length,
    notes: data.notes,
  }
}

const column = (values: Float64Array): Column => Array.from(values, (value) => (Number.isNaN(value) ? null : value))

const runsJson = ({ parameters, tokens, flops, loss, lossUnit = 'nats/token', tuning }: Runs): RunsJson => ({
  parameters: column(parameters),
  tokens: column(tokens),
  flops: column(flops),
  loss: column(loss),
  lossUnit,
  tuning: tuning
    ? {
        rate: tuning.rate && column(tuning.rate),
        batch: tuning.batch && column(tuning.batch),
        batchUnit: tuning.batchUnit,
        unique: tuning.unique && column(tuning.unique),
      }
    : null,
})

/** The runs and curves of `dataJson`, equal to those that it was made of. */
export const runsOfJson = ({ runs, curves }: DataJson): { readonly runs: Runs; readonly curves: Curves | null } => ({
  runs: columnsOf(runs),
  curves: curves && {
    checkpoints: columnsOf(curves.checkpoints),
    curve: Int32Array.from(curves.curve),
    curveCount: curves.curveCount,
  },
})

const values = (given: Column): Float64Array => Float64Array.from(given, (value) => value ?? Number.NaN)

const columnsOf = ({ parameters, tokens, flops, loss, lossUnit, tuning }: RunsJson): Runs => ({
  size: loss.length,
  parameters: values(parameters),
  tokens: values(tokens),
  flops: values(flops),
  loss: values(loss),
  lossUnit,
  ...(tuning && {
    tuning: {
      rate: tuning.rate && values(tuning.rate),
      batch: tuning.batch && values(tuning.batch),
      batchUnit: tuning.batchUnit,
      unique: tuning.unique && values(tuning.unique),
    },
  }),
})
