import type { Estimated } from '../../fit/tuned/estimate.ts'
import type { Formula, RepeatedData, TunedResult } from '../../fit/tuned/result.ts'
import { exponent, type Format, significant, withInterval } from '../number.ts'
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
  const exponents = [
    ...(parameters ? [`of N ${both(parameters, exponent)}`] : []),
    `of D ${both(tokens, exponent)}`,
  ].join(', ')
  return `${name} = ${formulaText(formula)}${unit}; exponent${parameters ? 's' : ''} ${exponents}`
}

/** The best learning rate and batch as formulas, what repeats are worth, and the law: a line each. */
export function jointLines(joint: TunedResult): string[] {
  return [
    ...(joint.rate ? [formulaLine('best learning rate r*', joint.rate, joint.batch ? ' at the best batch' : '')] : []),
    ...(joint.batch ? [formulaLine('best batch B*', joint.batch, ` ${joint.batchUnit}`)] : []),
    ...(joint.repeated ? repeatedLines(joint.repeated) : []),
    ...(joint.law ? [`${lawText(joint.law)}, q = ${believedText(joint)}`] : []),
  ]
}

/** R* of size above which size beyond what the tokens support serves nearly in full: no limit was seen. */
const noLimit = 12

function repeatedLines({ repeats, surplus, support, worth }: RepeatedData): string[] {
  const told = worth.map(({ epochs, tokens }) => `${epochs} as ${both(tokens)}`)
  return [
    `epochs over the same tokens teach as fresh ones would: ${told.join(', ')}; ever more of them at most as ${significant(1 + repeats.value)} (R* = ${both(repeats)})`,
    surplus.interval[0] < noLimit
      ? `a unique token supports ${both(support)} parameters; size beyond that serves less and less (R* = ${both(surplus)})`
      : `no limit of the size that unique tokens support was seen (R* of size = ${both(surplus)})`,
  ]
}

/** How much each q is believed that is believed at all: `0.35 (98 %), 0.5 (2 %)`. */
const believedText = ({ norms }: TunedResult): string =>
  norms
    .filter(({ weight }) => weight >= 0.005)
    .map(({ q, weight }) => `${q} (${Math.round(100 * weight)} %)`)
    .join(', ')
