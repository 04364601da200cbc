import { parametersFor, tokensFor, trainFlops } from '../core/flops.ts'
import { nonEmbeddingParameters } from '../cs336/parameters.ts'
import { mixed } from '../numeric/equal-rows.ts'
import { complaint, costOf, isMissing, isUsable, numberOf, recordedLoss, textOfCell } from './cell.ts'
import { type Purpose, planColumns, type Quantity, type ReadingPlan, type ToldColumns } from './columns.ts'
import type { Identity } from './curves.ts'
import type { Table, TableRow } from './table.ts'

/** What a file's reader feeds: first its columns, then its rows. */
export interface RowSink {
  /**
   * Takes the names of the columns and the rows to judge them by (all of a short file, the first of a long one, `isEnough`); returns the
   * positions of the cells that `add` wants, in its order.
   */
  open(columns: readonly string[], sample: Sample): readonly number[]
  /** Takes the wanted cells of one row; it keeps none of them, so the array may be used again. */
  add(row: number, cells: readonly unknown[]): void
  /** Takes a row that could not be split into cells, and why. */
  exclude(row: number, reason: string): void
}

/** The cells of some rows, in the order of the columns. */
export type Sample = readonly (readonly unknown[])[]

/** Whether these rows are enough to judge columns by: a key may be absent from one record, but hardly from all of these. */
export const isEnough = (rows: number, columns: number): boolean => rows >= 10_000 || rows * columns >= 2 ** 21

/** A row left out, by the index of its file. */
export interface Located {
  readonly source: number
  readonly row: number
  readonly reason: string
}

const word = new Float64Array(1)
const halves = new Uint32Array(word.buffer)

/** The rows of one file on their way into the table: numbers checked, the third of N, D and C derived, lists unrolled. */
export class Rows implements RowSink {
  /** Data rows read, usable or not. */
  read = 0
  plan!: ReadingPlan
  readonly excluded: Located[] = []
  #hasSeries = false
  readonly #table: Table
  readonly #name: string
  readonly #told: ToldColumns
  readonly #purpose: Purpose
  readonly #entry: TableRow
  readonly #derived = { parameters: 0, tokens: 0, flops: 0, shape: 0, badSteps: 0 }

  constructor(table: Table, source: { name: string; index: number }, told: ToldColumns, purpose: Purpose = 'fit') {
    this.#purpose = purpose
    this.#table = table
    this.#name = source.name
    this.#told = told
    const empty = { parameters: 0, tokens: 0, flops: 0, loss: 0, step: Number.NaN, settings: 0, run: -1, row: 0 }
    const unset = { rate: Number.NaN, batch: Number.NaN, stepTokens: Number.NaN, unique: Number.NaN, cost: Number.NaN }
    this.#entry = { ...empty, ...unset, source: source.index }
  }

  open(columns: readonly string[]): readonly number[] {
    this.plan = planColumns(this.#name, columns, this.#told, this.#purpose)
    return this.plan.wanted
  }

  exclude(row: number, reason: string): void {
    this.read++
    this.#leaveOut(row, reason)
  }

  add(row: number, cells: readonly unknown[]): void {
    if (isList(cells[this.plan.at.loss])) this.#addSeries(row, cells)
    else this.#addOne(row, cells, -1)
  }

  /** Unrolls a record whose loss is a list: one row a checkpoint, all of one training run. */
  #addSeries(row: number, cells: readonly unknown[]): void {
    const length = (cells[this.plan.at.loss] as ArrayLike<unknown>).length
    const isPoint = (cell: unknown, i: number): cell is ArrayLike<unknown> => i < this.plan.listsTo && isList(cell)
    const other = cells.find((cell, i) => isPoint(cell, i) && cell.length !== length) as unknown[] | undefined
    const name = this.plan.named.loss
    if (length === 0 || other) {
      this.exclude(row, other ? `${name} lists ${length} values, another column ${other.length}` : `${name} is missing`)
      return
    }
    this.#hasSeries = true
    // The table's size makes a code that no other record of a row in it has.
    const run = -2 - this.#table.size
    for (let point = 0; point < length; point++) {
      const values = cells.map((cell, i) => (isPoint(cell, i) ? cell[point] : cell))
      this.#addOne(row, values, run)
    }
  }

