import { IsoflopError } from '../core/errors.ts'
import { parametersFor, tokensFor, trainFlops } from '../core/flops.ts'
import { quotedName } from './quoted-name.ts'

/** N, D and C of a table in the middle, and the largest N and D; NaN where there are none. */
export interface Magnitudes {
  readonly parameters: number
  readonly tokens: number
  /** Of runs whose C was given with their N and D; NaN where none has all three. */
  readonly flopsRatio: number
  readonly largest: { readonly parameters: number; readonly tokens: number }
  readonly loss: number
}

/** Which columns N, D and C came from; null for one that was derived, N from the shape too. */
export type Origins = Readonly<Record<'parameters' | 'tokens' | 'flops', string | null>>

/** Beyond these no table of runs is known: public ones have 0.02 to 15,000 tokens a parameter; ours go on by 100. */
const tokensPerParameter = [2e-4, 2e6] as const
const mostFlopsRatio = 100
/** The smallest models that anybody fits have thousands of parameters and some ten thousand tokens. */
const least = { parameters: 500, tokens: 2_000 } as const
/** ln of a vocabulary of a million words: what guessing at random costs. */
const mostLoss = Math.log(1e6)

/** What is implausible about a table's numbers, in words; null where nothing is. */
export function implausible(seen: Magnitudes): string | null {
  const { parameters, tokens, flopsRatio, largest, loss } = seen
  const said = (value: number) => value.toPrecision(3)
  if (loss > mostLoss)
    return `the loss is ${said(loss)} at the median, more than guessing among a million words costs (${said(mostLoss)} nats/token)`
  if (largest.parameters < least.parameters) return `the largest N is ${said(largest.parameters)} parameters`
  if (largest.tokens < least.tokens) return `the largest D is ${said(largest.tokens)} tokens`
  const ratio = tokens / parameters
  if (ratio < tokensPerParameter[0] || ratio > tokensPerParameter[1])
    return `N is ${said(parameters)} and D ${said(tokens)} at the median, ${said(ratio)} tokens per parameter`
  if (flopsRatio > mostFlopsRatio || flopsRatio < 1 / mostFlopsRatio)
    return `C is ${said(flopsRatio)} times 6ND at the median`
  return null
}

const factors = [1, 1e3, 1e6, 1e9, 1e12, 1e15, 1e18, 1e21, 8.64e19] as const
const names = new Map<number, string>([
  [1e3, 'thousands'],
  [1e6, 'millions'],
  [1e9, 'billions'],
  [1e12, 'trillions'],
  [8.64e19, 'PF-days'],
])
const flopsNames = new Map<number, string>([
  [1e6, 'MFLOPs'],
  [1e9, 'GFLOPs'],
  [1e12, 'TFLOPs'],
  [1e15, 'PFLOPs'],
  [1e18, 'exaFLOPs'],
  [1e21, 'zettaFLOPs'],
  [8.64e19, 'PF-days'],
])

interface Guess {
  readonly parameters: number
  readonly tokens: number
  readonly flops: number
}

/**
 * What the columns would have to be multiplied with for their numbers to be plausible: the fewest changes, then the most usual
 * number of tokens per parameter. Null where none makes them so.
 */
export function likelyFactors(seen: Magnitudes, origins: Origins): Guess | null {
  const options = (quantity: keyof Origins) =>
    origins[quantity] === null ? [1] : quantity === 'flops' ? factors : factors.filter((f) => f <= 1e12)
  let best: { guess: Guess; cost: number } | null = null
  for (const parameters of options('parameters'))
    for (const tokens of options('tokens'))
      for (const flops of options('flops')) {
        const guess = { parameters, tokens, flops }
        const cost = costOf(seen, origins, guess)
        if (cost !== null && (best === null || cost < best.cost)) best = { guess, cost }
      }
  return best?.guess ?? null
}

/** The usual number of tokens per parameter, and how much a change costs beside being far from it. */
const usual = 20
const perChange = 6
/** How unusual a unit is: people write N in millions or billions, D in billions. */
const unusual: Readonly<Record<keyof Origins, Readonly<Record<number, number>>>> = {
  parameters: { 1e3: 5, 1e9: 1, 1e12: 5 },
  tokens: { 1e3: 6, 1e6: 3, 1e12: 2 },
  flops: { 1e3: 6, 1e6: 3, 1e12: 1, 1e15: 1, 1e21: 1 },
}

