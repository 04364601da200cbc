import { IsoflopError } from '../core/errors.ts'
import { trainFlops } from '../core/flops.ts'
import { isMissing, isUsable } from './cell.ts'
import { type Content, contentOf, type Scale, textsOf } from './content.ts'
import type { LossWord } from './loss-unit.ts'
import { lossWordOf } from './loss-unit.ts'
import { isActive, isPlannedTokens, type Match, matchesOf, type Quantity, quantities } from './names.ts'
import { type ChosenColumn, type ColumnQuestion, list, short } from './plan.ts'
import { quantitiesFor } from './told.ts'
import { type Factor, factorOf } from './unit.ts'

/** A column that was taken, or might be. */
export interface Candidate extends Scale {
  readonly column: number
  /** Null for a quantity that is no number. */
  readonly content: Content | null
  readonly isTold: boolean
  readonly isWeak: boolean
  /** Columns that name the run together, where a person told several. */
  readonly parts: readonly number[]
}

/** What was found in a file's columns. */
export interface Found {
  readonly taken: ReadonlyMap<Quantity, Candidate>
  readonly isMixture: boolean
  readonly isScaleTold: boolean
  /** What else was inferred, in words. */
  readonly notes: readonly string[]
  /** What was taken in words. */
  chosen(columns: readonly string[]): ChosenColumn[]
}

interface Rival {
  readonly column: number
  readonly why: string
}

/** Quantities that are no numbers. */
const texts = new Set<Quantity>(['run', 'state'])
/** The loss first: which of its rivals holds N is asked of the rows that have a loss. */
const order: readonly Quantity[] = ['loss', ...quantities.filter((quantity) => quantity !== 'loss')]
/** A column is taken before a preferred one that is usable in less than this share of its rows. */
const leastShare = 0.5
/** N is taken by what C / 6D says where the preferred column is off by more than this factor, and another by less than the other. */
const consistent = { off: 2, on: 1.25 } as const

/** What is told of a quantity whose column is not to be used. */
const none = '-'

/** Chooses columns for quantities: as told, else by their names and what they hold. */
export class Chooser {
  readonly #question: ColumnQuestion
  readonly #matches: ReadonlyMap<Quantity, readonly Match[]>
  readonly #taken = new Map<Quantity, Candidate>()
  readonly #rivals = new Map<Quantity, Rival[]>()
  readonly #why = new Map<Quantity, string>()
  readonly #notes: string[] = []
  /** Whether each row of the sample has a loss; null where that is not asked. */
  #hasLoss: readonly boolean[] | null = null

  constructor(question: ColumnQuestion) {
    this.#question = question
    this.#matches = matchesOf(question.columns)
  }

  choose(): Found {
    const { purpose, told } = this.#question
    const columns = this.#question.columns
    const isLeftOut = (quantity: Quantity) => told[quantity] === none && columnOf(columns, none) < 0
    const asked = new Set(quantitiesFor(purpose).filter((quantity) => !isLeftOut(quantity)))
    for (const quantity of order) if (asked.has(quantity) && told[quantity] !== undefined) this.#takeTold(quantity)
    for (const quantity of order) {
      if (quantity === 'total_parameters' || !asked.has(quantity) || this.#taken.has(quantity)) continue
      if (quantity === 'parameters' && told.d_model !== undefined && told.num_layers !== undefined) continue
      this.#takeByName(quantity)
      if (quantity === 'loss') this.#lookForLosses()
    }
    this.#preferConsistentSize()
    const isMixture = this.#isMixture()
    if (isMixture) this.#takeTotal()
    const isScaleTold = (['parameters', 'tokens', 'flops'] as const).some((q) => {
      const taken = this.#taken.get(q)
      return taken?.isTold === true && taken.factor !== null
    })
    return {
      taken: this.#taken,
      isMixture,
      isScaleTold,
      notes: this.#notes,
      chosen: (columns) => this.#chosen(columns),
    }
  }

  #takeTold(quantity: Quantity): void {
    const { columns, purpose, source, told, sample, lossWord } = this.#question
    const name = told[quantity]!
    const exact = columnOf(columns, name)
    const scaled = exact < 0 && !texts.has(quantity) ? withFactor(columns, name) : null
    const parts = exact < 0 && quantity === 'run' ? partsOf(columns, name) : []
    const column = parts[0] ?? scaled?.column ?? exact
    if (column < 0) {
      if (purpose === 'target' && quantity === 'loss') return
      throw unknownColumn(source, columns, quantity, name)
    }
    const loss = quantity === 'loss' ? (lossWord ?? lossWordOf(columns[column])) : null
    const factor = scaled?.factor ?? this.#matchOf(quantity, column)?.factor ?? null
    const scale = { factor, loss }
    const content = texts.has(quantity) ? null : contentOf(sample, column, quantity, scale)
    this.#taken.set(quantity, { column, content, isTold: true, isWeak: false, parts, ...scale, factor })
    this.#why.set(quantity, 'as told')
    if (quantity === 'loss') this.#lookForLosses()
  }

