import type { Scope, Tuned } from '../../fit/result.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import type { TunedResult } from '../../fit/tuned/result.ts'
import { compact, type Format, nats, percent, significant, withInterval } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import type { Findings } from './findings.ts'
import { jointLines } from './joint-words.ts'

/** The joint law: the best settings as formulas, and a table of the targets. */
export function jointBlocks({ analysis: { joint, bootstrap } }: Findings<Scope & Tuned>): Block[] {
  if (joint === null) return []
  if (joint.unavailable !== null)
    return [{ kind: 'paragraph', text: `The joint law: ${joint.unavailable}.`, isAnswer: true }]
  return [
    heading(`The joint law of ${named(joint)}`),
    ...openBlocks(joint),
    ...list(jointLines(joint).map((formula) => ({ formula }))),
    ...targetBlocks(joint),
    paragraph(
      `Intervals at ${percent(bootstrap.confidence)}: of the coefficients, of the exponent of the norm, and beyond the runs of 0.4 % of the loss for each factor e of compute.`,
    ),
  ]
}

function openBlocks({ undetermined }: TunedResult): Block[] {
  if (undetermined === null) return []
  const start = { strong: 'These runs do not determine N, D or the loss at a budget:' }
  return [{ kind: 'paragraph', text: [start, ` ${undetermined}.`], isAnswer: true }]
}

/** What it is a law of: `size, tokens, learning rate and batch`. */
function named({ rate, batch, repeated }: TunedResult): string {
  const names = ['size', 'tokens', ...(rate ? ['learning rate'] : []), ...(batch ? ['batch'] : [])]
  const last = repeated ? 'repeated data' : names.pop()
  return `${names.join(', ')} and ${last}`
}

function targetBlocks({ predictions, rate, batch, batchUnit }: TunedResult): Block[] {
  const cell = ({ value, interval }: Estimated, format: Format = significant) => withInterval(value, interval, format)
  const settings = [...(rate ? ['learning rate'] : []), ...(batch ? [`batch (${batchUnit})`] : [])]
  const rows = predictions.map((target) => [
    compact(target.flops),
    cell(target.parameters),
    cell(target.tokens),
    ...(target.rate ? [cell(target.rate)] : []),
    ...(target.batch ? [cell(target.batch)] : []),
    cell(target.loss, nats),
  ])
  return table(['FLOPs', 'N', 'D', ...settings, 'loss'], rows)
}
