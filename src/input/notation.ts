import { isMissing, numberOf } from './cell.ts'
import { numberOfPower, withoutMarks } from './marks.ts'
import { numberWithUnit } from './unit.ts'

/** How the numbers of a column are written. */
export interface Notation {
  readonly kind: 'plain' | 'marked' | 'grouped' | 'decimal comma' | 'with unit' | 'power' | 'decimal comma with unit'
  /** The number in a cell that is written so, NaN in any other. */
  readonly read: (cell: unknown) => number
  /** A cell of the column, to show what is meant. */
  readonly example: string
}

const textOf = (cell: unknown): string | null => (typeof cell === 'string' && cell.length <= 60 ? cell.trim() : null)

/** `20,145,496`, `20 145 496`, `20_145_496` and `20'145'496`, also with a decimal point. */
const grouped = /^[+-]?\d{1,3}(?:([, _'\u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?$/
/** `1,23,45,678`, as in India. */
const groupedInTwos = /^[+-]?\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?$/
/** `3,7154`, also `1.234.567,8`. */
const decimalComma = /^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d*),\d+(?:e[+-]?\d+)?$/i
/** `1.234.567`: points can only be groups where there are two. */
const pointGroups = /^[+-]?\d{1,3}(?:\.\d{3}){2,}$/

function groupedNumber(cell: unknown): number {
  const text = textOf(cell)
  return text !== null && grouped.test(text) ? Number(text.replace(/[, _'\u00a0\u202f]/g, '')) : Number.NaN
}

function twosNumber(cell: unknown): number {
  const text = textOf(cell)
  return text !== null && groupedInTwos.test(text) ? Number(text.replaceAll(',', '')) : Number.NaN
}

/** Below a lakh the groups of India are those of everybody. */
const belowLakh = (cell: unknown): number => {
  const value = orElse(groupedNumber, shortNumber)(cell)
  return Math.abs(value) < 100_000 ? value : Number.NaN
}

function commaNumber(cell: unknown): number {
  const text = textOf(cell)
  if (text === null || !(decimalComma.test(text) || pointGroups.test(text))) return Number.NaN
  return Number(text.replaceAll('.', '').replace(',', '.'))
}

const unitNumber = (cell: unknown): number => {
  const text = textOf(cell)
  return text === null ? Number.NaN : numberWithUnit(text)
}

const powerNumber = (cell: unknown): number => {
  const text = textOf(cell)
  return text === null ? Number.NaN : numberOfPower(text)
}

/** `15,8 Mio`: a decimal comma where other than three digits follow it, as `15,800M` may be a group. */
const commaUnitNumber = (cell: unknown): number => {
  const text = textOf(cell)
  const isSure = text !== null && /^[+-]?\d+,(?:\d{1,2}|\d{4,})(?!\d)/.test(text)
  return isSure ? numberWithUnit(text.replace(',', '.')) : Number.NaN
}

/** In a column that has such numbers `15,800 Mio` is one, too. */
const anyCommaUnit = (cell: unknown): number => {
  const text = textOf(cell)
  return text === null ? Number.NaN : numberWithUnit(text.replace(',', '.'))
}

/** Digits alone are also how a number without groups or decimals is written in the other notations. */
const wholeNumber = (cell: unknown): number => {
  const text = textOf(cell)
  return text !== null && /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
}

const orElse = (first: (cell: unknown) => number, second: (cell: unknown) => number) => (cell: unknown) => {
  const value = first(cell)
  return Number.isNaN(value) ? second(cell) : value
}

/** Up to three digits need no group. */
const shortNumber = (cell: unknown): number => {
  const value = wholeNumber(cell)
  return Math.abs(value) < 1000 ? value : Number.NaN
}

const others = [
  { kind: 'grouped', own: groupedNumber, read: orElse(groupedNumber, shortNumber) },
  { kind: 'decimal comma', own: commaNumber, read: orElse(commaNumber, wholeNumber) },
  { kind: 'with unit', own: unitNumber, read: unitNumber },
  { kind: 'power', own: powerNumber, read: orElse(powerNumber, numberOf) },
  { kind: 'grouped', own: twosNumber, read: (cell: unknown) => orElse(twosNumber, belowLakh)(cell) },
  { kind: 'decimal comma with unit', own: commaUnitNumber, read: anyCommaUnit },
] as const

const plain: Notation = { kind: 'plain', read: numberOf, example: '' }

/**
 * The notation of a column by some of its cells: the one that most of them are in. `1,234` may be a group or a decimal: a group
 * where the quantity is a count, unless some other cell of the column can only be a decimal.
 */
export function notationOf(cells: Iterable<unknown>, isCount: boolean): Notation {
  let plainCells = 0
  const own = others.map(() => 0)
  const example = others.map(() => '')
  let marked: string | null = null
  for (const given of cells) {
    if (isMissing(given)) continue
    const cell = isWritten(given) ? given : bareOf(given)
    if (cell !== given) marked ??= String(given).trim()
    if (!Number.isNaN(numberOf(cell))) {
      plainCells++
      continue
    }
    for (const [k, other] of others.entries()) {
      if (Number.isNaN(other.own(cell))) continue
      own[k]++
      if (example[k] === '') example[k] = String(cell).trim()
    }
  }
  // Of equally many, the first: groups for counts, decimals for what is none.
  const order = isCount ? [0, 1, 2, 3, 4, 5] : [1, 0, 2, 3, 4, 5]
  const most = order.reduce((best, k) => (own[k] > own[best] ? k : best), order[0])
  const isOther = own[most] > 0 && (own[most] >= plainCells || others[most].kind === 'power')
  const found: Notation = isOther ? { ...others[most], example: example[most] } : plain
  return marked === null ? found : withMarks(found, marked)
}

/** Whether a cell is a number in some notation as it stands. */
const isWritten = (cell: unknown): boolean =>
  !Number.isNaN(numberOf(cell)) || others.some(({ own }) => !Number.isNaN(own(cell)))

const bareOf = (cell: unknown): unknown => {
  const bare = typeof cell === 'string' ? withoutMarks(cell) : cell
  return isWritten(bare) ? bare : cell
}

function withMarks({ kind, read, example }: Notation, marked: string): Notation {
  const readMarked = (cell: unknown): number => {
    const value = read(cell)
    return Number.isNaN(value) && typeof cell === 'string' ? read(withoutMarks(cell)) : value
  }
  return { kind: kind === 'plain' ? 'marked' : kind, read: readMarked, example: kind === 'plain' ? marked : example }
}

/** Whether a cell holds a number that is written otherwise than its column. */
export const isOtherwise = (cell: unknown, notation: Notation): boolean =>
  Number.isNaN(notation.read(cell)) &&
  (!Number.isNaN(numberOf(cell)) || others.some(({ own }) => !Number.isNaN(own(cell))))
