import { groupBy } from '../../core/group-by.ts'
import type { Interval } from '../../core/interval.ts'
import { unitsOf } from '../../core/run.ts'
import type { Comparison, Prediction, Scope } from '../../fit/result.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import {
  compact,
  excess,
  exponent,
  type Format,
  interval,
  listed,
  nats,
  orDash,
  percent,
  ratio,
  significant,
} from '../number.ts'
import { type Block, type Cell, heading, list, paragraph, table } from '../page/blocks.ts'
import { capital } from '../prose.ts'
import { words } from '../words/words.ts'
import { availableMethods, predictionAt } from './facts.ts'
import type { Findings } from './findings.ts'
import { againstTruth, beyondRuns, reportedBudgets } from './words.ts'

/** The methods at the largest reported budget. */
export function comparisonBlocks({ analysis, truth }: Findings<Scope & Comparison>): Block[] {
  const C = reportedBudgets(analysis).at(-1)!
  const { columns: title, ...say } = words().fit
  const head = [title.method, title.exponent, 'N', 'D', title.loss, title.excessLoss, ...truthHead(truth)]
  const rows = availableMethods(analysis).map(({ method, modelSize }) => {
    const at = predictionAt(analysis, method, C)
    return [
      method,
      estimate(modelSize?.exponent, modelSize?.interval, exponent),
      estimate(at?.parameters, at?.interval.parameters),
      estimate(at?.tokens, at?.interval.tokens),
      estimate(at?.loss, at?.interval.loss, nats),
      orDash(at?.excessLoss, excess),
      ...truthCells(truth, at),
    ]
  })
  const without = analysis.methods.filter(({ unavailable }) => unavailable !== null)
  const confidence = percent(analysis.bootstrap.confidence)
  return [
    heading(say.methodsAt(compact(C))),
    paragraph({
      formula:
        say.methodsNote(capital(beyondRuns(analysis, C)), unitsOf(analysis.runs).loss, confidence) +
        (truth ? say.methodsTruth : ''),
    }),
    ...table(head, rows),
    ...list(without.map(({ method, unavailable }) => unavailableText(method, unavailable))),
  ]
}

/** Why a method has no result. */
export const unavailableText = (method: string, why: string | null): string =>
  `${method}${words().marks.colon}${words().elsewhere(why ?? '')}${words().marks.stop}`

/** A number with its interval. */
function estimate(value: number | null | undefined, ends?: Interval | null, format: Format = significant): Cell {
  if (value === null || value === undefined) return '-'
  return ends ? { value: format(value), interval: interval(value, ends, format) } : format(value)
}

const truthHead = (truth: SurfaceLaw | null): string[] =>
  truth ? [words().fit.columns.overTrueN, words().fit.columns.trueExcess] : []

function truthCells(truth: SurfaceLaw | null, at: Prediction | null): string[] {
  if (!truth) return []
  if (!at) return ['-', '-']
  const { ratio: times, excess: cost } = againstTruth(truth, at)
  return [ratio(times), excess(cost)]
}

/** Every target by every method. */
export function predictionBlocks({ analysis, truth }: Findings<Scope & Comparison>): Block[] {
  const rows = reportedBudgets(analysis).flatMap((C) =>
    analysis.methods.flatMap(({ method }) => {
      const at = predictionAt(analysis, method, C)
      return at ? [[compact(C), method, ...predictionCells(at), ...truthCells(truth, at)]] : []
    }),
  )
  if (rows.length === 0) return []
  const { columns: title, ...say } = words().fit
  const head = ['FLOPs', title.method, 'N', 'D', 'D/N', title.loss, title.excessLoss, ...truthHead(truth)]
  return [heading(say.predictions), paragraph(say.predictionsNote), ...table(head, rows, 2)]
}

const predictionCells = ({ parameters, tokens, loss, excessLoss, interval: ends }: Prediction): Cell[] => [
  estimate(parameters, ends.parameters),
  estimate(tokens, ends.tokens),
  ratio(tokens / parameters),
  estimate(loss, ends.loss, nats),
  orDash(excessLoss, excess),
]

/** The budgets that a method left out or kept with a reservation, those of one reason together. */
export function reservationBlocks({ analysis: { methods } }: Findings<Comparison>): Block[] {
  const groups = groupBy(
    methods.flatMap(({ method, excluded }) => excluded.map((entry) => ({ method, ...entry }))),
    ({ method, reason }) => `${method}${words().marks.colon}${words().elsewhere(reason)}`,
  )
  if (groups.size === 0) return []
  const lines = [...groups].map(([what, entries]) => {
    const budgets = entries.flatMap(({ budget }) => (budget === null ? [] : [compact(budget)]))
    return budgets.length > 0 ? words().fit.reservedAt(what, listed(budgets)) : what
  })
  return [heading(words().fit.reservations), ...list(lines)]
}
