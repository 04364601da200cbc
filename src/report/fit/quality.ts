import { unitsOf } from '../../core/run.ts'
import type { Backtested, Diagnosed, Scope } from '../../fit/result.ts'
import { compact, type Format, orDash, ratio, significant } from '../number.ts'
import { type Block, heading, paragraph, table } from '../page/blocks.ts'
import type { Findings } from './findings.ts'
import { remarksOf } from './words.ts'

/** What each method would have said of the withheld budgets. */
export function backtestBlocks({ analysis: { backtests, runs } }: Findings<Backtested & Scope>): Block[] {
  if (backtests.length === 0) return []
  const unit = unitsOf(runs).difference
  const rows = backtests.flatMap(({ method, withheld, lossError, budgets }) =>
    budgets.map(({ flops, sizeRatio, lossDifference }, k) => [
      k === 0 ? method : '',
      k === 0 ? String(withheld) : '',
      compact(flops),
      orDash(sizeRatio, ratio),
      orDash(lossDifference, signed),
      k === 0 ? orDash(lossError) : '',
    ]),
  )
  return [
    heading('Backtest'),
    paragraph(
      'Each method fitted without the one, two and three largest budgets. Ratio: its N over the minimum of the withheld budget’s own ' +
        `parabola, - where that has none inside. Loss difference: predicted best loss minus that minimum, ${unit}. Loss error: root mean ` +
        `square over the withheld runs, ${unit}.`,
    ),
    ...table(['method', 'withheld', 'budget', 'ratio of N', 'loss difference', 'loss error'], rows),
  ]
}

const signed: Format = (x) => (x > 0 ? `+${significant(x)}` : significant(x))

export function diagnosticBlocks({ analysis }: Findings<Diagnosed>): Block[] {
  const items = remarksOf(analysis)
  return [heading('Diagnostics'), items.length > 0 ? { kind: 'diagnostics', items } : paragraph('Nothing to report.')]
}
