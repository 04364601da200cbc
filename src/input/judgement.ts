import { matchesOf, type Quantity } from './names.ts'
import type { Purpose, ToldColumns } from './told.ts'

/** What the names of columns say of runs. */
export interface Judgement {
  /** Whether there is all that a run must have. */
  readonly isEnough: boolean
  /** Whether the size of the model is among them. */
  readonly hasSize: boolean
  /** What is among them. */
  readonly quantities: ReadonlySet<string>
}

/** Judges names; a loose judge also takes those that mean other things more often, such as `value`. */
export type Judge = (names: readonly string[], isLoose?: boolean) => Judgement

/** Judges by the usual names of quantities, and by those that were told. */
export function judgeOf(told: ToldColumns, purpose: Purpose): Judge {
  return (names, isLoose = false) => {
    const known = quantitiesIn(names, told, isLoose)
    const has = (quantity: Quantity) => known.has(quantity)
    const hasSize = has('parameters') || has('total_parameters') || (has('d_model') && has('num_layers'))
    const two = Number(hasSize) + Number(has('tokens')) + Number(has('flops')) > 1
    return { isEnough: two && (purpose !== 'fit' || has('loss')), hasSize, quantities: known }
  }
}

function quantitiesIn(names: readonly string[], told: ToldColumns, isLoose: boolean): ReadonlySet<Quantity> {
  const known = new Set<Quantity>()
  for (const [quantity, matches] of matchesOf(names)) {
    const isFound = isTold(told[quantity], names) ?? matches.some(({ isWeak }) => isLoose || !isWeak)
    if (isFound) known.add(quantity)
  }
  return known
}

/** Whether a told column is there, with or without what its numbers are multiplied with; undefined where none was told. */
const isTold = (name: string | undefined, names: readonly string[]): boolean | undefined =>
  name === undefined ? undefined : names.includes(name) || names.includes(name.replace(/\*[^*]*$/, ''))