  #addOne(row: number, cells: readonly unknown[], series: number): void {
    this.read++
    const { at } = this.plan
    const entry = this.#entry
    // A point of a list has been measured or is none.
    const isOpen = this.#purpose !== 'fit' && series === -1
    entry.loss = isOpen ? (recordedLoss(cells[at.loss]) ?? 0) : numberOf(cells[at.loss])
    entry.tokens = numberOf(cells[at.tokens])
    entry.flops = numberOf(cells[at.flops])
    entry.parameters = this.#parametersOf(cells)
    const reason = this.#costFault(cells) ?? (usable(entry) ? null : this.#completed(cells, isOpen))
    if (reason === null) this.#keep(row, cells, series)
    else this.#leaveOut(row, reason)
  }

  /** Reads what the run costs; the complaint where that is no cost. */
  #costFault(cells: readonly unknown[]): string | null {
    const { at, named } = this.plan
    const cost = at.cost < 0 ? Number.NaN : costOf(cells[at.cost])
    this.#entry.cost = cost ?? Number.NaN
    return cost === null ? complaint(named.cost, cells[at.cost]) : null
  }

  #keep(row: number, cells: readonly unknown[], series: number): void {
    const { at } = this.plan
    const entry = this.#entry
    const code = at.run < 0 ? -1 : this.#table.names.code(cells[at.run])
    entry.row = row
    entry.run = code < 0 ? series : code
    entry.step = at.step < 0 ? Number.NaN : this.#stepOf(cells[at.step])
    entry.settings = this.#settingsOf(cells)
    this.#tune(cells)
    this.#table.push(entry)
  }

  /** Reads the settings that a law can use; NaN for each that is not there or is no positive number. */
  #tune(cells: readonly unknown[]): void {
    const { at } = this.plan
    const setting = (quantity: Quantity) => {
      const value = at[quantity] < 0 ? Number.NaN : numberOf(cells[at[quantity]])
      return isUsable(value) ? value : Number.NaN
    }
    const entry = this.#entry
    entry.rate = setting('learning_rate')
    entry.batch = setting('batch_size')
    const told = setting('batch_tokens')
    entry.stepTokens = Number.isNaN(told) ? entry.batch * setting('sequence_length') : told
    const unique = setting('unique_tokens')
    entry.unique = Number.isNaN(unique) ? entry.tokens / Math.max(1, setting('epochs')) : unique
  }

  /** N as given, else 12 n d^2 from the shape. */
  #parametersOf(cells: readonly unknown[]): number {
    const { at } = this.plan
    const given = numberOf(cells[at.parameters])
    if (!Number.isNaN(given) || !this.#hasShape() || !isMissing(cells[at.parameters])) return given
    const width = numberOf(cells[at.d_model])
    const layers = numberOf(cells[at.num_layers])
    if (!isUsable(width) || !isUsable(layers)) return Number.NaN
    this.#derived.shape++
    return nonEmbeddingParameters(width, layers)
  }

  #hasShape = (): boolean => this.plan.at.d_model >= 0 && this.plan.at.num_layers >= 0

  /** Derives the one of N, D and C that is missing; the reason where the row cannot be used. */
  #completed(cells: readonly unknown[], isOpen: boolean): string | null {
    const { at, named } = this.plan
    const entry = this.#entry
    if (isOpen ? entry.loss <= 0 : !isUsable(entry.loss)) return complaint(named.loss, cells[at.loss])
    const missing = triple.filter((quantity) => !isUsable(entry[quantity]))
    if (missing.length === 0) return null
    for (const quantity of missing) {
      const bad = this.#badCell(quantity, cells)
      if (bad !== null) return bad
    }
    if (missing.length > 1) return `${this.#blankColumns(missing, cells).join(' and ')} missing`
    const derived = missing[0]
    entry[derived] = derive[derived](entry)
    if (!isUsable(entry[derived])) return `${rules[derived]} is ${entry[derived]}, expected a finite positive number`
    this.#derived[derived]++
    return null
  }

  /** The complaint about the cell of a quantity that is there but cannot be used; null where it is missing. */
  #badCell(quantity: Derivable, cells: readonly unknown[]): string | null {
    const { at, named } = this.plan
    const sources = quantity === 'parameters' && isMissing(cells[at.parameters]) ? shape : [quantity]
    for (const source of sources) {
      const cell = cells[at[source]]
      if (!isMissing(cell) && !isUsable(numberOf(cell))) return complaint(named[source], cell)
    }
    return null
  }

  /** The file's columns that are blank in this row and leave these quantities unknown, the last one with its verb. */
  #blankColumns(missing: readonly Derivable[], cells: readonly unknown[]): string[] {
    const { at, named } = this.plan
    const sources = missing.flatMap((quantity) => (quantity === 'parameters' ? [quantity, ...shape] : [quantity]))
    const blank = sources.filter((source) => at[source] >= 0 && isMissing(cells[at[source]])).map((name) => named[name])
    return blank.with(-1, `${blank.at(-1)} ${blank.length > 1 ? 'are' : 'is'}`)
  }

  #stepOf(cell: unknown): number {
    const step = numberOf(cell)
    if (Number.isFinite(step)) return step
    if (!isMissing(cell)) this.#derived.badSteps++
    return Number.NaN
  }

  #settingsOf(cells: readonly unknown[]): number {
    let hash = 0
    for (let i = this.plan.settingsFrom; i < cells.length; i++) hash = hashOfCell(hash, cells[i])
    return hash
  }

  #leaveOut(row: number, reason: string): void {
    this.excluded.push({ source: this.#entry.source, row, reason })
  }

  /** What this file says about its training runs. Steps, lists and a told column make the names sure. */
  get identity(): Identity {
    const isSure = this.plan.at.run < 0 || this.plan.at.step >= 0 || this.#told.run !== undefined || this.#hasSeries
    return { isSure, column: this.plan.at.run < 0 ? null : this.plan.named.run }
  }

  /** What was inferred, in words. */
  notes(): string[] {
    const { plan } = this
    const notes = [...plan.notes]
    if (this.#derived.shape > 0) {
      const { d_model, num_layers } = plan.named
      notes.push(`parameters: N = 12 n d^2 of "${num_layers}" n and "${d_model}" d; the embedding is not counted`)
    }
    for (const quantity of triple) {
      const count = this.#derived[quantity]
      if (count === 0) continue
      const where = plan.at[quantity] < 0 ? '' : ` in ${count} rows where "${plan.named[quantity]}" is empty`
      notes.push(`${quantity}: derived, ${rules[quantity]}${where}`)
    }
    if (this.#derived.badSteps > 0) {
      notes.push(
        `step: "${plan.named.step}" is not a number in ${this.#derived.badSteps} rows, ordered by tokens alone`,
      )
    }
    if (plan.at.step >= 0 && plan.at.run < 0 && !this.#hasSeries) {
      notes.push(`step: "${plan.named.step}" was not used, because no column names the training run of a row`)
    }
    return notes
  }
}