function costOf(seen: Magnitudes, origins: Origins, guess: Guess): number | null {
  const rescaled = rescale(seen, origins, guess)
  if (implausible({ ...rescaled, loss: 1 }) !== null) return null
  const { parameters, tokens, flopsRatio, largest } = rescaled
  if (largest.parameters < 1e4 || largest.parameters > 1e14 || largest.tokens < 1e5 || largest.tokens > 1e16)
    return null
  const changes = [guess.parameters, guess.tokens, guess.flops].filter((factor) => factor !== 1).length
  const off = Number.isNaN(flopsRatio) ? 0 : Math.abs(Math.log(flopsRatio))
  const odd = (['parameters', 'tokens', 'flops'] as const).reduce(
    (sum, quantity) => sum + (unusual[quantity][guess[quantity]] ?? 0),
    0,
  )
  return changes * perChange + odd + Math.abs(Math.log(tokens / parameters / usual)) + off
}

/** The magnitudes after multiplying the columns; what was derived from them changes with them. */
function rescale(seen: Magnitudes, origins: Origins, guess: Guess): Magnitudes {
  const flops = trainFlops(seen.parameters, seen.tokens) * guess.flops
  const own = { parameters: seen.parameters * guess.parameters, tokens: seen.tokens * guess.tokens }
  const parameters =
    origins.parameters === null && origins.tokens !== null && origins.flops !== null
      ? parametersFor(flops, own.tokens)
      : own.parameters
  const tokens = origins.tokens === null ? tokensFor(flops, own.parameters) : own.tokens
  const isGiven = origins.parameters !== null && origins.tokens !== null && origins.flops !== null
  const factor = { parameters: parameters / seen.parameters, tokens: tokens / seen.tokens }
  return {
    parameters,
    tokens,
    flopsRatio: isGiven ? (seen.flopsRatio * guess.flops) / (guess.parameters * guess.tokens) : seen.flopsRatio,
    largest: { parameters: seen.largest.parameters * factor.parameters, tokens: seen.largest.tokens * factor.tokens },
    loss: seen.loss,
  }
}

/** @throws IsoflopError UNIT_IMPLAUSIBLE where numbers are off by 100 from any table of runs, naming the likely unit. */
export function requirePlausible(source: string, seen: Magnitudes, origins: Origins, lossColumn: string): void {
  const what = implausible(seen)
  if (what === null) return
  const message = `${source} is misread, or its numbers are in other units: ${what}.`
  if (seen.loss > mostLoss) {
    throw new IsoflopError(
      'UNIT_IMPLAUSIBLE',
      `${message} "${lossColumn}" looks like perplexity.`,
      'If it is, give --loss-unit perplexity; if it is no loss, name the loss with --columns.',
    )
  }
  const guess = likelyFactors(seen, origins)
  const changed = (['parameters', 'tokens', 'flops'] as const).filter(
    (quantity) => guess !== null && guess[quantity] !== 1 && origins[quantity] !== null,
  )
  const unit = (quantity: keyof Origins) =>
    (quantity === 'flops' ? flopsNames : names).get(guess![quantity]) ?? `times ${guess![quantity].toExponential()}`
  const looks = changed.map((quantity) => `"${origins[quantity]}" looks like ${unit(quantity)}`)
  const told = changed.map((quantity) => `${quantity}=${quotedName(origins[quantity]!)}*${written(guess![quantity])}`)
  const given = (['parameters', 'tokens', 'flops'] as const).find((quantity) => origins[quantity] !== null)
  const asItIs = given ? `${given}=${quotedName(origins[given]!)}*1` : ''
  throw new IsoflopError(
    'UNIT_IMPLAUSIBLE',
    looks.length === 0 ? message : `${message} ${looks.join(' and ')}.`,
    looks.length === 0
      ? `Check which columns were taken (isoflop look ${source}), and name others with --columns; if all is right, --columns '${asItIs}'.`
      : `If so, give --columns '${told.join(',')}'; if the numbers are right as they stand, --columns '${asItIs}'.`,
  )
}

const written = (factor: number): string => factor.toExponential().replace('e+', 'e')
