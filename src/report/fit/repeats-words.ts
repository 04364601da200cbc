import { type LossUnit, unitsOf } from '../../core/run.ts'
import type { Limit } from '../../fit/repeats/limit.ts'
import type { FittedRepeats, FreshTarget, RepeatedTarget, WorthUpTo } from '../../fit/repeats/result.ts'
import { compact, type Format, listed, nats, percent, significant, withInterval } from '../number.ts'
import { words } from '../words/words.ts'
import { both } from './joint-words.ts'
import { lawText } from './words.ts'

/** What the runs tell of a number: `15.4 [14.9, 16.1]`, `at least 30`. */
export function limitText(limit: Limit, format: Format = significant): string {
  if (limit.kind === 'between') return withInterval(limit.value, limit.interval, format)
  if (limit.kind === 'at-least') return words().repeats.atLeast(format(limit.least))
  return limit.kind === 'at-most' ? words().repeats.atMost(format(limit.most)) : words().repeats.notDetermined
}

/** The best runs at the largest target, on fresh data and with each amount of unique tokens; nothing without targets. */
export function bestLines({ fresh, targets, lossUnit }: FittedRepeats): string[] {
  const last = fresh.at(-1)
  if (!last) return []
  const here = targets.filter(({ flops }) => flops === last.flops)
  return [freshLine(last, lossUnit), ...here.map((target) => repeatedLine(target, lossUnit))]
}

const freshLine = ({ parameters, tokens, loss }: FreshTarget, lossUnit: LossUnit): string =>
  words().repeats.freshData(both(parameters), both(tokens), both(loss, nats), lossUnit)

function repeatedLine(
  { unique, parameters, tokens, epochs, loss, cost, worth }: RepeatedTarget,
  lossUnit: LossUnit,
): string {
  const say = words().repeats
  if (epochs.value <= 1) return say.enough(compact(unique))
  return (
    say.best(compact(unique), both(parameters), both(epochs), both(loss, nats)) +
    say.cost(both(cost, nats), unitsOf({ lossUnit }).difference, compact(tokens.value - unique), both(worth))
  )
}

/** `R* of tokens = 15.4 [14.9, 16.1]`, `R* of size at least 40`. */
const starText = (name: 'tokens' | 'size', limit: Limit): string =>
  words().repeats.star(name, limitText(limit), limit.kind === 'between')

/** What repeats are worth, what size they serve, and the law: a line each. */
export function repeatsLines(result: FittedRepeats): string[] {
  const { tokens, law, taught } = result
  const say = words().repeats
  const told = taught.map(({ epochs, worth }) => words().joint.epochAs(epochs, both(worth)))
  return [
    ...result.worth.map(worthLine),
    ...(told.length > 0 ? [say.taught(words().list(told))] : []),
    `${starText('tokens', tokens)}${tokens.kind === 'between' ? say.most(significant(1 + tokens.value)) : ''}`,
    sizeLine(result),
    `${lawText(law.fresh)}${say.effective}${believed(result)}`,
  ]
}

const worthLine = ({ share, last, average }: WorthUpTo): string =>
  words().repeats.worth(percent(share), limitText(last), limitText(average))

function sizeLine({ size }: FittedRepeats): string {
  if (size.kind === 'open') return words().repeats.sizeOpen
  if (size.kind === 'at-least') return words().repeats.sizeNoLimit(starText('size', size))
  return words().repeats.sizeLess(starText('size', size))
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
  const where = withheld.map(({ flops, unique }) => words().repeats.place(compact(flops), compact(unique)))
  return words().repeats.withheld(listed(where), significant(mostEpochs))
}
