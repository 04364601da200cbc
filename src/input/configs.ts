import type { Readable } from 'node:stream'
import { IsoflopError } from '../core/errors.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { complaint, isUsable, numberOf } from './cell.ts'
import { list, normalized } from './columns.ts'
import { readSource } from './formats.ts'
import type { RowSink } from './rows.ts'
import { badFormat, emptyFile, loadSource } from './source.ts'

/** The columns of a table of configurations, named as the training API names its parameters. */
export const configColumns = [
  'd_model',
  'num_layers',
  'num_heads',
  'batch_size',
  'learning_rate',
  'train_flops',
] as const

/** One row of a table of configurations, with all its cells as they were read. */
export interface ConfigRow {
  /** The line of delimited text and JSONL; the place, from 1, of another record. */
  readonly row: number
  readonly cells: readonly unknown[]
  readonly config: TrainingConfig
  /** What the column `loss` has; null without it or in an empty cell. */
  readonly loss: number | null
}

export interface ConfigTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly ConfigRow[]
}

/**
 * Reads a table of training configurations from CSV, TSV, JSON, JSONL or Parquet, `-` being standard input. Unlike `readRuns` it
 * is strict: a row that is not a configuration is an error that names it. Values need not be within the API's limits.
 *
 * Errors: FILE_NOT_FOUND, FILE_EMPTY, FILE_FORMAT, COLUMN_MISSING, CONFIG_INVALID.
 */
export async function readConfigs(file: string, stdin: Readable = process.stdin): Promise<ConfigTable> {
  const source = await loadSource(file, stdin)
  const collector = new Collector(source.name)
  await readSource(source, collector)
  if (collector.rows.length === 0) throw emptyFile(source.name, 'has a header and no rows')
  return { name: source.name, columns: collector.columns, rows: collector.rows }
}

/** All cells are kept, and in JSON every row has all columns, named in it or not. */
const mostColumns = 1000

class Collector implements RowSink {
  columns: readonly string[] = []
  readonly rows: ConfigRow[] = []
  readonly #name: string
  #places: number[] = []
  #lossPlace = -1

  constructor(name: string) {
    this.#name = name
  }

  open(columns: readonly string[]): readonly number[] {
    if (columns.length > mostColumns)
      throw badFormat(this.#name, `has ${columns.length} columns, expected ${mostColumns} at most`, 'Leave some out.')
    this.columns = columns
    const place = (name: string) => columns.findIndex((column) => normalized(column) === normalized(name))
    this.#places = configColumns.map(place)
    // What the training API would report of a run of `isoflop train`.
    this.#lossPlace = columns.includes('loss') ? place('loss') : place('loss.average')
    const missing = configColumns.filter((_, k) => this.#places[k] < 0)
    if (missing.length > 0)
      throw new IsoflopError(
        'COLUMN_MISSING',
        `${this.#name} has no column ${missing.join(', ')}. Its columns: ${list(columns)}.`,
        `A table of configurations has the columns ${configColumns.join(', ')}.`,
      )
    return columns.map((_, k) => k)
  }

  add(row: number, cells: readonly unknown[]): void {
    const [dModel, numLayers, numHeads, batchSize, learningRate, trainFlops] = this.#places.map((place, k) => {
      const value = numberOf(cells[place])
      const column = configColumns[k]
      if (!isUsable(value)) throw this.#bad(row, complaint(column, cells[place]))
      if (column !== 'learning_rate' && !Number.isInteger(value))
        throw this.#bad(row, `${column} is ${value}, expected a whole number`)
      return value
    })
    const loss = this.#lossPlace < 0 ? Number.NaN : numberOf(cells[this.#lossPlace])
    const config = { dModel, numLayers, numHeads, batchSize, learningRate, trainFlops }
    this.rows.push({ row, cells: [...cells], config, loss: Number.isFinite(loss) ? loss : null })
  }

  exclude(row: number, reason: string): void {
    throw this.#bad(row, reason)
  }

  #bad(row: number, reason: string): IsoflopError {
    return new IsoflopError('CONFIG_INVALID', `${this.#name} row ${row}: ${reason}.`, 'Mend or remove this row.')
  }
}