  #matchOf = (quantity: Quantity, column: number): Match | undefined =>
    this.#matches.get(quantity)!.find((match) => match.column === column)

  #lookForLosses(): void {
    const loss = this.#taken.get('loss')?.content
    if (loss && this.#question.purpose === 'fit') this.#hasLoss = Array.from(loss.values, isUsable)
  }

  #takeByName(quantity: Quantity): void {
    const candidates = quantity === 'run' ? this.#runCandidates() : this.#candidatesOf(quantity)
    const shares = candidates.map((candidate) => this.#shareOf(candidate))
    const best = Math.max(0, ...shares)
    const first = candidates.findIndex(
      (candidate, k) => shares[k] >= leastShare * best && this.#isCredible(candidate, shares[k], quantity),
    )
    if (first < 0) return
    this.#taken.set(quantity, candidates[first])
    this.#why.set(quantity, first === 0 ? 'by its name' : 'by its name and content')
    this.#setRivals(quantity, candidates, first)
  }

  /** A name that all rows share tells no runs apart; only steps say that the rows are one run. */
  #runCandidates(): Candidate[] {
    const { sample } = this.#question
    const candidates = this.#candidatesOf('run')
    const telling = candidates.filter(({ column }) => textsOf(sample, column, 1) === null)
    const hasSteps = this.#matches.get('step')!.length > 0
    if (sample.length < 2 || candidates.length === 0 || (telling.length === 0 && hasSteps)) return candidates
    if (telling.length === 0)
      this.#notes.push(
        `run: "${short(this.#question.columns[candidates[0].column].trim())}" names no single run, all rows have the same: each row is a run`,
      )
    return telling
  }

  #setRivals(quantity: Quantity, candidates: readonly Candidate[], chosen: number): void {
    const isOther = ({ column }: Candidate, k: number) => k !== chosen && column !== this.#taken.get('tokens')?.column
    const rivals = candidates.filter(isOther)
    this.#rivals.set(
      quantity,
      rivals.map((candidate) => ({ column: candidate.column, why: this.#emptiness(candidate) })),
    )
  }

  /** That few rows have it, in words. */
  #emptiness({ content }: Candidate): string {
    if (content === null) return ''
    const [usable, rows] = this.#counted(content)
    return usable >= rows * 0.9 ? '' : `usable in ${usable} of ${rows} rows`
  }

  /** A name that mostly means something else needs numbers in half of the rows, and as compute those of N and D. */
  #isCredible({ column, isWeak, content }: Candidate, share: number, quantity: Quantity): boolean {
    // L is also the number of layers.
    if (quantity === 'loss' && this.#question.columns[column].trim() === 'L' && content?.values.every(Number.isInteger))
      return content.values.length === 0
    if (quantity === 'total_steps' && isPlannedTokens(this.#question.columns[column]))
      return this.#isEndOfTokens(content)
    if (!isWeak || content === null) return true
    if (share < leastShare) return false
    if (quantity === 'parameters') return content.values.some((value) => value > 1000)
    const [parameters, tokens] = [this.#taken.get('parameters')?.content, this.#taken.get('tokens')?.content]
    if (quantity !== 'flops' || !parameters || !tokens) return true
    const off = this.#flopsRatio(parameters, tokens, content)
    return off !== null && Math.abs(Math.log(off)) < Math.log(100)
  }

  /** Whether a number of tokens is the end of runs: where these are placed by the tokens that they have seen, see no more, and some all. */
  #isEndOfTokens(end: Content | null): boolean {
    const [step, tokens] = [this.#taken.get('step'), this.#taken.get('tokens')]
    if (end === null || tokens?.content == null || step?.column !== tokens.column) return false
    const seen = tokens.content.values
    const isReached = end.values.some((value, i) => seen[i] >= 0.98 * value)
    return isReached && end.values.every((value, i) => !isUsable(value) || !(seen[i] > 1.01 * value))
  }

  #candidatesOf(quantity: Quantity): Candidate[] {
    const { sample, lossWord } = this.#question
    return this.#matches.get(quantity)!.flatMap((match) => {
      if (this.#isTaken(match.column, quantity)) return []
      const { column, factor, isWeak } = match
      const loss = quantity === 'loss' ? (lossWord ?? match.loss) : null
      const content = texts.has(quantity) ? null : contentOf(sample, column, quantity, { factor, loss })
      return [{ column, factor, loss, content, isTold: false, isWeak, parts: [] }]
    })
  }

  /** A column holds one quantity; only `tokens_seen` is both the tokens and the step. */
  #isTaken(column: number, quantity: Quantity): boolean {
    for (const [other, taken] of this.#taken) {
      if (taken.column !== column && !taken.parts.includes(column)) continue
      if (!(tokensOrStep(quantity) && tokensOrStep(other))) return true
    }
    return false
  }

  /** Of the rows that have a loss, how many have this too: from 0 to 1. */
  #shareOf({ content, column }: Candidate): number {
    const { sample } = this.#question
    if (sample.length === 0) return 1
    if (content === null) return sample.filter((row) => !isMissing(row[column])).length / sample.length
    const [usable, rows] = this.#counted(content)
    return rows === 0 ? 0 : usable / rows
  }

  #counted({ values }: Content): [usable: number, rows: number] {
    let usable = 0
    let rows = 0
    for (let i = 0; i < values.length; i++) {
      if (this.#hasLoss?.[i] === false) continue
      rows++
      if (isUsable(values[i])) usable++
    }
    return [usable, rows]
  }

  /** The median of C / 6ND over the sample; null where no row has all three. */
  #flopsRatio(parameters: Content, tokens: Content, flops: Content): number | null {
    const ratios: number[] = []
    for (let i = 0; i < parameters.values.length; i++) {
      const ratio = flops.values[i] / trainFlops(parameters.values[i], tokens.values[i])
      if (isUsable(ratio)) ratios.push(ratio)
    }
    return ratios.length === 0 ? null : Float64Array.from(ratios).sort()[ratios.length >> 1]
  }

  /** Where C and D say which of several columns is N, takes that one: the total of a mixture of experts is off by a factor. */
  #preferConsistentSize(): void {
    const [size, tokens, flops] = (['parameters', 'tokens', 'flops'] as const).map((q) => this.#taken.get(q))
    if (!size?.content || !tokens?.content || !flops?.content || size.isTold) return
    const off = (content: Content) =>
      Math.abs(Math.log(this.#flopsRatio(content, tokens.content!, flops.content!) ?? 1e99))
    if (off(size.content) <= Math.log(consistent.off)) return
    this.#taken.delete('parameters')
    const candidates = this.#candidatesOf('parameters')
    const better = candidates.findIndex(({ content }) => content !== null && off(content) < Math.log(consistent.on))
    this.#taken.set('parameters', better < 0 ? size : candidates[better])
    if (better < 0) return
    this.#why.set('parameters', 'by its name, and because C is 6ND with it')
    this.#setRivals('parameters', candidates, better)
  }

  /** Whether N are the active parameters of a mixture of experts. */
  #isMixture(): boolean {
    const { columns } = this.#question
    const size = this.#taken.get('parameters')
    if (size === undefined) return false
    if (isActive(columns[size.column])) return true
    const total = this.#taken.get('total_parameters')
    if (total?.isTold) return true
    return (
      this.#why.get('parameters')?.includes('6ND') === true &&
      this.#rivals.get('parameters')!.some(({ column }) => this.#isLarger(column, size))
    )
  }

  /** Whether a column has at least twice the parameters in most rows: an embedding is less, experts are more. */
  #isLarger(column: number, { content }: Candidate): boolean {
    const factor = this.#matchOf('parameters', column)?.factor ?? null
    const { values } = contentOf(this.#question.sample, column, 'parameters', { factor, loss: null })
    let larger = 0
    let both = 0
    for (let i = 0; i < values.length; i++) {
      const ratio = values[i] / content!.values[i]
      if (!isUsable(ratio)) continue
      both++
      if (ratio >= 1) larger++
    }
    return both > 0 && larger >= 0.9 * both
  }

  #takeTotal(): void {
    if (this.#taken.has('total_parameters')) return
    const size = this.#taken.get('parameters')!
    const named = this.#candidatesOf('total_parameters')
    const rivals = this.#candidatesOf('parameters')
    const total = [...named, ...rivals].find(({ column }) => column !== size.column && this.#isLarger(column, size))
    if (total === undefined) return
    this.#taken.set('total_parameters', total)
    this.#why.set('total_parameters', 'the larger count beside the active one')
    const left = this.#rivals.get('parameters') ?? []
    this.#rivals.set(
      'parameters',
      left.filter(({ column }) => column !== total.column),
    )
  }

  #chosen(columns: readonly string[]): ChosenColumn[] {
    return quantities.flatMap((quantity) => {
      const taken = this.#taken.get(quantity)
      if (taken === undefined) return []
      const places = taken.parts.length > 0 ? taken.parts : [taken.column]
      const kind = taken.content?.notation.kind ?? 'plain'
      return [
        {
          quantity,
          columns: places.map((place) => columns[place]),
          why: this.#why.get(quantity) ?? '',
          done: doneTo(taken.factor, taken.loss),
          example: kind === 'plain' ? null : taken.content!.notation.example,
          rivals: (this.#rivals.get(quantity) ?? []).map(({ column, why }) => ({ column: columns[column], why })),
        },
      ]
    })
  }
}

