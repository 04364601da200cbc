import type { Readable } from 'node:stream'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiCodec } from '../cs336/config.ts'
import type { Codec } from '../space/codec.ts'
import { complaint, isUsable, numberOf } from './cell.ts'
import { readSource } from './formats.ts'
import type { Judge } from './judgement.ts'
import { normalized } from './names.ts'
import { list } from './plan.ts'
import type { RowSink } from './sink.ts'
import { badFormat, emptyFile, loadSource } from './source.ts'

/** One row of a table of configurations, with all its cells as they were read. */
export interface ConfigRow<C extends Config = TrainingConfig> {
  /** The line of delimited text and JSONL; the place, from 1, of another record. */
  readonly row: number
  readonly cells: readonly unknown[]
  readonly config: C
  /** What the column `loss` has; null without it or in an empty cell. */
  readonly loss: number | null
}

export interface ConfigTable<C extends Config = TrainingConfig> {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly ConfigRow<C>[]
}

/**
 * Reads a table of training configurations from CSV, TSV, JSON, JSONL or Parquet, `-` being standard input. Unlike `readRuns` it
 * is strict: a row that is not a configuration is an error that names it. Values need not be within any limits. The columns
 * are those of the codec, the API's by default.
 *
 * Errors: FILE_NOT_FOUND, FILE_EMPTY, FILE_FORMAT, COLUMN_MISSING, CONFIG_INVALID.
 */
export async function readConfigs<C extends Config = TrainingConfig>(
  file: string,
  { codec = apiCodec as unknown as Codec<C>, stdin = process.stdin }: { codec?: Codec<C>; stdin?: Readable } = {},
): Promise<ConfigTable<C>> {
  const source = await loadSource(file, stdin)
  const collector = new Collector(source.name, codec)
  const names = codec.fields.map(({ name }) => normalized(name))
  const judge: Judge = (columns) => {
    const quantities = new Set(columns.map(normalized))
    return { isEnough: names.every((name) => quantities.has(name)), hasSize: false, quantities }
  }
  await readSource(source, collector, { judge })
  if (collector.rows.length === 0) throw emptyFile(source.name, 'has a header and no rows')
  return { name: source.name, columns: collector.columns, rows: collector.rows }
}

/** All cells are kept, and in JSON every row has all columns, named in it or not. */
const mostColumns = 1000

class Collector<C extends Config> implements RowSink {
  columns: readonly string[] = []
  readonly rows: ConfigRow<C>[] = []
  readonly #name: string
  readonly #codec: Codec<C>
  #places: number[] = []
  #lossPlace = -1

  constructor(name: string, codec: Codec<C>) {
    this.#name = name
    this.#codec = codec
  }

  open(columns: readonly string[]): readonly number[] {
    if (columns.length > mostColumns)
      throw badFormat(this.#name, `has ${columns.length} columns, expected ${mostColumns} at most`, 'Leave some out.')
    this.columns = columns
    const place = (name: string) => columns.findIndex((column) => normalized(column) === normalized(name))
    const names = this.#codec.fields.map(({ name }) => name)
    this.#places = names.map(place)
    // What the training API would report of a run of `isoflop train`.
    this.#lossPlace = columns.includes('loss') ? place('loss') : place('loss.average')
    const missing = names.filter((_, k) => this.#places[k] < 0)
    if (missing.length > 0)
      throw new IsoflopError(
        'COLUMN_MISSING',
        `${this.#name} has no column ${missing.join(', ')}. Its columns: ${list(columns)}.`,
        `A table of configurations has the columns ${names.join(', ')}.`,
      )
    return columns.map((_, k) => k)
  }

  add(row: number, cells: readonly unknown[]): void {
    const { fields } = this.#codec
    const values = fields.map(({ name, kind, values: allowed }, k) => {
      const cell = cells[this.#places[k]]
      if (kind === 'text') {
        const text = String(cell ?? '')
        if (allowed?.includes(text) === false)
          throw this.#bad(row, `${name} is ${text || 'empty'}, expected one of ${allowed.join(', ')}`)
        return [name, text] as const
      }
      const value = numberOf(cell)
      if (!isUsable(value)) throw this.#bad(row, complaint(name, cell))
      if (kind === 'whole' && !Number.isInteger(value))
        throw this.#bad(row, `${name} is ${value}, expected a whole number`)
      return [name, value] as const
    })
    const config = this.#codec.configOf(Object.fromEntries(values))
    if (config === null) throw this.#bad(row, `${values.map(([, value]) => value).join(', ')} is no configuration`)
    const loss = this.#lossPlace < 0 ? Number.NaN : numberOf(cells[this.#lossPlace])
    this.rows.push({ row, cells: [...cells], config, loss: Number.isFinite(loss) ? loss : null })
  }

  exclude(row: number, reason: string): void {
    throw this.#bad(row, reason)
  }

  #bad(row: number, reason: string): IsoflopError {
    return new IsoflopError('CONFIG_INVALID', `${this.#name} row ${row}: ${reason}.`, 'Mend or remove this row.')
  }
}
