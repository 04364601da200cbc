import { unitsOf } from '../../core/run.ts'
import type { FittedRepeats, RepeatedTarget } from '../../fit/repeats/result.ts'
import type { Diagnosed, Repeated, Scope } from '../../fit/result.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import { compact, type Format, nats, percent, significant, withInterval } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import { capital } from '../prose.ts'
import type { Findings } from './findings.ts'
import { bestLines, repeatsLines, withheldText } from './repeats-words.ts'
import { beyondRuns, topWarnings } from './words.ts'

/** The data-constrained law: what repeats are worth, and the best runs on fresh and on repeated data. */
export function repeatsBlocks({ analysis }: Findings<Scope & Repeated & Diagnosed>): Block[] {
  const { repeats, bootstrap } = analysis
  if (repeats === null) return []
  if (repeats.kind === 'unavailable')
    return [{ kind: 'paragraph', text: `The data-constrained law: ${repeats.reason}.`, isAnswer: true }]
  const withheld = withheldText(repeats)
  return [
    heading('The data-constrained law'),
    ...answerBlocks(analysis, repeats),
    ...warningBlocks(analysis),
    ...list(repeatsLines(repeats).map((formula) => ({ formula }))),
    ...table(
      ['FLOPs', 'N', 'D', 'loss'],
      repeats.fresh.map(({ flops, parameters, tokens, loss }) => [
        `${compact(flops)}, fresh data`,
        cell(parameters),
        cell(tokens),
        cell(loss, nats),
      ]),
    ),
    ...table(['FLOPs', 'unique tokens', 'N', 'epochs', 'loss'], repeats.targets.map(bestRow)),
    ...table(
      ['FLOPs', 'unique tokens', 'worse than fresh', 'seen again', 'are worth'],
      repeats.targets.filter(({ epochs }) => epochs.value > 1).map(costRow),
    ),
    ...(withheld ? [paragraph(withheld)] : []),
    paragraph(
      `Intervals at ${percent(bootstrap.confidence)} of laws drawn from the posterior, with a drift beyond the runs. Worse than fresh: ${unitsOf(repeats).loss} more than the best run of the budget on fresh data. Are worth: as many fresh tokens would teach what those seen again do.`,
    ),
  ]
}

/** The best runs at the largest target, or why none is told. */
function answerBlocks(analysis: Scope, repeats: FittedRepeats): Block[] {
  const { undetermined, fresh } = repeats
  if (undetermined !== null) {
    const start = { strong: 'These runs do not determine N, D or the loss at a budget:' }
    return [{ kind: 'paragraph', text: [start, ` ${undetermined}.`], isAnswer: true }]
  }
  const last = fresh.at(-1)
  if (!last) return []
  const [first, ...others] = bestLines(repeats)
  const where = `At ${compact(last.flops)} FLOPs (${beyondRuns(analysis, last.flops)}): `
  const rest = others.map((line) => `${capital(line)}.`).join(' ')
  return [{ kind: 'paragraph', text: [where, { strong: first }, `. ${rest}`], isAnswer: true }]
}

/** The warnings that bear on the answer. */
function warningBlocks(analysis: Diagnosed): Block[] {
  const warnings = topWarnings(analysis, 3).filter(({ code }) => code.startsWith('repeats-'))
  const items = warnings.map(({ message, advice }) => `${message} ${advice}`)
  return items.length > 0 ? [paragraph('Before relying on this:'), ...list(items)] : []
}

const cell = ({ value, interval }: Estimated, format: Format = significant) => withInterval(value, interval, format)

const bestRow = ({ flops, unique, parameters, epochs, loss }: RepeatedTarget) => [
  compact(flops),
  compact(unique),
  cell(parameters),
  cell(epochs),
  cell(loss, nats),
]

const costRow = ({ flops, unique, tokens, cost, worth }: RepeatedTarget) => [
  compact(flops),
  compact(unique),
  cell(cost, nats),
  compact(tokens.value - unique),
  cell(worth),
]
