import type { Analysis } from '../../fit/analysis.ts'
import type { MethodResult } from '../../fit/result.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import { compact, excess, exponent, interval, nats, orDash, percent, ratio } from '../number.ts'
import { availableMethods, leaderOf, predictionAt } from './facts.ts'
import {
  againstTruth,
  answerOf,
  beyondRuns,
  lawText,
  type Open,
  openOf,
  reportedBudgets,
  topWarnings,
  warningCount,
} from './words.ts'

/** Columns of a terminal. */
const lineWidth = 100
/** Tables of more targets than this scroll the answer away; the report has them all. */
const mostTargets = 2

export interface TextOptions {
  /** Headings in bold, for a terminal. False by default. */
  readonly bold?: boolean | undefined
}

const strong = (text: string, { bold }: TextOptions): string => (bold ? `\u001b[1m${text}\u001b[22m` : text)

interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
}

/** Rows in aligned columns, two spaces between them; `-` for what is not known is centred by neither. */
export function alignColumns(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, k) => Math.max(title.length, ...rows.map((row) => row[k].length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, k) => (columns[k].align === 'left' ? cell.padEnd(widths[k]) : cell.padStart(widths[k])))
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...rows.map(line)]
}

/** Words in lines of at most `width` characters, the first and the others indented as told. */
export function wrap(text: string, first = '', others = first, width = lineWidth): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const indent = lines.length === 0 ? first : others
    const next = line === '' ? indent + word : `${line} ${word}`
    if (line !== '' && next.length > width) {
      lines.push(line)
      line = others + word
    } else line = next
  }
  return [...lines, line]
}

const columnsFor = (truth: boolean): Column[] => [
  { title: 'method', align: 'left' },
  { title: 'a', align: 'right' },
  { title: 'interval', align: 'left' },
  { title: 'N', align: 'right' },
  { title: 'interval', align: 'left' },
  { title: 'D', align: 'right' },
  { title: 'loss', align: 'right' },
  ...(truth ? [{ title: 'N/true', align: 'right' } as const] : []),
  { title: 'excess', align: 'right' },
]

function rowOf(analysis: Analysis, { method, modelSize }: MethodResult, C: number, truth: SurfaceLaw | null): string[] {
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
function frontierRows({ frontier }: Analysis, C: number, cells: number): string[][] {
  const named = [
    ['frontier', frontier?.free],
    ['  E of surface', frontier?.pinned],
    ['  straight', frontier?.line],
  ] as const
  return named.flatMap(([name, outcome]) => {
    const loss = outcome?.predictions.find(({ flops }) => flops === C)?.loss
    if (loss === undefined) return name === 'frontier' && frontier ? [blankRow(name, cells)] : []
    return [blankRow(name, cells).with(6, nats(loss))]
  })
}

const blankRow = (name: string, cells: number): string[] => [name, ...new Array<string>(cells - 1).fill('-')]

/**
 * The methods side by side at the one or two largest targets, in at most 100 columns: a of N = k C^a, N, D, the loss, and what
 * the method's N costs beyond the leading law's optimum. With the law that generated the runs, the cost is the true one, and N
 * stands beside the true N.
 * @example console.log(comparisonTable(analysis))
 */
export function comparisonTable(
  analysis: Analysis,
  truth: SurfaceLaw | null = null,
  options: TextOptions = {},
): string {
  const columns = columnsFor(truth !== null)
  const tables = reportedBudgets(analysis)
    .slice(-mostTargets)
    .reverse()
    .map((C) => {
      const rows = availableMethods(analysis).map((result) => rowOf(analysis, result, C, truth))
      const [head, ...lines] = alignColumns(columns, [...rows, ...frontierRows(analysis, C, columns.length)])
      return [strong(`At ${compact(C)} FLOPs, ${beyondRuns(analysis, C)}:`, options), head, ...lines].join('\n')
    })
  const undetermined = analysis.methods.filter((result) => result.undetermined !== null).map(({ method }) => method)
  const open =
    undetermined.length > 0
      ? wrap(`${undetermined.join(', ')}: no N, D or loss, as the runs do not determine the law.`, '', '  ')
      : []
  const unavailable = analysis.methods
    .filter((result) => result.unavailable !== null)
    .flatMap((result) => wrap(`${result.method}: ${result.unavailable}.`, '', '  '))
  if (analysis.frontier?.free === null) unavailable.push('frontier: a plateau of its own needs four budgets or more.')
  return [...tables, [...legend(analysis, truth), ...open, ...unavailable].join('\n')].join('\n\n')
}

function legend({ bootstrap, frontier }: Analysis, truth: SurfaceLaw | null): string[] {
  const cost = truth
    ? 'N/true: over the N that the law behind the runs has as its best; excess: what N truly costs, nats/token.'
    : "excess: loss of the method's N beyond the best by the law that leads, nats/token."
  const frontiers = frontier
    ? " frontier: best loss against C with a plateau of its own, with the surface's E, and as a straight line in ln C."
    : ''
  const drift =
    ' The intervals of norm allow for a drift beyond the runs, which real runs have and computed ones do not.'
  return wrap(
    `N = k C^a; intervals at ${percent(bootstrap.confidence)}; loss in nats/token. ${cost}${drift}${frontiers}`,
  )
}

/** The answer first, in three to six paragraphs of one line where they fit. */
export function summaryText(analysis: Analysis, truth: SurfaceLaw | null = null, options: TextOptions = {}): string {
  const answer = answerOf(analysis, truth)
  const count = warningCount(analysis)
  const open = openOf(analysis)
  if (open) return openText(open, count, options)
  if (answer === null) return ['No method could be fitted to these runs.', count].filter(Boolean).join('\n')
  const law = leaderOf(analysis)?.law
  const sentences = [
    capital(answer.growth),
    law ? lawText(law) : '',
    answer.othersInShort,
    capital(answer.truth),
    count,
  ]
  return [
    strong(`${answer.where}:`, options),
    ...wrap(answer.size, '  ', '    '),
    ...(answer.loss ? [`  ${answer.loss}`] : []),
    ...sentences.filter(Boolean).flatMap((sentence) => wrap(`${sentence}.`, '', '  ')),
  ].join('\n')
}

/** The summary where the runs do not determine a law. */
function openText({ why, told, next }: Open, count: string, options: TextOptions): string {
  const sentences = [...told.map(capital), next.replace(/\.$/, ''), count]
  return [
    ...wrap(`${strong('These runs do not determine a law:', options)} ${why}.`, '', '  '),
    ...sentences.filter(Boolean).flatMap((sentence) => wrap(`${sentence}.`, '', '  ')),
  ].join('\n')
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Every diagnostic: its code and message, and below it what to do. Empty when there is none. */
export function diagnosticsText(analysis: Analysis, options: TextOptions = {}): string {
  const warnings = topWarnings(analysis, Number.POSITIVE_INFINITY)
  const notes = analysis.diagnostics.filter(({ severity }) => severity === 'info')
  return [...warnings, ...notes]
    .flatMap(({ severity, code, message, advice }) => [
      ...wrap(`${strong(`${severity === 'warning' ? 'warning' : 'note'} ${code}`, options)}: ${message}`, '', '  '),
      ...wrap(advice, '  '),
    ])
    .join('\n')
}
