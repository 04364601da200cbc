import { IsoflopError } from '../core/errors.ts'
import { type Quantity, quantities } from './names.ts'

/**
 * What a table is read as: finished runs; runs to choose from, which may have a cost and need not have a loss yet; or runs to
 * predict, whose costs are not looked at and where a loss that was told for the pool may have no column.
 */
export type Purpose = 'fit' | 'pool' | 'target'

/** What a table for this purpose can hold. */
export const quantitiesFor = (purpose: Purpose): readonly Quantity[] =>
  purpose === 'pool' ? quantities : quantities.filter((quantity) => quantity !== 'cost')

/**
 * Which column holds which quantity, where a person said so: `parameters: 'Params'`, with what its numbers are multiplied with where that
 * is not one, `parameters: 'Params*1e6'`; of `run` also several columns that name a run together, `run: 'model+lr'`; and `-`
 * where no column is to be taken for it. A column that is
 * called just like this is taken as it is.
 */
export type ToldColumns = Readonly<Partial<Record<Quantity, string>>>

/** Characters of --columns at most. */
const longestOption = 10_000

/**
 * Columns from the text of --columns, e.g. `parameters=N,loss=val_loss`. A comma in a column's name is written in double
 * quotes or behind a backslash: `loss="loss, nats"`.
 *
 * Errors: BAD_OPTION for an unknown or repeated quantity, a missing `=` or an empty name.
 */
export function parseColumns(text: string, purpose: Purpose = 'fit'): ToldColumns {
  const known = quantitiesFor(purpose)
  const badColumns = (what: string): IsoflopError =>
    new IsoflopError(
      'BAD_OPTION',
      `--columns takes quantity=column pairs, and ${what}.`,
      `Write --columns 'parameters=N,loss=val_loss'; the quantities are ${known.join(', ')}.`,
    )
  if (text.length > longestOption) throw badColumns(`these have ${text.length} characters`)
  const told: Partial<Record<Quantity, string>> = {}
  for (const part of splitPairs(text)) {
    const equals = part.indexOf('=')
    const quantity = part.slice(0, Math.max(equals, 0)).trim() as Quantity
    const name = unquoted(part.slice(equals + 1).trim())
    if (equals < 0) throw badColumns(`"${part.trim()}" has no "="`)
    if (!known.includes(quantity)) throw badColumns(`"${quantity}" is not a quantity`)
    if (name === '') throw badColumns(`${quantity} has no column`)
    if (told[quantity] !== undefined) throw badColumns(`${quantity} is named twice`)
    told[quantity] = name
  }
  return told
}

/** The parts between commas that are neither quoted nor escaped. */
const splitPairs = (text: string): string[] => text.match(/(?:\\.|"(?:\\.|[^"\\])*"|[^,])+|(?<=^|,)(?=,|$)/gs) ?? ['']

const unquoted = (name: string): string => name.replace(/^"(.*)"(?=$|\*)/s, '$1').replace(/\\(.)/gs, '$1')
