import { unitsOf } from '../../core/run.ts'
import type { Comparison, Diagnosed, Frontiers, Headlined, MethodResult, Scope } from '../../fit/result.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import { compact, excess, exponent, interval, nats, orDash, percent, ratio } from '../number.ts'
import { type Block, type Column, list, paragraph, type Text } from '../page/blocks.ts'
import { type Group, type TextOptions, textOf } from '../page/text.ts'
import { capital, joined, withoutStop } from '../prose.ts'
import { inLanguage, words } from '../words/words.ts'
import { unavailableText } from './comparison.ts'
import { availableMethods, hasMethods, leaderOf, predictionAt } from './facts.ts'
import type { Findings } from './findings.ts'
import { jointGroups } from './joint-text.ts'
import { repeatsGroups } from './repeats-text.ts'
import {
  againstTruth,
  answerOf,
  beyondRuns,
  lawText,
  type Open,
  openOf,
  remarksOf,
  reportedBudgets,
  warningCount,
} from './words.ts'

/** Tables of more targets than this scroll the answer away; the report has them all. */
const mostTargets = 2

/**
 * What a fit came to, for a terminal: the answer first, then the methods side by side, then what to know about them.
 * @example console.log(fitText({ analysis, truth: null }))
 */
export const fitText = (findings: Findings, options: TextOptions = {}): string =>
  inLanguage(options.language ?? 'en', () => textInLanguage(findings, options))

function textInLanguage(findings: Findings, options: TextOptions): string {
  const groups = [
    ...jointGroups(findings),
    ...repeatsGroups(findings),
    ...(hasMethods(findings.analysis) ? [summaryGroup(findings), ...comparisonGroups(findings)] : []),
    remarkGroup(findings),
  ]
  return textOf(groups, options)
}

function columnsFor(truth: boolean): Column[] {
  const { columns } = words().fit
  return [
    { title: columns.method, align: 'left' },
    { title: 'a', align: 'right' },
    { title: columns.interval, align: 'left' },
    { title: 'N', align: 'right' },
    { title: columns.interval, align: 'left' },
    { title: 'D', align: 'right' },
    { title: columns.loss, align: 'right' },
    ...(truth ? [{ title: columns.overTrue, align: 'right' } as const] : []),
    { title: columns.excess, align: 'right' },
  ]
}

function rowOf(
  analysis: Comparison,
  { method, modelSize }: MethodResult,
  C: number,
  truth: SurfaceLaw | null,
): string[] {
  const prediction = predictionAt(analysis, method, C)
  const true_ = truth && prediction && againstTruth(truth, prediction)
  return [
    method,
    orDash(modelSize?.exponent, exponent),
    modelSize ? interval(modelSize.exponent, modelSize.interval, exponent) : '-',
    orDash(prediction?.parameters),
    prediction ? interval(prediction.parameters, prediction.interval.parameters) : '-',
    orDash(prediction?.tokens),
    orDash(prediction?.loss, nats),
    ...(truth
      ? [orDash(true_?.ratio, ratio), orDash(true_?.excess, excess)]
      : [orDash(prediction?.excessLoss, excess)]),
  ]
}

/** The frontiers' rows: only a loss. */
function frontierRows({ frontier }: Frontiers, C: number, cells: number): string[][] {
  const names = words().fit.rowNames
  const named = [
    [names.frontier, frontier?.free],
    [names.pinned, frontier?.pinned],
    [names.straight, frontier?.line],
  ] as const
  return named.flatMap(([name, outcome]) => {
    const loss = outcome?.predictions.find(({ flops }) => flops === C)?.loss
    if (loss === undefined) return name === names.frontier && frontier ? [blankRow(name, cells)] : []
    return [blankRow(name, cells).with(6, nats(loss))]
  })
}

const blankRow = (name: string, cells: number): string[] => [name, ...new Array<string>(cells - 1).fill('-')]

/**
 * The methods side by side at the one or two largest targets, in at most 100 columns: a of N = k C^a, N, D, the loss, and what
 * the method's N costs beyond the leading law's optimum. With the law that generated the runs, the cost is the true one, and N
 * stands beside the true N.
 */
export function comparisonGroups({ analysis, truth }: Findings<Scope & Comparison & Frontiers>): Group[] {
  const columns = columnsFor(truth !== null)
  const tables = reportedBudgets(analysis)
    .slice(-mostTargets)
    .reverse()
    .map((C): Group => {
      const rows = availableMethods(analysis).map((result) => rowOf(analysis, result, C, truth))
      const title: Text = { strong: words().fit.at(compact(C), beyondRuns(analysis, C)) }
      return [
        ...list([title]),
        { kind: 'table', columns, rows: [...rows, ...frontierRows(analysis, C, columns.length)] },
      ]
    })
  return [...tables, [legend(analysis, truth), ...list(missing(analysis))]]
}

/** Which methods have no numbers, and why. */
function missing({ methods, frontier }: Comparison & Frontiers): string[] {
  const undetermined = methods.filter((result) => result.undetermined !== null).map(({ method }) => method)
  return [
    ...(undetermined.length > 0 ? [words().fit.noNumbers(undetermined.join(', '))] : []),
    ...methods
      .filter(({ unavailable }) => unavailable !== null)
      .map(({ method, unavailable }) => unavailableText(method, unavailable)),
    ...(frontier?.free === null ? [words().fit.noPlateau] : []),
  ]
}

function legend({ bootstrap, frontier, runs }: Scope & Frontiers, truth: SurfaceLaw | null): Block {
  const unit = unitsOf(runs).loss
  const say = words().fit
  return paragraph(
    joined(
      say.legend(percent(bootstrap.confidence), unit),
      truth ? say.legendTrue(unit) : say.legendExcess(unit),
      say.legendDrift,
      frontier && say.legendFrontier,
    ),
  )
}

/** The answer first, in three to six paragraphs of one line where they fit. */
export function summaryGroup({ analysis, truth }: Findings<Scope & Comparison & Headlined & Diagnosed>): Group {
  const count = warningCount(analysis)
  const open = openOf(analysis)
  if (open) return openGroup(open, count)
  const answer = answerOf(analysis, truth)
  if (answer === null) return list([words().fit.nothing, count].filter(Boolean))
  const law = leaderOf(analysis)?.law
  const sentences = [
    capital(answer.growth),
    law ? lawText(law) : '',
    answer.othersInShort,
    capital(answer.truth),
    count,
  ].filter(Boolean)
  const numbers = [answer.size, answer.loss].filter(Boolean)
  return [
    { kind: 'section', title: `${answer.where}${words().marks.colon.trim()}`, blocks: list(numbers) },
    ...list(sentences.map((text) => `${text}${words().marks.stop}`)),
  ]
}

/** The summary where the runs do not determine a law. */
const openGroup = ({ why, told, next }: Open, count: string): Group =>
  list([
    [{ strong: words().fit.undetermined }, `${words().marks.gap}${why}${words().marks.stop}`],
    ...[...told.map(capital), withoutStop(next), count].filter(Boolean).map((text) => `${text}${words().marks.stop}`),
  ])

/** Every diagnostic: its code and message, and below it what to do. */
export function remarkGroup({ analysis }: Findings<Diagnosed>): Group {
  const items = remarksOf(analysis)
  return items.length > 0 ? [{ kind: 'diagnostics', items }] : []
}
