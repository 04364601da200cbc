import { trainFlops } from '../core/flops.ts'
import { isUsable } from './cell.ts'
import type { Candidate } from './chooser.ts'
import { contentOf } from './content.ts'
import type { Quantity } from './names.ts'
import { type ColumnQuestion, short } from './plan.ts'
import { quotedName } from './quoted-name.ts'

type Needed = 'loss' | 'parameters' | 'tokens' | 'flops'

/** Between which numbers all values of a column may be what is missing, and words of a name that speak for it. */
const looks: Readonly<Record<Needed, { readonly range: readonly [number, number]; readonly hint: RegExp }>> = {
  loss: { range: [0.2, 15], hint: /loss|nll|ce|perplex|ppl|bpb|bits|objective|value|score/i },
  parameters: { range: [1e4, 1e13], hint: /param|size|model|weights|^n|_n$/i },
  tokens: { range: [1e6, 1e15], hint: /tok|data|words|^d|_d$/i },
  flops: { range: [1e12, 1e28], hint: /flop|comput|budget|^c|_c$/i },
}
/** Names of what is made of two quantities, or is a logarithm: their numbers are none of those. */
const quotient = /(?:^|[\s_./-])(?:per|ratio|multiplier|tpp|log|ln)(?=$|[\s_./(-])|^[NDC] ?[*/×·] ?[NDC]$/i
/** Rows that have to have a number for a column to be advised. */
const leastShare = 0.5
/** Columns and units that are tried for each quantity. */
const mostOptions = 12
/** Columns of a wide file that are looked at. */
const mostColumns = 200
const perParameter = [0.01, 1e5] as const
/** What the numbers of a column may be multiplied with, where its name says what it is, the usual first. */
const factors: Readonly<Record<Exclude<Needed, 'loss'>, readonly number[]>> = {
  parameters: [1, 1e6, 1e9, 1e3],
  tokens: [1, 1e9, 1e6, 1e12, 1e3],
  flops: [1, 1e9, 1e18, 1e15, 1e12],
}

/** A column for a quantity, and what its numbers are multiplied with. */
interface Option {
  readonly column: number
  readonly factor: number
}

/**
 * Which columns to name for what is missing. They were looked at: their numbers are in the range of what they would be, and what
 * follows from them is plausible. Where no column is like that, says so.
 */
export function columnAdvice(
  { columns, sample }: ColumnQuestion,
  missing: readonly Quantity[],
  taken: ReadonlyMap<Quantity, Candidate>,
): string {
  const used = new Set([...taken.values()].map(({ column }) => column))
  const free = columns.flatMap((_, column) => (used.has(column) ? [] : [column])).slice(0, mostColumns)
  const fits = (quantity: Needed) => fitting(quantity, free, columns, sample)
  const advised = new Map<Needed, Option>()
  if (missing.includes('loss')) {
    const [loss] = fits('loss')
    if (loss !== undefined) advised.set('loss', loss)
  }
  const sizes = missing.filter((quantity): quantity is Needed => quantity !== 'loss')
  if (sizes.length > 0)
    for (const [quantity, option] of pairOf(sizes, fits, taken, sample)) advised.set(quantity, option)
  const isWhole = missing.includes('loss') ? advised.has('loss') : true
  const hasSizes = sizes.length === 0 || [...advised.keys()].some((quantity) => quantity !== 'loss')
  if (isWhole && hasSizes && advised.size > 0) {
    const told = [...advised].map(
      ([quantity, { column, factor }]) =>
        `${quantity}=${quotedName(columns[column])}${factor === 1 ? '' : `*${factor.toExponential().replace('e+', 'e')}`}`,
    )
    const rivals = missing.includes('loss') ? rivalsOf(fits('loss'), columns) : ''
    return `If these columns are what they look like: --columns '${told.join(',')}'.${rivals}`
  }
  return (
    `None of the other columns looks like what is missing. If one is, name it, as in --columns '${missing[0]}=COLUMN', ` +
    `in other units with their factor, as in 'parameters=COLUMN*1e6'.`
  )
}

/** Losses beside the one that is advised: whoever has several data sets side by side is to choose. */
function rivalsOf(options: readonly Option[], columns: readonly string[]): string {
  const others = options.slice(1).filter(({ column }) => looks.loss.hint.test(columns[column].slice(0, 200)))
  const names = others.slice(0, 10).map(({ column }) => `"${short(columns[column].trim())}"`)
  return names.length === 0 ? '' : ` The loss may also be ${names.join(', ')}: name one, each is a law of its own.`
}

const valuesOf = (sample: ColumnQuestion['sample'], { column, factor }: Option): Float64Array =>
  contentOf(sample, column, 'parameters', { factor: { value: factor, said: '' }, loss: null }).values

/** The columns all of whose numbers may be this, those first whose name says so; of these also in other units. */
function fitting(
  quantity: Needed,
  free: readonly number[],
  columns: readonly string[],
  sample: ColumnQuestion['sample'],
): Option[] {
  const { range, hint } = looks[quantity]
  const isNone = (column: number) => quantity !== 'loss' && quotient.test(columns[column].slice(0, 200))
  const isHinted = (column: number) => hint.test(columns[column].slice(0, 200))
  const options = free.flatMap((column): Option[] => {
    if (isNone(column)) return []
    const tried = quantity !== 'loss' && isHinted(column) ? factors[quantity] : [1]
    return tried.map((factor) => ({ column, factor }))
  })
  const fits = options.filter((option) => {
    const given = valuesOf(sample, option).filter((value) => !Number.isNaN(value))
    const isVaried = new Set(given.subarray(0, 100)).size > 1
    return (
      given.length >= leastShare * sample.length &&
      isVaried &&
      given.every((value) => value >= range[0] && value <= range[1])
    )
  })
  return fits.toSorted((a, b) => Number(isHinted(b.column)) - Number(isHinted(a.column)))
}

type Pair = readonly (readonly [Needed, Option])[]

/** Columns for what is missing of N, D and C, so that two are known and what follows from them is plausible. */
function pairOf(
  missing: readonly Needed[],
  fits: (quantity: Needed) => Option[],
  taken: ReadonlyMap<Quantity, Candidate>,
  sample: ColumnQuestion['sample'],
): Pair {
  const found = (['parameters', 'tokens', 'flops'] as const).find((quantity) => taken.has(quantity))
  const options = missing.map((quantity) => ({ quantity, columns: fits(quantity).slice(0, mostOptions) }))
  const known = found === undefined ? [] : [{ quantity: found, values: taken.get(found)!.content!.values }]
  for (const { quantity, columns } of options)
    for (const column of columns) {
      const one = { quantity, values: valuesOf(sample, column) }
      if (known.length === 1) {
        if (isPlausible([...known, one])) return [[quantity, column]]
        continue
      }
      for (const other of options) {
        if (other.quantity <= quantity) continue
        for (const second of other.columns) {
          const two = { quantity: other.quantity, values: valuesOf(sample, second) }
          if (second.column !== column.column && isPlausible([one, two])) {
            return [
              [quantity, column],
              [other.quantity, second],
            ]
          }
        }
      }
    }
  return []
}

function isPlausible(known: readonly { quantity: Needed; values: Float64Array }[]): boolean {
  const values = (quantity: Needed) => known.find((one) => one.quantity === quantity)?.values
  const [N, D, C] = [values('parameters'), values('tokens'), values('flops')]
  const rows = known[0].values.length
  const ratios: number[] = []
  for (let i = 0; i < rows; i++) {
    const parameters = N ? N[i] : C![i] / trainFlops(1, D![i])
    const tokens = D ? D[i] : C![i] / trainFlops(1, N![i])
    if (isUsable(tokens / parameters)) ratios.push(tokens / parameters)
  }
  if (ratios.length === 0) return false
  const middle = Float64Array.from(ratios).sort()[ratios.length >> 1]
  return middle >= perParameter[0] && middle <= perParameter[1]
}