const tokensOrStep = (quantity: Quantity): boolean => quantity === 'tokens' || quantity === 'step'

function doneTo(factor: Factor | null, loss: LossWord | null): string | null {
  if (factor?.base !== undefined) return `as powers of ${factor.base}`
  if (factor !== null && factor.value !== 1) return `times ${factor.value.toExponential().replace('e+', 'e')}`
  if (loss === null || loss.from === 'nats')
    return loss === null || loss.unit === 'nats/token' ? null : `in ${loss.unit}`
  if (loss.from === 'bits') return 'times ln 2'
  return loss.unit === 'bits/byte' ? 'by its logarithm to base 2, in bits/byte' : 'by its logarithm'
}

const columnOf = (columns: readonly string[], name: string): number =>
  columns.findIndex((candidate) => candidate.trim() === name.trim())

/** `Params*1e6` as the column and the factor; null where there is none of them. */
function withFactor(columns: readonly string[], name: string): { column: number; factor: Factor } | null {
  const star = name.lastIndexOf('*')
  if (star < 0) return null
  const column = columnOf(columns, name.slice(0, star))
  const said = name.slice(star + 1).trim()
  const value = factorOf(said)?.value ?? (said === '' ? Number.NaN : Number(said))
  return column < 0 || !isUsable(value) ? null : { column, factor: { value, said } }
}

/** The columns of `model+lr`; none where one of them is not there. */
function partsOf(columns: readonly string[], name: string): number[] {
  const parts = name.split('+').map((part) => columnOf(columns, part))
  return parts.length > 1 && parts.every((part) => part >= 0) ? parts : []
}

function unknownColumn(source: string, columns: readonly string[], quantity: Quantity, name: string): IsoflopError {
  return new IsoflopError(
    'COLUMN_UNKNOWN',
    `${source} has no column "${name}", which --columns names for ${quantity}. Its columns: ${list(columns)}.`,
    'Use a name from this list, spelled as in the file.',
  )
}
