import type { Scope, Tuned } from '../../fit/result.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import type { TunedResult } from '../../fit/tuned/result.ts'
import { compact, type Format, listed, nats, percent, significant, withInterval } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import { words } from '../words/words.ts'
import type { Findings } from './findings.ts'
import { jointLines, undeterminedSpans } from './joint-words.ts'

/** The joint law: the best settings as formulas, and a table of the targets. */
export function jointBlocks({ analysis: { joint, bootstrap } }: Findings<Scope & Tuned>): Block[] {
  if (joint === null) return []
  if (joint.unavailable !== null)
    return [
      { kind: 'paragraph', text: words().joint.lawUnavailable(words().elsewhere(joint.unavailable)), isAnswer: true },
    ]
  return [
    heading(words().joint.lawOf(named(joint))),
    ...openBlocks(joint),
    ...list(jointLines(joint).map((formula) => ({ formula }))),
    ...targetBlocks(joint),
    paragraph(words().joint.note(percent(bootstrap.confidence))),
  ]
}

function openBlocks({ undetermined }: TunedResult): Block[] {
  if (undetermined === null) return []
  return [{ kind: 'paragraph', text: undeterminedSpans(undetermined), isAnswer: true }]
}

/** What it is a law of: `size, tokens, learning rate and batch`. */
function named({ rate, batch, repeated }: TunedResult): string {
  const { names } = words().joint
  return listed([
    ...[names.size, names.tokens],
    ...(rate ? [names.rate] : []),
    ...(batch ? [names.batch] : []),
    ...(repeated ? [names.repeated] : []),
  ])
}

function targetBlocks({ predictions, rate, batch, batchUnit }: TunedResult): Block[] {
  const cell = ({ value, interval }: Estimated, format: Format = significant) => withInterval(value, interval, format)
  const settings = [...(rate ? [words().joint.names.rate] : []), ...(batch ? [words().joint.batchIn(batchUnit)] : [])]
  const rows = predictions.map((target) => [
    compact(target.flops),
    cell(target.parameters),
    cell(target.tokens),
    ...(target.rate ? [cell(target.rate)] : []),
    ...(target.batch ? [cell(target.batch)] : []),
    cell(target.loss, nats),
  ])
  return table(['FLOPs', 'N', 'D', ...settings, words().joint.names.loss], rows)
}
