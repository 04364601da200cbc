import { unitsOf } from '../../core/run.ts'
import type { Comparison, Frontiers, Scope, SurfaceRegions } from '../../fit/result.ts'
import { compact, exponent, type Format, interval, nats, percent, significant } from '../number.ts'
import { type Block, type Cell, heading, paragraph, table } from '../page/blocks.ts'
import { joined } from '../prose.ts'
import type { Findings } from './findings.ts'
import { lawText } from './words.ts'

/** The surface's coefficients with their intervals, beside the other fits of the same law and the truth. */
export function surfaceBlocks({ analysis, truth }: Findings<Scope & Comparison & SurfaceRegions>): Block[] {
  const fits = analysis.methods.filter(({ law }) => law !== null)
  const [first] = fits
  if (!first?.law) return []
  const five: Format = (x) => significant(x, 5)
  const names = ['E', 'A', 'B', 'alpha', 'beta', 'q'] as const
  const head = ['coefficient', ...fits.flatMap(({ method }) => [method, 'interval']), ...(truth ? ['true'] : [])]
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
    `L(N, D) = E + ((A / N^alpha)^(1/q) + (B / D^beta)^(1/q))^q, ${unitsOf(analysis.runs).loss}; q = 1 is the sum.`,
    `Fitted by ${first.method}: ${lawText(first.law)}.`,
    first.fitError && `Root mean square residual ${significant(first.fitError.rmse)} (${first.fitError.of}).`,
    asymptote &&
      `Profile-likelihood interval of the E of surface at ${percent(bootstrap.confidence)}: [${nats(asymptote[0])}, ${nats(asymptote[1])}].`,
  )
  return [heading('The loss surface'), paragraph({ formula: text }), ...table(head, rows), ...schemeBlocks(analysis)]
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
  return [
    paragraph(
      'The interval of the exponent a by each way of resampling alone; everywhere else the wider of the two is given.',
    ),
    ...table(['method', 'by single runs', 'by whole budgets'], rows),
  ]
}

/** The frontiers' losses at the targets, and what each fit is. */
export function frontierBlocks({ analysis: { frontier } }: Findings<Frontiers>): Block[] {
  const rows = frontier === null ? [] : frontiersOf(frontier).flatMap(frontierRows)
  if (rows.length === 0) return []
  return [
    heading('The loss frontier'),
    paragraph(
      'The best loss as a function of compute, fitted to the best loss of each budget. The straight line has no plateau and is here only for comparison.',
    ),
    ...table(['frontier', 'law', 'residual', 'FLOPs', 'loss', 'interval'], rows, 2),
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
    name: 'straight line',
    fitted: line,
    formula: `L = ${significant(line.fit.law.intercept)} - ${significant(-line.fit.law.slope)} ln C`,
  }
  return [plateau('free plateau', free), plateau("surface's plateau", pinned), straight].filter(
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
