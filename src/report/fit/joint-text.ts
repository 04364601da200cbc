import type { Analysis } from '../../fit/analysis.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import type { Formula, RepeatedData, TunedResult, TunedTarget } from '../../fit/tuned/result.ts'
import { compact, exponent, type Format, nats, percent, significant, withInterval } from '../number.ts'
import { alignColumns, type TextOptions, wrap } from './text.ts'
import { beyondRuns, lawText } from './words.ts'

const both = ({ value, interval }: Estimated, format: Format = significant): string =>
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

/**
 * The joint law in text: what to train at the largest target, the best learning rate and batch as formulas, what repeats are worth,
 * and a table of the targets.
 */
export function jointText(analysis: Analysis, joint: TunedResult, { bold }: TextOptions = {}): string {
  if (joint.unavailable !== null) return `joint: ${joint.unavailable}.`
  const strong = (text: string) => (bold ? `\u001b[1m${text}\u001b[22m` : text)
  const confidence = percent(analysis.bootstrap.confidence)
  const last = joint.predictions.at(-1)
  const head = last
    ? [
        strong(
          `At ${compact(last.flops)} FLOPs (${beyondRuns(analysis, last.flops)}), by joint with ${confidence} intervals:`,
        ),
        ...targetLines(last, joint).flatMap((line) => wrap(line, '  ', '    ')),
      ]
    : wrap(`${strong('These runs do not determine N, D or the loss at a budget:')} ${joint.undetermined}.`, '', '  ')
  const formulas = jointLines(joint).flatMap((line) => wrap(line, '', '  '))
  const table = joint.predictions.length > 1 ? ['', ...targetTable(joint)] : []
  return [...head, ...formulas, ...table].join('\n')
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

function targetLines({ parameters, tokens, rate, batch, loss }: TunedTarget, { batchUnit }: TunedResult): string[] {
  const settings = [
    ...(rate ? [`learning rate = ${both(rate)}`] : []),
    ...(batch ? [`batch = ${both(batch)} ${batchUnit}`] : []),
  ]
  return [
    `N = ${both(parameters)} parameters, D = ${both(tokens)} tokens`,
    ...(settings.length > 0 ? [settings.join(', ')] : []),
    `loss = ${both(loss, nats)} nats/token`,
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

function targetTable({ predictions, rate, batch }: TunedResult): string[] {
  const right = (title: string) => ({ title, align: 'right' }) as const
  const left = (title: string) => ({ title, align: 'left' }) as const
  const columns = [
    ...[right('FLOPs'), right('N'), right('D')],
    ...(rate ? [right('rate'), left('interval')] : []),
    ...(batch ? [right('batch'), left('interval')] : []),
    ...[right('loss'), left('interval')],
  ]
  const cells = ({ value, interval }: Estimated, format: Format = significant) => [
    format(value),
    `[${format(interval[0])}, ${format(interval[1])}]`,
  ]
  const rows = predictions.map((target) => [
    compact(target.flops),
    significant(target.parameters.value),
    significant(target.tokens.value),
    ...(target.rate ? cells(target.rate) : []),
    ...(target.batch ? cells(target.batch) : []),
    ...cells(target.loss, nats),
  ])
  return alignColumns(columns, rows)
}
