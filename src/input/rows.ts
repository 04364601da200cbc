import { parametersFor, tokensFor, trainFlops } from '../core/flops.ts'
import { nonEmbeddingParameters } from '../cs336/parameters.ts'
import { mixed } from '../numeric/equal-rows.ts'
import { complaint, costOf, isMissing, isUsable, numberOf, recordedLoss, textOfCell } from './cell.ts'
import { planColumns } from './columns.ts'
import type { Identity } from './curves.ts'
import type { LossWord } from './loss-unit.ts'
import type { Quantity } from './names.ts'
import { isOtherwise } from './notation.ts'
import { type Condition, fileGroup, type ReadingPlan } from './plan.ts'
import type { RowSink, Sample } from './sink.ts'
import { isSummary } from './summary.ts'
import type { Table, TableRow } from './table.ts'
import type { Purpose, ToldColumns } from './told.ts'

/** A row left out, by the index of its file. */
export interface Located {
  readonly source: number
  readonly row: number
  readonly reason: string
}

/** What of a file's rows is wanted, and how they are to be read. */
export interface RowOptions {
  readonly columns?: ToldColumns | undefined
  readonly purpose?: Purpose | undefined
  /** What the loss is told in, where its column does not say so. */
  readonly lossWord?: LossWord | null | undefined
  /** The column that says which data set a row is of; `file` is its file. */
  readonly groupBy?: string | undefined
  /** Only rows of which all this is true are read. */
  readonly where?: readonly Condition[] | undefined
  /** Whether runs that a state column calls crashed, killed, running and the like are kept. */
  readonly keepState?: boolean | undefined
}

const word = new Float64Array(1)
const halves = new Uint32Array(word.buffer)

/** The rows of one file on their way into the table: numbers checked, the third of N, D and C derived, lists unrolled. */
export class Rows implements RowSink {
  /** Data rows read, usable or not; without those that were not asked for. */
  read = 0
  /** Rows that were not asked for. */
  unasked = 0
  plan!: ReadingPlan
  readonly excluded: Located[] = []
  #hasSeries = false
  readonly #table: Table
  readonly #name: string
  readonly #options: RowOptions
  readonly #told: ToldColumns
  readonly #purpose: Purpose
  readonly #entry: TableRow
  readonly #derived = { parameters: 0, tokens: 0, flops: 0, shape: 0, badSteps: 0, histories: 0 }

  constructor(table: Table, source: { name: string; index: number }, options: RowOptions = {}) {
    this.#options = options
    this.#purpose = options.purpose ?? 'fit'
    this.#table = table
    this.#name = source.name
    this.#told = options.columns ?? {}
    const none = Number.NaN
    const empty = { parameters: 0, tokens: 0, flops: 0, loss: 0, step: none, settings: 0, run: -1, group: -1, row: 0 }
    const unset = {
      rate: none,
      batch: none,
      stepTokens: none,
      unique: none,
      cost: none,
      end: none,
      allParameters: none,
    }
    this.#entry = { ...empty, ...unset, source: source.index }
  }

  open(columns: readonly string[], sample: Sample): readonly number[] {
    const { lossWord, groupBy, where } = this.#options
    const question = { source: this.#name, columns, sample, told: this.#told, purpose: this.#purpose }
    this.plan = planColumns({ ...question, lossWord: lossWord ?? null, groupBy, where: where ?? [] })
    return this.plan.wanted
  }

  exclude(row: number, reason: string): void {
    this.read++
    this.#leaveOut(row, reason)
  }

  add(row: number, cells: readonly unknown[]): void {
    if (!this.#isAsked(cells)) this.unasked++
    else if (isList(cells[this.plan.at.loss])) this.#addList(row, cells)
    else this.#addOne(row, cells, -1)
  }

  #isAsked(cells: readonly unknown[]): boolean {
    return this.plan.where.every(({ place, value }) => {
      const cell = cells[place]
      const text = isMissing(cell) ? '' : textOfCell(cell).trim()
      return text === value || (value !== '' && numberOf(text) === numberOf(value))
    })
  }

  /**
   * A record whose loss is a list. With a list of its tokens, FLOPs or steps that is one training run, a row a checkpoint; where N is a
   * list too, each of its places is a run; and a list of losses alone is the history of a run, which ends with its loss.
   */
  #addList(row: number, cells: readonly unknown[]): void {
    const { at, named, listsTo } = this.plan
    const losses = cells[at.loss] as ArrayLike<unknown>
    const lists = cells.filter((cell, i): cell is ArrayLike<unknown> => i < listsTo && isList(cell))
    const other = lists.find((list) => list.length !== losses.length)
    if (losses.length === 0 || other) {
      const what = other ? `lists ${losses.length} values, another column ${other.length}` : 'is missing'
      this.exclude(row, `${named.loss} ${what}`)
      return
    }
    if (lists.length === 1) {
      this.#derived.histories++
      this.#addOne(row, cells.with(at.loss, lastOf(losses)), -1)
      return
    }
    const isSeries = !isList(cells[at.parameters]) && !isList(cells[at.d_model])
    if (isSeries) this.#hasSeries = true
    // The table's size makes a code that no other record of a row in it has.
    const run = isSeries ? -2 - this.#table.size : -1
    for (let point = 0; point < losses.length; point++) {
      const values = cells.map((cell, i) => (i < listsTo && isList(cell) ? cell[point] : cell))
      this.#addOne(row, values, run)
    }
  }

