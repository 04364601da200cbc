import type { Readable } from 'node:stream'
import { IsoflopError } from '../core/errors.ts'
import { trainFlops } from '../core/flops.ts'
import type { Curves, Runs } from '../core/run.ts'
import { firstEqual } from '../numeric/equal-rows.ts'
import { type Checkpoints, type Grouping, groupCheckpoints, type Identity } from './curves.ts'
import { readSource } from './formats.ts'
import { judgeOf } from './judgement.ts'
import { type LossWord, lossUnits } from './loss-unit.ts'
import { normalized } from './names.ts'
import type { ChosenColumn, Condition, Split } from './plan.ts'
import { type Magnitudes, requirePlausible } from './plausible.ts'
import { type Located, Rows } from './rows.ts'
import { emptyFile, loadSource } from './source.ts'
import { Table } from './table.ts'
import type { Purpose, ToldColumns } from './told.ts'

export type { Quantity } from './names.ts'
export type { ChosenColumn, Condition } from './plan.ts'
export { parseColumns, type ToldColumns } from './told.ts'

/** A row that no fit uses, and why. */
export interface Exclusion {
  readonly source: string
  /** The line of delimited text and JSONL; the place, from 1, of a JSON or Parquet record. */
  readonly row: number
  readonly reason: string
}

export interface RunData {
  /** One row per training run: what every method but `envelope` fits. For runs with checkpoints, the last checkpoint. */
  readonly runs: Runs
  /** All usable rows, in the order read, where some run has several checkpoints; else null. */
  readonly curves: Curves | null
  /** Data rows read: the runs, the earlier checkpoints and the excluded. Each entry of a record's lists is a row. */
  readonly read: number
  /** Usable rows that are earlier checkpoints: in `curves`, not in `runs`. */
  readonly checkpoints: number
  readonly excluded: readonly Exclusion[]
  /** What was inferred, in words: which column was taken for which quantity, and what was derived. */
  readonly notes: readonly string[]
  /** The files; the SHA-256 is of the bytes as given. */
  readonly sources: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[]
  /** How the columns of each file were read. */
  readonly columns: readonly { readonly source: string; readonly chosen: readonly ChosenColumn[] }[]
  /** The data set that each run is of: by the column that was asked for, else by one that splits the losses; null without either. */
  readonly groups: RunGroups | null
  /** Of a mixture of experts, whose N are the active parameters: all parameters of each run, NaN where unknown; else null. */
  readonly allParameters: Float64Array | null
  /** Where run i of `runs` was read. */
  origin(i: number): { source: string; row: number }
}

/** Runs of several data sets in one table. */
export interface RunGroups {
  readonly column: string
  readonly names: readonly string[]
  /** The place of each run's group in `names`; -1 where its cell is empty. */
  readonly of: Int32Array
  /** Whether a person asked for it. */
  readonly isAsked: boolean
  /** Where nobody did: by what factor the losses of the groups differ at equal N and D. */
  readonly ratio: number | null
}

export interface ReadOptions {
  /** Which column holds which quantity; the others are found by their usual names and what they hold. */
  readonly columns?: ToldColumns | undefined
  /** What the losses are told in: `nats`, `bits`, `perplexity` (all of a token), `bits/byte`, `bits/character`; by the column's name by default. */
  readonly lossUnit?: string | undefined
  /** The column that says which data set a run is of; `file` where each file is one. */
  readonly groupBy?: string | undefined
  /** Only rows whose column has this value are read. */
  readonly where?: readonly Condition[] | undefined
  /** Whether runs that a state column calls crashed, killed, running and the like are kept; they are left out by default. */
  readonly keepState?: boolean | undefined
  /** `last`, by default: of a run with checkpoints the last one is fitted; `as-runs`: every one. */
  readonly checkpoints?: Checkpoints | undefined
  /**
   * Where the records of runs are in a file that has several arrays of them: the keys down to it, `*` for any key, such as `responses`
   * or `runs.*`. The name of a sheet in a workbook.
   */
  readonly records?: string | undefined
  /** What `-` reads; the process's standard input by default. */
  readonly stdin?: Readable | undefined
}

/** A file whose rows are in the table. */
interface ReadFile {
  readonly name: string
  readonly sha256: string
  readonly rows: Rows
  /** What was done to read the file as text. */
  readonly notes: readonly string[]
  /** Which rows of the file were chosen, in words, where there was a choice. */
  readonly chosen: readonly string[]
}

