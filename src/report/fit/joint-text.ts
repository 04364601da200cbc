import type { Scope, Tuned } from '../../fit/result.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import type { TunedResult, TunedTarget } from '../../fit/tuned/result.ts'
import { compact, type Format, nats, percent, significant } from '../number.ts'
import { type Block, list } from '../page/blocks.ts'
import type { Group } from '../page/text.ts'
import type { Findings } from './findings.ts'
import { both, jointLines } from './joint-words.ts'
import { beyondRuns } from './words.ts'

/**
 * The joint law for a terminal: what to train at the largest target, the best learning rate and batch as formulas, what repeats are
 * worth, and a table of the targets.
 */
export function jointGroups({ analysis }: Findings<Scope & Tuned>): Group[] {
  const { joint, bootstrap } = analysis
  if (joint === null) return []
  if (joint.unavailable !== null) return [list([`joint: ${joint.unavailable}.`])]
  const last = joint.predictions.at(-1)
  const head: Block[] = last
    ? [
        {
          kind: 'section',
          title: `At ${compact(last.flops)} FLOPs (${beyondRuns(analysis, last.flops)}), by joint with ${percent(bootstrap.confidence)} intervals:`,
          blocks: list(targetLines(last, joint)),
        },
      ]
    : list([[{ strong: 'These runs do not determine N, D or the loss at a budget:' }, ` ${joint.undetermined}.`]])
  const formulas = list(jointLines(joint).map((formula) => ({ formula })))
  return [[...head, ...formulas], ...(joint.predictions.length > 1 ? [[targetTable(joint)]] : [])]
}

function targetLines(
  { parameters, tokens, rate, batch, loss }: TunedTarget,
  { batchUnit, lossUnit }: TunedResult,
): string[] {
  const settings = [
    ...(rate ? [`learning rate = ${both(rate)}`] : []),
    ...(batch ? [`batch = ${both(batch)} ${batchUnit}`] : []),
  ]
  return [
    `N = ${both(parameters)} parameters, D = ${both(tokens)} tokens`,
    ...(settings.length > 0 ? [settings.join(', ')] : []),
    `loss = ${both(loss, nats)} ${lossUnit}`,
  ]
}

function targetTable({ predictions, rate, batch }: TunedResult): Block {
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
  return { kind: 'table', columns, rows }
}
