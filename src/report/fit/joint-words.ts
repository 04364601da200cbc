import type { Estimated } from '../../fit/tuned/estimate.ts'
import type { Formula, RepeatedData, TunedResult } from '../../fit/tuned/result.ts'
import { exponent, type Format, significant, withInterval } from '../number.ts'
import type { Span } from '../page/blocks.ts'
import { words } from '../words/words.ts'
import { lawText } from './words.ts'

/** An estimate and its interval: `3.14e11 [2.79e11, 3.48e11]`. */
export const both = ({ value, interval }: Estimated, format: Format = significant): string =>
  withInterval(value, interval, format)

/** A formula: `0.047 N^-0.488 D^0.269`. */
export const formulaText = ({ coefficient, parameters, tokens }: Formula): string =>
  [significant(coefficient), parameters && `N^${exponent(parameters.value)}`, `D^${exponent(tokens.value)}`]
    .filter(Boolean)
    .join(' ')

/** The formula and the intervals of its exponents. */
function formulaLine(name: string, formula: Formula, unit: string): string {
  const { parameters, tokens } = formula
  const exponents = words().joint.exponents(parameters && both(parameters, exponent), both(tokens, exponent))
  return `${name} = ${formulaText(formula)}${unit}${exponents}`
}

/** The best learning rate and batch as formulas, what repeats are worth, and the law: a line each. */
export function jointLines(joint: TunedResult): string[] {
  const say = words().joint
  return [
    ...(joint.rate ? [formulaLine(say.bestRate, joint.rate, joint.batch ? say.atBestBatch : '')] : []),
    ...(joint.batch ? [formulaLine(say.bestBatch, joint.batch, ` ${joint.batchUnit}`)] : []),
    ...(joint.repeated ? repeatedLines(joint.repeated) : []),
    ...(joint.law ? [`${lawText(joint.law)}, q = ${believedText(joint)}`] : []),
  ]
}

/** R* of size above which size beyond what the tokens support serves nearly in full: no limit was seen. */
const noLimit = 12

function repeatedLines({ repeats, surplus, support, worth }: RepeatedData): string[] {
  const say = words().joint
  const told = words().list(worth.map(({ epochs, tokens }) => say.epochAs(epochs, both(tokens))))
  return [
    say.taught(told, significant(1 + repeats.value), both(repeats)),
    surplus.interval[0] < noLimit ? say.support(both(support), both(surplus)) : say.noLimit(both(surplus)),
  ]
}

/** That the runs leave open what would be said at a budget, and why. */
export const undeterminedSpans = (why: string): Span[] => [
  { strong: words().fit.undeterminedAt },
  `${words().marks.gap}${words().elsewhere(why)}${words().marks.stop}`,
]

/** How much each q is believed that is believed at all: `0.35 (98 %), 0.5 (2 %)`. */
const believedText = ({ norms }: TunedResult): string =>
  norms
    .filter(({ weight }) => weight >= 0.005)
    .map(({ q, weight }) => `${q} (${Math.round(100 * weight)} %)`)
    .join(', ')
