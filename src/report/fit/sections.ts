import type { Analysis } from '../../fit/analysis.ts'
import type { Interval } from '../../fit/bootstrap.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import type { FigureText } from '../draw/svg.ts'
import {
  compact,
  count,
  counted,
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
import { Html, html, raised, table } from '../page/html.ts'
import { availableMethods, predictionAt } from './facts.ts'
import { capital } from './text.ts'
import { againstTruth, answerOf, beyondRuns, lawText, openOf, reportedBudgets, topWarnings } from './words.ts'

const empty = new Html('')

/** The answer in one paragraph, and the warnings that bear on it. */
export function answerSection(analysis: Analysis, truth: SurfaceLaw | null): Html {
  const answer = answerOf(analysis, truth)
  const open = openOf(analysis)
  if (open)
    return html`<p class="answer"><strong>These runs do not determine a law:</strong> ${open.why}.</p>
<ul>${[...open.told.map((sentence) => `${capital(sentence)}.`), open.next].filter(Boolean).map((sentence) => html`<li>${sentence}</li>`)}</ul>`
  if (answer === null) return html`<p class="answer">No method could be fitted to these runs.</p>`
  const { where, size, loss, growth, others, truth: known } = answer
  const numbers = [size, loss].filter(Boolean).join('; ')
  const sentences = [capital(growth), others && `Of the other methods, ${others}`, capital(known)]
    .filter(Boolean)
    .map((sentence) => `${sentence}.`)
  const warnings = topWarnings(analysis, 3)
  return html`<p class="answer">${where}: <strong>${numbers}</strong>. ${raised(sentences.join(' '))}</p>
${warnings.length > 0 ? html`<p>Before relying on this:</p><ul>${warnings.map(({ message, advice }) => html`<li>${message} ${advice}</li>`)}</ul>` : empty}`
}

/** The methods at the largest reported budget. */
export function comparisonSection(analysis: Analysis, truth: SurfaceLaw | null): Html {
  const C = reportedBudgets(analysis).at(-1)!
  const head = ['method', 'exponent a', 'N', 'D', 'loss', 'excess loss', ...truthHead(truth)]
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
  return html`<h2>The methods at ${compact(C)} FLOPs</h2>
<p>${capital(beyondRuns(analysis, C))}. N = k C<sup>a</sup>; excess loss is what the method’s N costs beyond the leading law’s optimum, in
nats/token; intervals at ${percent(analysis.bootstrap.confidence)}.${truth ? ' The last two columns compare with the law that generated the runs.' : ''}</p>
${table(head, rows)}
${without.length > 0 ? html`<ul>${without.map(({ method, unavailable }) => html`<li>${method}: ${unavailable}.</li>`)}</ul>` : empty}`
}

/** A number with its interval below. */
function estimate(value: number | null | undefined, ends?: Interval | null, format: Format = significant): Html {
  if (value === null || value === undefined) return html`-`
  return html`${format(value)}${ends ? html`<br><small>${interval(value, ends, format)}</small>` : empty}`
}

const truthHead = (truth: SurfaceLaw | null): string[] => (truth ? ['N / true N', 'true excess'] : [])

function truthCells(truth: SurfaceLaw | null, at: ReturnType<typeof predictionAt>): string[] {
  if (!truth) return []
  if (!at) return ['-', '-']
  const { ratio: times, excess: cost } = againstTruth(truth, at)
  return [ratio(times), excess(cost)]
}

/** The budgets that a method left out or kept with a reservation, those of one reason together. */
export function budgetsSection({ methods }: Analysis): Html {
  const groups = Map.groupBy(
    methods.flatMap(({ method, excluded }) => excluded.map((entry) => ({ method, ...entry }))),
    ({ method, reason }) => `${method}: ${reason}`,
  )
  if (groups.size === 0) return empty
  const lines = [...groups].map(([words, entries]) => {
    const budgets = entries.flatMap(({ budget }) => (budget === null ? [] : [compact(budget)]))
    return budgets.length > 0 ? `${words} (at ${listed(budgets)} FLOPs)` : words
  })
  return html`<h2>Budgets with a reservation</h2>
<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`
}

/** A figure with its caption; the SVG is our own and needs no escaping. */
export const figureSection = ({ name, title, caption, svg }: FigureText): Html =>
  html`<figure id="figure-${name}">
<h3>${title}</h3>
${new Html(svg)}<figcaption>${caption}</figcaption>
</figure>`

/** The surface's coefficients with their intervals, beside the other fit of the same law and the truth. */
export function surfaceSection(analysis: Analysis, truth: SurfaceLaw | null): Html {
  const fits = analysis.methods.filter(({ law }) => law !== null)
  const [first] = fits
  if (!first?.law) return empty
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
  return html`<h2>The loss surface</h2>
<p>L(N, D) = E + ((A / N<sup>alpha</sup>)<sup>1/q</sup> + (B / D<sup>beta</sup>)<sup>1/q</sup>)<sup>q</sup>, nats per token; q = 1 is the sum. Fitted by ${first.method}: ${raised(lawText(first.law))}.
${first.fitError ? `Root mean square residual ${significant(first.fitError.rmse)} (${first.fitError.of}).` : ''}
${asymptote ? `Profile-likelihood interval of the E of surface at ${percent(bootstrap.confidence)}: [${nats(asymptote[0])}, ${nats(asymptote[1])}].` : ''}</p>
${table(head, rows)}
${schemesTable(analysis)}`
}

/** The exponent's interval by each bootstrap scheme alone: how much the budgets err together. */
function schemesTable({ methods }: Analysis): Html {
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
  if (rows.length === 0) return empty
  return html`<p>The interval of the exponent a by each way of resampling alone; everywhere else the wider of the two is given.</p>
${table(['method', 'single runs err', 'whole budgets err'], rows)}`
}

/** What each method would have said of the withheld budgets. */
export function backtestSection({ backtests }: Analysis): Html {
  if (backtests.length === 0) return empty
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
  return html`<h2>Backtest</h2>
<p>Each method fitted without the one, two and three largest budgets. Ratio: its N over the minimum of the withheld budget’s own
parabola, - where that has none inside. Loss difference: predicted best loss minus that minimum, nats. Loss error: root mean
square over the withheld runs, nats.</p>
${table(['method', 'withheld', 'budget', 'ratio of N', 'loss difference', 'loss error'], rows)}`
}

const signed: Format = (x) => (x > 0 ? `+${significant(x)}` : significant(x))

/** Every target by every method. */
export function predictionsSection(analysis: Analysis, truth: SurfaceLaw | null): Html {
  const rows = reportedBudgets(analysis).flatMap((C) =>
    analysis.methods.flatMap(({ method }) => {
      const at = predictionAt(analysis, method, C)
      if (!at) return []
      const { parameters, tokens, loss, excessLoss, interval: ends } = at
      return [
        [
          compact(C),
          method,
          estimate(parameters, ends.parameters),
          estimate(tokens, ends.tokens),
          ratio(tokens / parameters),
          estimate(loss, ends.loss, nats),
          orDash(excessLoss, excess),
          ...truthCells(truth, at),
        ],
      ]
    }),
  )
  if (rows.length === 0) return empty
  const head = ['FLOPs', 'method', 'N', 'D', 'D/N', 'loss', 'excess loss']
  return html`<h2>Predictions</h2>
<p>The interval of the loss is that of the law at its optimum, not of a single noisy run.</p>
${table([...head, ...truthHead(truth)], rows, 2)}`
}

/** The frontiers' losses at the targets, and what each fit is. */
export function frontierSection({ frontier }: Analysis): Html {
  if (frontier === null) return empty
  const { free, pinned, line } = frontier
  const plateau = (name: string, outcome: typeof free) =>
    outcome && {
      name,
      outcome,
      formula: `L = ${nats(outcome.fit.law.E)} + ${significant(outcome.fit.law.coefficient)} / C^${exponent(outcome.fit.law.exponent)}`,
    }
  const rows = [
    plateau('free plateau', free),
    plateau("surface's plateau", pinned),
    line && {
      name: 'straight line',
      outcome: line,
      formula: `L = ${significant(line.fit.law.intercept)} - ${significant(-line.fit.law.slope)} ln C`,
    },
  ].flatMap((entry) => {
    if (!entry) return []
    const { predictions, fit } = entry.outcome
    const cells = (flops: string, loss: string, ends: string) => [
      entry.name,
      raised(entry.formula),
      significant(fit.rmse),
      flops,
      loss,
      ends,
    ]
    if (predictions.length === 0) return [cells('-', '-', '-')]
    return predictions.map((at) => cells(compact(at.flops), nats(at.loss), interval(at.loss, at.interval, nats)))
  })
  if (rows.length === 0) return empty
  return html`<h2>The loss frontier</h2>
<p>The best loss as a function of compute, fitted to the best loss of each budget. The straight line has no plateau and is here
only for comparison.</p>
${table(['frontier', 'law', 'residual', 'FLOPs', 'loss', 'interval'], rows, 2)}`
}

export function diagnosticsSection(analysis: Analysis): Html {
  const notes = analysis.diagnostics.filter(({ severity }) => severity === 'info')
  const rows = [...topWarnings(analysis, Number.POSITIVE_INFINITY), ...notes]
  if (rows.length === 0) return html`<h2>Diagnostics</h2><p>Nothing to report.</p>`
  return html`<h2>Diagnostics</h2>
<dl>${rows.map(
    ({ code, severity, message, advice }) =>
      html`<dt class="${severity}">${severity === 'warning' ? 'Warning' : 'Note'} <code>${code}</code></dt><dd>${message} <span class="advice">${advice}</span></dd>\n`,
  )}</dl>`
}

/** Rows that are in no fit. */
const mostExclusions = 200

export interface DataSummary {
  readonly read: number
  readonly checkpoints?: number | undefined
  readonly excluded: readonly { readonly source: string; readonly row: number; readonly reason: string }[]
  readonly notes: readonly string[]
  readonly sources: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[]
}

export function exclusionsSection({ excluded }: DataSummary): Html {
  if (excluded.length === 0) return empty
  const shown = excluded.slice(0, mostExclusions)
  const rest = excluded.length - shown.length
  const rows = shown.map(({ source, row, reason }) => [source, count(row), reason])
  return html`<h2>Rows in no fit</h2>
${table(['source', 'row', 'reason'], rows, 3)}
${rest > 0 ? html`<p>And ${counted(rest, 'more row')}.</p>` : empty}`
}

export function dataSection({ read, checkpoints = 0, excluded, notes, sources }: DataSummary, used: number): Html {
  const rows = sources.map(({ name, rows, sha256 }) => [name, html`<code class="hash">${sha256}</code>`, count(rows)])
  return html`<h2>Data</h2>
<p>${counted(read, 'row')} read, ${counted(used, 'run')} used${checkpoints > 0 ? `, ${counted(checkpoints, 'earlier checkpoint')} set aside` : ''},
${counted(excluded.length, 'row')} excluded.</p>
${table(['source', 'SHA-256', 'rows'], rows, 2)}
${notes.length > 0 ? html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>` : empty}`
}