/**
 * Reads files of training runs as one data set: JSON, JSONL, CSV, TSV or Parquet, gzip too, `-` being standard input. The
 * format is decided by the content. Of N, D and C the missing one is derived by C = 6ND. Every row that is not used is in
 * `excluded` with its reason.
 *
 *     const { runs, notes } = await readRuns(['runs.csv'], { columns: { loss: 'eval ppl' } })
 *
 * Errors: FILE_NOT_FOUND, FILE_EMPTY, FILE_FORMAT, COLUMN_MISSING, COLUMN_UNKNOWN, NO_USABLE_RUNS, UNIT_IMPLAUSIBLE where the numbers
 * are off by a factor of 100 from any table of runs, and BAD_OPTION for no file, for `-` twice or an unknown unit of the loss.
 */
export async function readRuns(files: readonly string[], options: ReadOptions = {}): Promise<RunData> {
  const { table, read } = await readTable(files, options, 'fit')
  return runData(table, read, options).data
}

/** Runs to choose from. Beside the columns of `readRuns` there may be one of costs, and the loss may be blank. */
export interface PoolData extends RunData {
  /** The loss is NaN where the run has none yet, Infinity where the record says that it diverged (`inf`, `diverged`). */
  readonly runs: Runs
  /** In the unit of its column, 0 included; NaN where a cell is blank. The FLOPs where no column has costs. */
  readonly cost: Float64Array
  /** The column of costs; null without one. */
  readonly costColumn: string | null
}

/**
 * Reads files of runs of which some may be yet to be made, as `readRuns` does those that are finished. For the purpose `target`, runs
 * to predict, costs are not looked at, and a told column of losses need not be there.
 *
 *     const { runs, cost, costColumn } = await readPool(['pool.csv'])
 *
 * Errors: those of `readRuns`, and COLUMN_MISSING where some files have a column of costs that others lack.
 */
export async function readPool(
  files: readonly string[],
  options: ReadOptions & { readonly purpose?: 'pool' | 'target' } = {},
): Promise<PoolData> {
  const { purpose = 'pool' } = options
  const { table, read } = await readTable(files, options, purpose)
  const costColumn = purpose === 'target' ? null : costColumnOf(read)
  const { data, kept } = runData(table, read, options)
  return { ...data, cost: costColumn === null ? data.runs.flops : table.costAt(kept), costColumn }
}

/** The one column of costs of all files; null where none has one. */
function costColumnOf(files: readonly ReadFile[]): string | null {
  const names = files.map(({ rows: { plan } }) => (plan.at.cost < 0 ? null : plan.named.cost.trim()))
  const other = names.findIndex((name) => normalized(name ?? '') !== normalized(names[0] ?? ''))
  if (other < 0) return names[0]
  const told = (name: string | null, k: number) => `${files[k].name} has ${name === null ? 'none' : `"${name}"`}`
  throw new IsoflopError(
    'COLUMN_MISSING',
    `All files of a pool must have the same column of costs: ${told(names[0], 0)}, ${told(names[other], other)}.`,
    'Give all runs their cost in one unit, under one name.',
  )
}

async function readTable(files: readonly string[], options: ReadOptions, purpose: Purpose) {
  requireFiles(files)
  const { columns, groupBy, where, keepState } = options
  const lossWord = options.lossUnit === undefined ? null : lossWordNamed(options.lossUnit)
  const table = new Table()
  const read: ReadFile[] = []
  for (const file of files) {
    const source = await loadSource(file, options.stdin ?? process.stdin)
    const place = { name: source.name, index: read.length }
    const rows = new Rows(table, place, { columns, purpose, lossWord, groupBy, where, keepState })
    const reading = { judge: judgeOf(columns ?? {}, purpose), records: options.records }
    const chosen = await readSource(source, rows, reading)
    if (rows.read + rows.unasked === 0) throw emptyFile(source.name, 'has a header and no rows')
    read.push({ name: source.name, sha256: source.sha256, rows, chosen, notes: source.notes ?? [] })
  }
  table.lossUnit = oneLossUnit(read)
  for (const [index, file] of read.entries()) checkMagnitudes(table, index, file)
  return { table, read }
}

function lossWordNamed(name: string): LossWord {
  if (Object.hasOwn(lossUnits, name)) return lossUnits[name]
  throw new IsoflopError(
    'BAD_OPTION',
    `There is no unit "${name}" of the loss.`,
    `The units are ${Object.keys(lossUnits).join(', ')}.`,
  )
}

function oneLossUnit(files: readonly ReadFile[]) {
  const unit = (file: ReadFile) => file.rows.plan.lossUnit
  const other = files.find((file) => unit(file) !== unit(files[0]))
  if (other === undefined) return unit(files[0])
  throw new IsoflopError(
    'UNIT_IMPLAUSIBLE',
    `${files[0].name} has its loss in ${unit(files[0])}, ${other.name} in ${unit(other)}: they cannot be one data set.`,
    'Fit each file by itself, or name columns of one unit with --columns.',
  )
}

