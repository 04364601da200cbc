import type { RepeatedTarget } from '../../fit/repeats/result.ts'
import type { Repeated, Scope } from '../../fit/result.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import { compact, type Format, nats, percent, significant, withInterval } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import type { Findings } from './findings.ts'
import { repeatsLines, withheldText } from './repeats-words.ts'

/** The data-constrained law: what repeats are worth, and the best runs on fresh and on repeated data. */
export function repeatsBlocks({ analysis: { repeats, bootstrap } }: Findings<Scope & Repeated>): Block[] {
  if (repeats === null) return []
  if (repeats.kind === 'unavailable')
    return [{ kind: 'paragraph', text: `The data-constrained law: ${repeats.reason}.`, isAnswer: true }]
  const withheld = withheldText(repeats)
  return [
    heading('The data-constrained law'),
    ...openBlocks(repeats.undetermined),
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
    ...table(
      ['FLOPs', 'unique tokens', 'N', 'epochs', 'loss', 'worse than fresh', 'repeats worth'],
      repeats.targets.map(rowOf),
    ),
    ...(withheld ? [paragraph(withheld)] : []),
    paragraph(
      `Intervals at ${percent(bootstrap.confidence)} of laws drawn from the posterior, with a drift beyond the runs. Worse than fresh: nats per token more than the best run of the budget on fresh data. Repeats worth: fresh tokens that all tokens seen again stand for.`,
    ),
  ]
}

const openBlocks = (undetermined: string | null): Block[] =>
  undetermined === null
    ? []
    : [
        {
          kind: 'paragraph',
          text: [{ strong: 'These runs do not determine N, D or the loss at a budget:' }, ` ${undetermined}.`],
          isAnswer: true,
        },
      ]

const cell = ({ value, interval }: Estimated, format: Format = significant) => withInterval(value, interval, format)

const rowOf = ({ flops, unique, parameters, epochs, loss, cost, worth }: RepeatedTarget) => [
  compact(flops),
  compact(unique),
  cell(parameters),
  cell(epochs),
  cell(loss, nats),
  cell(cost, nats),
  cell(worth),
]
