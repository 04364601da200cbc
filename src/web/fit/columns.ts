import { quotedName } from '../../input/quoted-name.ts'
import type { ToldColumns } from '../../input/told.ts'
import type { Quantity } from '../../input/usual-names.ts'

/** What a column of a table can be. */
export const roles = [
  ...(['parameters', 'tokens', 'flops', 'loss', 'run', 'step', 'state'] as const),
  ...(['learning_rate', 'batch_tokens', 'batch_size', 'sequence_length', 'unique_tokens', 'epochs'] as const),
] as const satisfies Quantity[]
export type Role = (typeof roles)[number]

/** What numbers are multiplied with, where they are counted in thousands and the like. */
export const factors = ['', '1e3', '1e6', '1e9', '1e12'] as const
export type Factor = (typeof factors)[number]
/** Roles of which people write thousands, millions or billions. */
const counted: readonly Role[] = ['parameters', 'tokens', 'flops', 'batch_tokens', 'unique_tokens']
export const isCounted = (role: Role | ''): boolean => role !== '' && counted.includes(role)

export interface Held {
  readonly role: Role
  readonly factor: Factor
}
/** What each column holds, by its name; those that hold nothing are not there. */
export type Choice = Readonly<Record<string, Held>>

/** The choice with another role of a column: who had that role before has none. */
export function withRole(choice: Choice, column: string, role: Role | ''): Choice {
  const others = Object.entries(choice).filter(([name, held]) => name !== column && held.role !== role)
  return Object.fromEntries(role === '' ? others : [...others, [column, { role, factor: '' }]])
}

/** The choice with another factor of a column. */
export const withFactor = (choice: Choice, column: string, factor: Factor): Choice => ({
  ...choice,
  [column]: { ...choice[column], factor },
})

/** What was found in a file by itself, as a choice. Columns that make one quantity together are left to the reader. */
export const choiceOf = (
  chosen: readonly { readonly quantity: Quantity; readonly columns: readonly string[] }[],
): Choice =>
  Object.fromEntries(
    chosen.flatMap(({ quantity, columns }) =>
      columns.length === 1 && roles.includes(quantity as Role)
        ? [[columns[0], { role: quantity as Role, factor: '' as const }]]
        : [],
    ),
  )

/** What --columns has to say for a choice: where it differs from what the file was found to hold, and what it said before. */
export function columnsText(choice: Choice, found: Choice, told: ToldColumns = {}): string {
  const pairs = roles.flatMap((role) => {
    const [now, before] = [textOf(choice, role), textOf(found, role)]
    if (now === before) return told[role] === undefined ? [] : [`${role}=${asTold(told[role])}`]
    return [`${role}=${now ?? '-'}`]
  })
  const kept = Object.entries(told).filter(([quantity]) => !roles.includes(quantity as Role))
  return [...pairs, ...kept.map(([quantity, text]) => `${quantity}=${asTold(text)}`)].join()
}

function textOf(choice: Choice, role: Role): string | null {
  const found = Object.entries(choice).find(([, held]) => held.role === role)
  if (found === undefined) return null
  const [column, { factor }] = found
  return factor === '' ? quotedName(column) : `${quotedName(column)}*${factor}`
}

/** A column as it was told, with its factor, written anew. */
function asTold(text: string): string {
  const [, name, factor = ''] = /^(.*?)(\*[\d.e+-]+)?$/s.exec(text)!
  return text === '-' ? text : `${quotedName(name)}${factor}`
}