/** Rows of a file whose numbers are looked at. */
const mostForMagnitudes = 10_000

/** Refuses numbers that are off by 100 from any table of runs, unless a person told what they are to be multiplied with. */
function checkMagnitudes(table: Table, index: number, { name, rows: { plan } }: ReadFile): void {
  if (plan.isScaleTold) return
  const rows: number[] = []
  for (let i = 0; i < table.size; i++) if (table.source[i] === index) rows.push(i)
  if (rows.length === 0) return
  const given = (quantity: 'parameters' | 'tokens' | 'flops') => (plan.at[quantity] < 0 ? null : plan.named[quantity])
  const origins = { parameters: given('parameters'), tokens: given('tokens'), flops: given('flops') }
  requirePlausible(name, magnitudesOf(table, rows), origins, plan.named.loss)
}

function magnitudesOf(table: Table, all: readonly number[]): Magnitudes {
  const every = Math.ceil(all.length / mostForMagnitudes)
  const rows = all.filter((_, k) => k % every === 0)
  const middle = (value: (i: number) => number) => {
    const values = Float64Array.from(rows, value).filter(Number.isFinite).sort()
    return values.length === 0 ? Number.NaN : values[values.length >> 1]
  }
  const { parameters, tokens, flops, loss } = table
  const largest = (column: Float64Array) => rows.reduce((most, i) => Math.max(most, column[i]), 0)
  return {
    parameters: middle((i) => parameters[i]),
    tokens: middle((i) => tokens[i]),
    flopsRatio: middle((i) => flops[i] / trainFlops(parameters[i], tokens[i])),
    largest: { parameters: largest(parameters), tokens: largest(tokens) },
    loss: table.lossUnit === 'nats/token' ? middle((i) => loss[i]) : Number.NaN,
  }
}

function requireFiles(files: readonly string[]): void {
  const isTwice = files.indexOf('-') !== files.lastIndexOf('-')
  if (files.length > 0 && !isTwice) return
  const what = isTwice ? 'Standard input (-) was named twice and can be read once.' : 'No file was named.'
  throw new IsoflopError('BAD_OPTION', what, 'Name one or more files, and - at most once.')
}

/** The table's runs, and their rows in it. */
function runData(table: Table, files: readonly ReadFile[], options: ReadOptions): { data: RunData; kept: Int32Array } {
  const duplicates = dropDuplicates(table, files)
  const identities = files.map(({ rows }) => rows.identity)
  const grouping = groupCheckpoints(table, identities, options.checkpoints)
  const unplaced = grouping.unplaced.map(([row, last]) => unplacedCheckpoint(table, row, last))
  const partial = grouping.partial.map((row) => partialRun(table, row))
  const unusable = files.flatMap(({ rows }) => rows.excluded)
  const left = [...unusable, ...duplicates, ...unplaced, ...partial]
  const excluded = left.sort((a, b) => a.source - b.source || a.row - b.row)
  const exclusions = excluded.map(({ source, row, reason }) => ({ source: files[source].name, row, reason }))
  if (grouping.runs.length === 0) throw noUsableRuns(exclusions, files, partial.length)
  const runs = table.runsAt(grouping.runs)
  const checkpoints = grouping.rows.length - grouping.runs.length
  const read = files.reduce((sum, { rows }) => sum + rows.read, 0)
  const data: RunData = {
    runs,
    curves: checkpoints === 0 ? null : curvesOf(table, grouping),
    read,
    checkpoints,
    excluded: exclusions,
    notes: [...fileNotes(files), ...grouping.notes, ...checkpointNote(checkpoints, identities), ...budgetNote(runs)],
    sources: files.map(({ name, sha256, rows }) => ({ name, rows: rows.read, sha256 })),
    columns: files.map(({ name, rows }) => ({ source: name, chosen: rows.plan.chosen })),
    groups: groupsOf(table, grouping.runs, files, options),
    allParameters: files.some(({ rows }) => rows.plan.isMixture) ? table.allParametersAt(grouping.runs) : null,
    origin: originOf(table, grouping.runs, files),
  }
  return { data, kept: grouping.runs }
}

function groupsOf(
  table: Table,
  runs: Int32Array,
  files: readonly ReadFile[],
  { groupBy }: ReadOptions,
): RunGroups | null {
  const splits = files.flatMap(({ rows }) => rows.plan.split ?? [])
  const names = table.groups.list
  if (names.length === 0) return null
  const of = Int32Array.from(runs, (i) => table.group[i])
  if (groupBy !== undefined) return { column: groupBy, names, of, isAsked: true, ratio: null }
  const largest = splits.reduce((most: Split, split) => (split.ratio > most.ratio ? split : most), splits[0])
  return { column: largest.name, names, of, isAsked: false, ratio: largest.ratio }
}

