import { type LossUnit, unitsOf } from '../../core/run.ts'
import type { Limit } from '../../fit/repeats/limit.ts'
import type { FittedRepeats, FreshTarget, RepeatedTarget, WorthUpTo } from '../../fit/repeats/result.ts'
import { compact, type Format, listed, nats, percent, significant, withInterval } from '../number.ts'
import { both } from './joint-words.ts'
import { lawText } from './words.ts'

/** What the runs tell of a number: `15.4 [14.9, 16.1]`, `at least 30`. */
export function limitText(limit: Limit, format: Format = significant): string {
  if (limit.kind === 'between') return withInterval(limit.value, limit.interval, format)
  if (limit.kind === 'at-least') return `at least ${format(limit.least)}`
  return limit.kind === 'at-most' ? `at most ${format(limit.most)}` : 'not determined'
}

/** The best runs at the largest target, on fresh data and with each amount of unique tokens; nothing without targets. */
export function bestLines({ fresh, targets, lossUnit }: FittedRepeats): string[] {
  const last = fresh.at(-1)
  if (!last) return []
  const here = targets.filter(({ flops }) => flops === last.flops)
  return [freshLine(last, lossUnit), ...here.map((target) => repeatedLine(target, lossUnit))]
}

const freshLine = ({ parameters, tokens, loss }: FreshTarget, lossUnit: LossUnit): string =>
  `fresh data: N = ${both(parameters)} parameters, D = ${both(tokens)} tokens, loss = ${both(loss, nats)} ${lossUnit}`

function repeatedLine(
  { unique, parameters, tokens, epochs, loss, cost, worth }: RepeatedTarget,
  lossUnit: LossUnit,
): string {
  if (epochs.value <= 1) return `${compact(unique)} unique tokens are enough for that`
  return (
    `${compact(unique)} unique tokens: N = ${both(parameters)}, ${both(epochs)} epochs, loss = ${both(loss, nats)}, ` +
    `${both(cost, nats)} ${unitsOf({ lossUnit }).difference} worse than fresh; the ${compact(tokens.value - unique)} seen again are worth ${both(worth)} fresh ones`
  )
}

/** `R* of tokens = 15.4 [14.9, 16.1]`, `R* of size at least 40`. */
const starText = (name: string, limit: Limit): string =>
  `R* of ${name}${limit.kind === 'between' ? ' =' : ''} ${limitText(limit)}`

/** What repeats are worth, what size they serve, and the law: a line each. */
export function repeatsLines(result: FittedRepeats): string[] {
  const { tokens, law, taught } = result
  const told = taught.map(({ epochs, worth }) => `${epochs} as ${both(worth)}`)
  return [
    ...result.worth.map(worthLine),
    ...(told.length > 0 ? [`so many epochs over the same tokens teach as fresh ones would: ${told.join(', ')}`] : []),
    `${starText('tokens', tokens)}${tokens.kind === 'between' ? `: ever more epochs teach at most as ${significant(1 + tokens.value)} fresh ones would` : ''}`,
    sizeLine(result),
    `${lawText(law.fresh)} with N' and D' for N and D, q = ${believed(result)}`,
  ]
}

const worthLine = ({ share, last, average }: WorthUpTo): string =>
  `a repeated token is worth ${percent(share)} of a fresh one or more up to epoch ${limitText(last)}, all repeated ones together up to ${limitText(average)} epochs`

function sizeLine({ size }: FittedRepeats): string {
  if (size.kind === 'open') return 'what size beyond that which the unique tokens support is worth was not seen'
  if (size.kind === 'at-least')
    return `no limit of the size that unique tokens support was seen (${starText('size', size)})`
  return `size beyond that which the unique tokens support serves less and less: ${starText('size', size)}`
}

/** How much each q is believed that is believed at all: `0.35 (98 %), 0.5 (2 %)`. */
const believed = ({ norms }: FittedRepeats): string =>
  norms
    .filter(({ weight }) => weight >= 0.005)
    .map(({ q, weight }) => `${q} (${Math.round(100 * weight)} %)`)
    .join(', ')

/** Why some best runs are not told; empty where all are. */
export function withheldText({ withheld, mostEpochs }: FittedRepeats): string {
  if (withheld.length === 0) return ''
  const where = withheld.map(({ flops, unique }) => `${compact(flops)} FLOPs and ${compact(unique)} tokens`)
  return `Not told is the best run with ${listed(where)}: it has more epochs than the ${significant(mostEpochs)} of the runs, which do not say how far repeats carry.`
}