  #addOne(row: number, cells: readonly unknown[], series: number): void {
    this.read++
    const entry = this.#entry
    // A point of a list has been measured or is none.
    const isOpen = this.#purpose !== 'fit' && series === -1
    entry.loss = isOpen ? this.#recordedLoss(cells) : this.#number('loss', cells)
    entry.tokens = this.#number('tokens', cells)
    entry.flops = this.#number('flops', cells)
    entry.parameters = this.#parametersOf(cells)
    const fault = this.#costFault(cells) ?? (usable(entry) ? null : this.#completed(cells, isOpen))
    const reason = fault ?? this.#summaryFault(cells) ?? this.#stateFault(cells)
    if (reason === null) this.#keep(row, cells, series)
    else this.#leaveOut(row, reason)
  }

  /** The number of a quantity in the table's unit; NaN where there is none. */
  #number(quantity: Quantity, cells: readonly unknown[]): number {
    const place = this.plan.at[quantity]
    return place < 0 ? Number.NaN : this.plan.content[quantity]!.read(cells[place])
  }

  /** As `recordedLoss`, however the column's numbers are written; 0 for what is no loss. */
  #recordedLoss(cells: readonly unknown[]): number {
    const value = this.#number('loss', cells)
    if (!Number.isNaN(value)) return Math.max(value, 0)
    const said = recordedLoss(cells[this.plan.at.loss])
    return said === null || Number.isFinite(said) ? 0 : said
  }

  /** That the run did not finish, where a column says so of a run with a loss. */
  #stateFault(cells: readonly unknown[]): string | null {
    if (this.#options.keepState || Number.isNaN(this.#entry.loss)) return null
    for (const { place, name, isOut } of this.plan.states)
      if (isOut(cells[place])) return `${name} is ${shortly(cells[place])}`
    return null
  }

  /** That the row sums up others, where its name says so. */
  #summaryFault(cells: readonly unknown[]): string | null {
    for (const { place, name } of this.plan.labels)
      if (isSummary(cells[place])) return `${name} is ${JSON.stringify(cells[place])}: the row sums up others`
    return null
  }

  #complaint(quantity: Quantity, cell: unknown): string {
    const { named, content } = this.plan
    const notation = content[quantity]?.notation
    if (notation === undefined || !isOtherwise(cell, notation)) return complaint(named[quantity], cell)
    const usual = notation.kind === 'plain' ? 'plain numbers' : `numbers like ${notation.example}`
    return `${named[quantity]} ${JSON.stringify(cell)} is written otherwise than the other cells, which are ${usual}`
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
    entry.row = row
    entry.step = at.step < 0 ? Number.NaN : this.#stepOf(cells)
    entry.end = this.#number('total_steps', cells)
    entry.settings = this.#settingsOf(cells)
    entry.allParameters = this.#number('total_parameters', cells)
    const code = this.#runOf(cells)
    entry.run = code < 0 ? series : code
    entry.group = this.#groupOf(cells)
    this.#tune(cells)
    this.#table.push(entry)
  }

  /** The code of the run that a row is of: by its name, by several columns, or by its settings where steps say that there is one. */
  #runOf(cells: readonly unknown[]): number {
    const { at, runParts } = this.plan
    const { names } = this.#table
    if (runParts.length > 0) return names.code(runParts.map((place) => textOfCell(cells[place])).join(' + '))
    if (at.run >= 0) return names.code(cells[at.run])
    if (!this.#isBySettings()) return -1
    return names.code(`${this.#entry.source}: ${this.#entry.settings} to step ${this.#entry.end}`)
  }

  /** Whether rows are told to be of one run by its settings and the step at which it ends. */
  #isBySettings = (): boolean => this.plan.at.run < 0 && this.plan.at.step >= 0 && this.plan.at.total_steps >= 0

  #groupOf(cells: readonly unknown[]): number {
    const { groups } = this.#table
    if (this.#options.groupBy === fileGroup && this.plan.group < 0) return groups.code(this.#name)
    return this.plan.group < 0 ? -1 : groups.code(cells[this.plan.group])
  }

  /** Reads the settings that a law can use; NaN for each that is not there or is no positive number. */
  #tune(cells: readonly unknown[]): void {
    const setting = (quantity: Quantity) => {
      const value = this.#number(quantity, cells)
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
    const given = this.#number('parameters', cells)
    if (!Number.isNaN(given) || !this.#hasShape() || !isMissing(cells[at.parameters])) return given
    const width = this.#number('d_model', cells)
    const layers = this.#number('num_layers', cells)
    if (!isUsable(width) || !isUsable(layers)) return Number.NaN
    this.#derived.shape++
    return nonEmbeddingParameters(width, layers)
  }

  #hasShape = (): boolean => this.plan.at.d_model >= 0 && this.plan.at.num_layers >= 0

  /** Derives the one of N, D and C that is missing; the reason where the row cannot be used. */
  #completed(cells: readonly unknown[], isOpen: boolean): string | null {
    const { at } = this.plan
    const entry = this.#entry
    if (isOpen ? entry.loss <= 0 : !isUsable(entry.loss)) return this.#complaint('loss', cells[at.loss])
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
    const { at } = this.plan
    const sources = quantity === 'parameters' && isMissing(cells[at.parameters]) ? shape : [quantity]
    for (const source of sources) {
      const cell = cells[at[source]]
      if (!isMissing(cell) && !isUsable(this.#number(source, cells))) return this.#complaint(source, cell)
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

  #stepOf(cells: readonly unknown[]): number {
    const step = this.#number('step', cells)
    if (Number.isFinite(step)) return step
    if (!isMissing(cells[this.plan.at.step])) this.#derived.badSteps++
    return Number.NaN
  }

  #settingsOf(cells: readonly unknown[]): number {
    let hash = 0
    for (let i = this.plan.settingsFrom; i < this.plan.settingsTo; i++) hash = hashOfCell(hash, cells[i])
    return hash
  }

  #leaveOut(row: number, reason: string): void {
    this.excluded.push({ source: this.#entry.source, row, reason })
  }

  /** What this file says about its training runs. Steps, lists and a told column make the names sure. */
  get identity(): Identity {
    const { at, named } = this.plan
    const isSure = at.run < 0 || at.step >= 0 || this.#told.run !== undefined || this.#hasSeries
    const bySettings = this.#isBySettings() ? `${named.total_steps} and the settings` : null
    return { isSure, column: at.run < 0 ? bySettings : named.run }
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
    if (this.#derived.histories > 0) {
      notes.push(
        `loss: "${plan.named.loss}" is a list in ${this.#derived.histories} records that have no list of tokens or steps: its last number is the run's loss`,
      )
    }
    if (this.unasked > 0) notes.push(`${this.unasked} rows are not of what was asked for (--where)`)
    if (plan.at.step >= 0 && plan.at.run < 0 && plan.at.total_steps < 0 && !this.#hasSeries) {
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

const shortly = (cell: unknown): string => JSON.stringify(textOfCell(cell).slice(0, 60))

const isList = (cell: unknown): cell is ArrayLike<unknown> => Array.isArray(cell) || ArrayBuffer.isView(cell)

/** The last number of a list of losses; its last entry where none is one. */
function lastOf(list: ArrayLike<unknown>): unknown {
  for (let i = list.length - 1; i >= 0; i--) if (!isMissing(list[i]) && !Number.isNaN(numberOf(list[i]))) return list[i]
  return list[list.length - 1]
}

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