/** Takes repeated rows out of the table: those of the same run that agree in all that tells runs apart. */
function dropDuplicates(table: Table, files: readonly ReadFile[]): Located[] {
  const names = Float64Array.from(table.run.subarray(0, table.size), (name) => Math.max(name, -1))
  const { size } = table
  const first = firstEqual([...table.identity(), names], size)
  const isDuplicate = new Uint8Array(size)
  const duplicates: Located[] = []
  for (let i = 0; i < size; i++) {
    if (first[i] === i) continue
    isDuplicate[i] = 1
    const of = table.source[first[i]]
    const file = of === table.source[i] ? '' : ` of ${files[of].name}`
    const reason = `duplicate of row ${table.row[first[i]]}${file}`
    duplicates.push({ source: table.source[i], row: table.row[i], reason })
  }
  if (duplicates.length > 0) table.drop(isDuplicate)
  return duplicates
}

const unplacedCheckpoint = (table: Table, i: number, last: number): Located => ({
  source: table.source[i],
  row: table.row[i],
  reason: `step ${table.step[i]} of a run whose tokens are known only at its last step, in row ${table.row[last]}`,
})

const partialRun = (table: Table, i: number): Located => ({
  source: table.source[i],
  row: table.row[i],
  reason: `the run stops here, at step ${table.step[i]} of ${table.end[i]}, before its schedule ends`,
})

function noUsableRuns(excluded: readonly Exclusion[], files: readonly ReadFile[], partial: number): IsoflopError {
  const unasked = files.reduce((sum, { rows }) => sum + rows.unasked, 0)
  if (excluded.length === 0)
    return new IsoflopError(
      'NO_USABLE_RUNS',
      `None of ${unasked} rows is one of those that --where asks for.`,
      'Check the value, which is compared as it stands in the file.',
    )
  const shown = excluded.slice(0, 3).map(({ source, row, reason }) => `${source} row ${row}: ${reason}`)
  return new IsoflopError(
    'NO_USABLE_RUNS',
    `None of ${excluded.length} rows is a usable run. ${shown.join('; ')}${excluded.length > 3 ? '; ...' : ''}.`,
    partial === excluded.length
      ? 'If each checkpoint is a run of its own, with a schedule that has ended: --checkpoints as-runs.'
      : 'Check these rows, and with --columns that the right columns are read.',
  )
}

function curvesOf(table: Table, { rows, curve, curveCount }: Grouping): Curves {
  return { checkpoints: table.runsAt(rows), curve, curveCount }
}

function originOf(table: Table, runs: Int32Array, files: readonly ReadFile[]): RunData['origin'] {
  const { source, row } = table
  return (i) => ({ source: files[source[runs[i]]].name, row: row[runs[i]] })
}

/** The notes of all files; one that not every file shares says which files it is about. */
function fileNotes(files: readonly ReadFile[]): string[] {
  const byNote = new Map<string, string[]>()
  for (const { name, rows, chosen, notes } of files) {
    for (const note of [...chosen, ...rows.notes(), ...notes]) {
      const names = byNote.get(note)
      if (names === undefined) byNote.set(note, [name])
      else names.push(name)
    }
  }
  return [...byNote].map(([note, names]) => (names.length === files.length ? note : `${names.join(', ')}: ${note}`))
}

/** Says by what the checkpoints were told from runs, so that a wrong guess shows. */
function checkpointNote(checkpoints: number, identities: readonly Identity[]): string[] {
  if (checkpoints === 0) return []
  const columns = [...new Set(identities.flatMap(({ column }) => (column === null ? [] : [`"${column}"`])))]
  const same =
    columns.length > 0 ? `have the ${columns.join(' or ')} and N of a later row` : 'come before the last of a list'
  return [`checkpoints: ${checkpoints} rows ${same}, so they are taken for earlier checkpoints of its run`]
}

/** Says so where many runs' C is not 6ND, as when it counts embeddings or attention. */
function budgetNote(runs: Runs): string[] {
  const ratios: number[] = []
  for (let i = 0; i < runs.size; i++) {
    const ratio = runs.flops[i] / trainFlops(runs.parameters[i], runs.tokens[i])
    if (Math.abs(ratio - 1) > 0.01) ratios.push(ratio)
  }
  if (ratios.length <= runs.size / 10) return []
  const median = Float64Array.from(ratios).sort()[ratios.length >> 1]
  return [
    `flops: C is not 6ND within 1 % in ${ratios.length} of ${runs.size} runs, there C / 6ND has the median ` +
      `${median.toPrecision(4)}; all three are used as given, and predictions keep the ratio that the largest runs have`,
  ]
}
