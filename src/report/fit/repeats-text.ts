import type { FittedRepeats } from '../../fit/repeats/result.ts'
import type { Repeated, Scope } from '../../fit/result.ts'
import { compact, type Format, nats, percent, significant } from '../number.ts'
import { type Block, list } from '../page/blocks.ts'
import type { Group } from '../page/text.ts'
import { words } from '../words/words.ts'
import type { Findings } from './findings.ts'
import { undeterminedSpans } from './joint-words.ts'
import { bestLines, repeatsLines, withheldText } from './repeats-words.ts'
import { beyondRuns } from './words.ts'

/** The data-constrained law for a terminal: the best runs at the largest target, what repeats are worth, and a table. */
export function repeatsGroups({ analysis }: Findings<Scope & Repeated>): Group[] {
  const { repeats } = analysis
  if (repeats === null) return []
  if (repeats.kind === 'unavailable') return [list([words().repeats.unavailable(words().elsewhere(repeats.reason))])]
  const withheld = withheldText(repeats)
  const lines = repeatsLines(repeats).map((formula) => ({ formula }))
  const isOne = repeats.fresh.length === 1 && repeats.targets.length <= 1
  return [
    [...headBlocks(analysis, repeats), ...list([...(withheld ? [withheld] : []), ...lines])],
    ...(isOne || repeats.fresh.length === 0 ? [] : [[targetTable(repeats)]]),
  ]
}

function headBlocks(analysis: Scope, repeats: FittedRepeats): Block[] {
  const { undetermined, fresh } = repeats
  const last = fresh.at(-1)
  if (!last) return list(undetermined === null ? [] : [undeterminedSpans(undetermined)])
  const { flops } = last
  return [
    {
      kind: 'section',
      title: words().repeats.at(compact(flops), beyondRuns(analysis, flops), percent(analysis.bootstrap.confidence)),
      blocks: list(bestLines(repeats)),
    },
  ]
}

function targetTable({ fresh, targets }: FittedRepeats): Block {
  const { columns: title } = words().repeats
  const right = (name: string) => ({ title: name, align: 'right' }) as const
  const left = (name: string) => ({ title: name, align: 'left' }) as const
  const value = (estimate: { readonly value: number }, format: Format = significant) => format(estimate.value)
  const rows = fresh.flatMap((target) => [
    [
      compact(target.flops),
      words().repeats.fresh,
      value(target.parameters),
      value(target.tokens),
      '-',
      value(target.loss, nats),
      '-',
    ],
    ...targets
      .filter(({ flops }) => flops === target.flops)
      .map(({ flops, unique, parameters, tokens, epochs, loss, cost }) => [
        compact(flops),
        compact(unique),
        value(parameters),
        value(tokens),
        value(epochs),
        value(loss, nats),
        epochs.value <= 1 ? '-' : `${value(cost, nats)} [${cost.interval.map(nats).join(', ')}]`,
      ]),
  ])
  const columns = [
    ...[right('FLOPs'), right(title.unique), right('N'), right('D'), right(title.epochs), right(title.loss)],
    left(title.worse),
  ]
  return { kind: 'table', columns, rows }
}
