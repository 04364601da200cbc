import { unitsOf } from '../../core/run.ts'
import type { Comparison, Frontiers, Scope, SurfaceRegions } from '../../fit/result.ts'
import { compact, exponent, type Format, interval, nats, percent, significant } from '../number.ts'
import { type Block, type Cell, heading, paragraph, table } from '../page/blocks.ts'
import { joined } from '../prose.ts'
import { words } from '../words/words.ts'
import type { Findings } from './findings.ts'
import { lawText } from './words.ts'

/** The surface's coefficients with their intervals, beside the other fits of the same law and the truth. */
export function surfaceBlocks({ analysis, truth }: Findings<Scope & Comparison & SurfaceRegions>): Block[] {
  const fits = analysis.methods.filter(({ law }) => law !== null)
  const [first] = fits
  if (!first?.law) return []
  const five: Format = (x) => significant(x, 5)
  const names = ['E', 'A', 'B', 'alpha', 'beta', 'q'] as const
  const { columns: title, ...say } = words().fit
  const head = [
    title.coefficient,
    ...fits.flatMap(({ method }) => [method, title.interval]),
    ...(truth ? [title.true] : []),
  ]
  const rows = names.map((name) => [
    name,
    ...fits.flatMap(({ law, lawIntervals }) => [
      law ? five(law[name]) : '-',
      law ? interval(law[name], lawIntervals?.[name], five) : '-',
    ]),
    ...(truth ? [five(truth[name])] : []),
  ])
  const { asymptote, bootstrap } = analysis
  const text = joined(
    say.surfaceIs(unitsOf(analysis.runs).loss),
    say.fittedBy(first.method, lawText(first.law)),
    first.fitError && say.rms(significant(first.fitError.rmse), first.fitError.of),
    asymptote && say.asymptote(percent(bootstrap.confidence), nats(asymptote[0]), nats(asymptote[1])),
  )
  return [heading(say.surface), paragraph({ formula: text }), ...table(head, rows), ...schemeBlocks(analysis)]
}

/** The exponent's interval by each bootstrap scheme alone: how much the budgets err together. */
function schemeBlocks({ methods }: Comparison): Block[] {
  const rows = methods.flatMap(({ method, modelSize, exponentBy }) =>
    modelSize && exponentBy && (exponentBy.runs || exponentBy.budgets)
      ? [
          [
            method,
            ...(['runs', 'budgets'] as const).map((scheme) =>
              interval(modelSize.exponent, exponentBy[scheme], exponent),
            ),
          ],
        ]
      : [],
  )
  if (rows.length === 0) return []
  const { columns: title } = words().fit
  return [paragraph(words().fit.schemes), ...table([title.method, title.byRuns, title.byBudgets], rows)]
}

/** The frontiers' losses at the targets, and what each fit is. */
export function frontierBlocks({ analysis: { frontier } }: Findings<Frontiers>): Block[] {
  const rows = frontier === null ? [] : frontiersOf(frontier).flatMap(frontierRows)
  if (rows.length === 0) return []
  const { columns: title, ...say } = words().fit
  return [
    heading(say.lossFrontier),
    paragraph(say.lossFrontierNote),
    ...table([title.frontier, title.law, title.residual, 'FLOPs', title.loss, title.interval], rows, 2),
  ]
}

type Frontier = NonNullable<Frontiers['frontier']>
type SomeFrontier = NonNullable<Frontier['free']> | NonNullable<Frontier['line']>

interface NamedFrontier {
  readonly name: string
  readonly fitted: SomeFrontier
  readonly formula: string
}

/** The frontiers that were fitted. */
function frontiersOf({ free, pinned, line }: Frontier): NamedFrontier[] {
  const plateau = (name: string, fitted: typeof free) =>
    fitted && {
      name,
      fitted,
      formula: `L = ${nats(fitted.fit.law.E)} + ${significant(fitted.fit.law.coefficient)} / C^${exponent(fitted.fit.law.exponent)}`,
    }
  const straight = line && {
    name: words().fit.straightLine,
    fitted: line,
    formula: `L = ${significant(line.fit.law.intercept)} - ${significant(-line.fit.law.slope)} ln C`,
  }
  return [plateau(words().fit.freePlateau, free), plateau(words().fit.surfacePlateau, pinned), straight].filter(
    (entry) => entry !== null,
  )
}

function frontierRows({ name, fitted, formula }: NamedFrontier): Cell[][] {
  const { predictions, fit } = fitted
  const cells = (flops: string, loss: string, ends: string): Cell[] => [
    name,
    { formula },
    significant(fit.rmse),
    flops,
    loss,
    ends,
  ]
  if (predictions.length === 0) return [cells('-', '-', '-')]
  return predictions.map((at) => cells(compact(at.flops), nats(at.loss), interval(at.loss, at.interval, nats)))
}
