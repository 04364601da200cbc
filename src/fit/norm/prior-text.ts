import { type Normal, type NormPrior, usualPrior } from './prior.ts'

/** Characters of --prior at most. */
export const longestPrior = 200

/**
 * A prior as it is typed, `alpha=0.3:0.2,q=1`: medians with a standard deviation, or values that are held. What is not named stays usual.
 * Null where it is none.
 */
export function parsePrior(text: string): NormPrior | null {
  if (text.length > longestPrior) return null
  const entries = text.split(',').map(entryOf)
  if (entries.includes(null)) return null
  return { ...usualPrior, ...Object.fromEntries(entries as [string, Normal][]) }
}

function entryOf(text: string): [string, Normal] | null {
  const [name, values = '', ...more] = text.split('=').map((part) => part.trim())
  const [mean, sd = 0, ...others] = values.split(':').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const possible =
    more.length + others.length === 0 && mean > 0 && mean < (name === 'E' ? 1 : 100) && sd >= 0 && sd < 100
  return Object.hasOwn(usualPrior, name) && possible ? [name, { mean, sd }] : null
}

/** The text that `parsePrior` reads as this prior; empty for the usual one. */
export function priorText(prior: NormPrior): string {
  const names = Object.keys(usualPrior) as (keyof NormPrior)[]
  return names
    .filter((name) => prior[name].mean !== usualPrior[name].mean || prior[name].sd !== usualPrior[name].sd)
    .map((name) => `${name}=${prior[name].mean}${prior[name].sd === 0 ? '' : `:${prior[name].sd}`}`)
    .join(',')
}
