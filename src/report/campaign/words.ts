import { compact } from '../number.ts'
import { words } from '../words/words.ts'

/** What coefficients mean, by the names that laws give them. */
export const meaningOf = (name: string): string => own(words().campaign.meanings, name) ?? ''

/** Equations of simple laws, by the names that strategies give them. */
export const equationOf = (law: string): string | null => own(words().campaign.equations, law) ?? null

const own = (table: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

/** The reference model of the joint law's coefficients, in words. */
export const referenceText = ({ parameters, tokens }: { parameters: number; tokens: number }): string =>
  words().campaign.reference(compact(parameters), compact(tokens))
