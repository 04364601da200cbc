import { type LossUnit, type Runs, selectTuning, type Tuning } from '../core/run.ts'
import { isMissing } from './cell.ts'

const tunings = ['rate', 'batch', 'stepTokens', 'unique', 'cost', 'end', 'allParameters'] as const
const doubles = ['parameters', 'tokens', 'flops', 'loss', 'step', 'settings', ...tunings] as const
const integers = ['run', 'group', 'source', 'row'] as const

/** One usable row on its way into the table. */
export interface TableRow {
  parameters: number
  tokens: number
  flops: number
  loss: number
  /** NaN where there is none. */
  step: number
  /** A hash of the settings that tell two runs of equal size, tokens and compute apart; 0 where there are none. */
  settings: number
  /** The peak learning rate, the batch in the table's unit and in tokens, the unique tokens; NaN where unknown. */
  rate: number
  batch: number
  stepTokens: number
  unique: number
  /** In the table's unit; NaN where there is none. */
  cost: number
  /** The step at which training ends; NaN where unknown. */
  end: number
  /** Of a mixture of experts, all of them; NaN where unknown. */
  allParameters: number
  /** The code of the run's name, -1 where it has none, and -2, -3, ... for the lists of one JSON record. */
  run: number
  /** The code of its data set, -1 where nothing says one. */
  group: number
  /** The index of the file. */
  source: number
  /** The line or record in that file. */
  row: number
}

/** A column of batches that are all at least this large counts tokens, whatever it is called. */
const fewestStepTokens = 16_384

/** Names of training runs as small integers. */
export class RunNames {
  readonly #codes = new Map<string, number>()
  /** Whether a name is a plain count. A count says which run of its own file; any other name means one run everywhere. */
  readonly isCount: boolean[] = []

  code(cell: unknown): number {
    if (isMissing(cell) || typeof cell === 'object') return -1
    const name = String(cell)
    const known = this.#codes.get(name)
    if (known !== undefined) return known
    this.#codes.set(name, this.isCount.length)
    return this.isCount.push(/^\d+$/.test(name)) - 1
  }

  /** The names by their codes. */
  get list(): readonly string[] {
    return [...this.#codes.keys()]
  }
}

/** The usable rows of all files as typed columns that double when full: 120 bytes a row, and no object for one. */
export class Table {
  readonly names = new RunNames()
  readonly groups = new RunNames()
  lossUnit: LossUnit = 'nats/token'
  size = 0
  parameters = new Float64Array(1024)
  tokens = new Float64Array(1024)
  flops = new Float64Array(1024)
  loss = new Float64Array(1024)
  step = new Float64Array(1024)
  settings = new Float64Array(1024)
  rate = new Float64Array(1024)
  batch = new Float64Array(1024)
  stepTokens = new Float64Array(1024)
  unique = new Float64Array(1024)
  cost = new Float64Array(1024)
  end = new Float64Array(1024)
  allParameters = new Float64Array(1024)
  run = new Int32Array(1024)
  group = new Int32Array(1024)
  source = new Int32Array(1024)
  row = new Int32Array(1024)

  push(row: TableRow): void {
    if (this.size === this.loss.length) this.#grow()
    const i = this.size++
    this.parameters[i] = row.parameters
    this.tokens[i] = row.tokens
    this.flops[i] = row.flops
    this.loss[i] = row.loss
    this.step[i] = row.step
    this.settings[i] = row.settings
    this.rate[i] = row.rate
    this.batch[i] = row.batch
    this.stepTokens[i] = row.stepTokens
    this.unique[i] = row.unique
    this.cost[i] = row.cost
    this.end[i] = row.end
    this.allParameters[i] = row.allParameters
    this.run[i] = row.run
    this.group[i] = row.group
    this.source[i] = row.source
    this.row[i] = row.row
  }

  #grow(): void {
    for (const name of doubles) this[name] = grown(this[name], Float64Array)
    for (const name of integers) this[name] = grown(this[name], Int32Array)
  }

  /** Takes out the rows whose flag is set. */
  drop(flags: Uint8Array): void {
    for (const name of [...doubles, ...integers]) compact(this[name], flags, this.size)
    this.size = flags.subarray(0, this.size).reduce((kept, flag) => kept + 1 - flag, 0)
  }

  /** The rows at these ascending indices as runs, in columns of their own. */
  runsAt(indices: Int32Array): Runs {
    // As many ascending indices as there are rows are all of them.
    const all = indices.length === this.size
    const pick = (column: Float64Array) => (all ? column.slice(0, this.size) : picked(column, indices))
    const tuning = this.#tuning()
    return {
      size: indices.length,
      parameters: pick(this.parameters),
      tokens: pick(this.tokens),
      flops: pick(this.flops),
      loss: pick(this.loss),
      ...(this.lossUnit !== 'nats/token' && { lossUnit: this.lossUnit }),
      ...(tuning && { tuning: selectTuning(tuning, pick) }),
    }
  }

  /** All parameters of the rows at these indices, where N are the active ones. */
  allParametersAt(indices: Int32Array): Float64Array {
    return picked(this.allParameters, indices)
  }

  /** What the rows at these ascending indices cost. */
  costAt(indices: Int32Array): Float64Array {
    return picked(this.cost, indices)
  }

  /** What tells two runs apart: equal in all of these they are one. A column without a value tells nothing. */
  identity(): Float64Array[] {
    const { parameters, tokens, flops, loss, step, settings } = this
    const set = [this.rate, this.batch, this.stepTokens, this.unique, this.cost].filter(this.#isGiven)
    return [parameters, tokens, flops, loss, step, settings, ...set]
  }

  #isGiven = (column: Float64Array): boolean => column.subarray(0, this.size).some((value) => value > 0)

  /** The settings of all rows; null where no row has any. The batch is in tokens where every row that has one says so. */
  #tuning(): Tuning | null {
    const rate = this.#isGiven(this.rate) ? this.rate : null
    const inTokens = this.#isGiven(this.stepTokens) && !this.#hasBatchWithoutTokens()
    const batch = inTokens ? this.stepTokens : this.#isGiven(this.batch) ? this.batch : null
    const unique = this.#isGiven(this.unique) ? this.unique : null
    const batchUnit = inTokens || this.#looksLikeTokens() ? 'tokens' : 'sequences'
    return rate || batch || unique ? { rate, batch, batchUnit, unique } : null
  }

  #hasBatchWithoutTokens(): boolean {
    for (let i = 0; i < this.size; i++) if (this.batch[i] > 0 && !(this.stepTokens[i] > 0)) return true
    return false
  }

  /** Nobody trains on so many sequences in every step. */
  #looksLikeTokens(): boolean {
    const given = this.batch.subarray(0, this.size).filter((value) => value > 0)
    return given.length > 0 && given.every((value) => value >= fewestStepTokens)
  }
}

/** A loop, because Float64Array.from with a function takes ten times as long. */
function picked(column: Float64Array, indices: Int32Array): Float64Array {
  const values = new Float64Array(indices.length)
  for (let i = 0; i < indices.length; i++) values[i] = column[indices[i]]
  return values
}

function compact(column: Float64Array | Int32Array, flags: Uint8Array, size: number): void {
  let kept = 0
  for (let i = 0; i < size; i++) if (!flags[i]) column[kept++] = column[i]
}

function grown<A extends Float64Array | Int32Array>(column: A, make: new (length: number) => A): A {
  const larger = new make(2 * column.length)
  larger.set(column)
  return larger
}