type Derivable = 'parameters' | 'tokens' | 'flops'
const triple: readonly Derivable[] = ['parameters', 'tokens', 'flops']
const shape = ['d_model', 'num_layers'] as const
const derive: Readonly<Record<Derivable, (row: TableRow) => number>> = {
  parameters: (row) => parametersFor(row.flops, row.tokens),
  tokens: (row) => tokensFor(row.flops, row.parameters),
  flops: (row) => trainFlops(row.parameters, row.tokens),
}
const rules = { parameters: 'N = C / 6D', tokens: 'D = C / 6N', flops: 'C = 6ND' } as const

const isList = (cell: unknown): cell is ArrayLike<unknown> => Array.isArray(cell) || ArrayBuffer.isView(cell)

const usable = (row: TableRow): boolean =>
  isUsable(row.loss) && isUsable(row.parameters) && isUsable(row.tokens) && isUsable(row.flops)

/** A hash with one more cell in it: by value for a number however it is written, else by its characters. */
function hashOfCell(hash: number, cell: unknown): number {
  if (isMissing(cell)) return mixed(hash, 0)
  word[0] = numberOf(cell)
  if (!Number.isNaN(word[0])) return mixed(mixed(hash, halves[0]), halves[1])
  const text = textOfCell(cell)
  let next = hash
  for (let i = 0; i < text.length; i++) next = mixed(next, text.charCodeAt(i))
  return next
}
