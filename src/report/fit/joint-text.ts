import type { Scope, Tuned } from '../../fit/result.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import type { TunedResult, TunedTarget } from '../../fit/tuned/result.ts'
import { compact, type Format, nats, percent, significant } from '../number.ts'
import { type Block, list } from '../page/blocks.ts'
import type { Group } from '../page/text.ts'
import { words } from '../words/words.ts'
import type { Findings } from './findings.ts'
import { both, jointLines, undeterminedSpans } from './joint-words.ts'
import { beyondRuns } from './words.ts'

/**
 * The joint law for a terminal: what to train at the largest target, the best learning rate and batch as formulas, what repeats are
 * worth, and a table of the targets.
 */
export function jointGroups({ analysis }: Findings<Scope & Tuned>): Group[] {
  const { joint, bootstrap } = analysis
  if (joint === null) return []
  if (joint.unavailable !== null) return [list([words().joint.unavailable(words().elsewhere(joint.unavailable))])]
  const last = joint.predictions.at(-1)
  const head: Block[] = last
    ? [
        {
          kind: 'section',
          title: words().joint.at(compact(last.flops), beyondRuns(analysis, last.flops), percent(bootstrap.confidence)),
          blocks: list(targetLines(last, joint)),
        },
      ]
    : list([undeterminedSpans(joint.undetermined ?? '')])
  const formulas = list(jointLines(joint).map((formula) => ({ formula })))
  return [[...head, ...formulas], ...(joint.predictions.length > 1 ? [[targetTable(joint)]] : [])]
}

function targetLines(
  { parameters, tokens, rate, batch, loss }: TunedTarget,
  { batchUnit, lossUnit }: TunedResult,
): string[] {
  const say = words().joint
  const settings = [...(rate ? [say.rate(both(rate))] : []), ...(batch ? [say.batch(both(batch), batchUnit)] : [])]
  return [
    say.size(both(parameters), both(tokens)),
    ...(settings.length > 0 ? [words().list(settings)] : []),
    words().fit.loss(both(loss, nats), lossUnit),
  ]
}

function targetTable({ predictions, rate, batch }: TunedResult): Block {
  const right = (title: string) => ({ title, align: 'right' }) as const
  const interval = { title: words().joint.names.interval, align: 'left' } as const
  const { names } = words().joint
  const columns = [
    ...[right('FLOPs'), right('N'), right('D')],
    ...(rate ? [right(names.shortRate), interval] : []),
    ...(batch ? [right(names.batch), interval] : []),
    ...[right(names.loss), interval],
  ]
  const cells = ({ value, interval: [low, high] }: Estimated, format: Format = significant) => [
    format(value),
    `[${format(low)}, ${format(high)}]`,
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
