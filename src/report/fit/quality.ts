import { unitsOf } from '../../core/run.ts'
import type { Backtested, Diagnosed, Scope } from '../../fit/result.ts'
import { compact, type Format, orDash, ratio, significant } from '../number.ts'
import { type Block, heading, paragraph, table } from '../page/blocks.ts'
import { words } from '../words/words.ts'
import type { Findings } from './findings.ts'
import { remarksOf } from './words.ts'

/** What each method would have said of the withheld budgets. */
export function backtestBlocks({ analysis: { backtests, runs } }: Findings<Backtested & Scope>): Block[] {
  if (backtests.length === 0) return []
  const unit = unitsOf(runs).difference
  const { columns: title, ...say } = words().fit
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
    heading(say.backtest),
    paragraph(say.backtestNote(unit)),
    ...table([title.method, title.withheld, title.budget, title.ratioOfN, title.lossDifference, title.lossError], rows),
  ]
}

const signed: Format = (x) => (x > 0 ? `+${significant(x)}` : significant(x))

export function diagnosticBlocks({ analysis }: Findings<Diagnosed>): Block[] {
  const items = remarksOf(analysis)
  return [
    heading(words().fit.diagnostics),
    items.length > 0 ? { kind: 'diagnostics', items } : paragraph(words().fit.nothingToReport),
  ]
}
