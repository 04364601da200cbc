import * as Plot from '@observablehq/plot'
import type { CampaignView } from '../../../campaign/view.ts'
import { groupBy } from '../../../core/group-by.ts'
import { type Axis, linearAxis } from '../../draw/axis.ts'
import type { Figure } from '../../draw/figure.ts'
import type { Panel } from '../../draw/panel.ts'
import { figureWidth, ink, truthColor } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { compact, nats, significant, withInterval } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { backtestRuns, type ForetoldRun, foretoldRuns, isInside } from '../facts.ts'

const height = 340
const band = '#b9d5e8'
const margin = { top: 34, right: 14, bottom: 52, left: 64 }
/** Places between two budgets, pixels for the name of one, and the most places that a budget gets for its name. */
const gap = 1
const nameWidth = 42
const mostRoom = 12
/** Rows of the table; of more runs some are chosen evenly. */
const mostRows = 60

/** One run: its place in the row, and what was measured and believed beside the prediction, nats. */
interface Shown {
  readonly x: number
  readonly measured: number
  readonly low: number
  readonly high: number
  readonly inside: boolean
}

interface Row {
  readonly shown: readonly Shown[]
  readonly axis: Axis
  /** Pixels from run to run. */
  readonly step: number
}

/** Runs in a row by their budget, then by their loss, with a gap between budgets and room for the name of each. */
function rowOf(runs: readonly ForetoldRun[], width: number): Row {
  const groups = [...groupBy(runs, ({ run }) => run.config.trainFlops)].sort(([p], [q]) => p - q)
  const inner = width - margin.left - margin.right
  const lengthWith = (least: number) => groups.reduce((sum, [, { length }]) => sum + Math.max(length, least) + gap, 0)
  let least = 1
  while (least < mostRoom && (least + gap) * inner < nameWidth * lengthWith(least)) least++
  const shown: Shown[] = []
  const ticks = new Map<number, string>()
  let next = 0
  for (const [flops, group] of groups) {
    const room = Math.max(group.length, least)
    const first = next + (room - group.length) / 2
    ticks.set(next + (room - 1) / 2, compact(flops))
    const byLoss = group.toSorted((a, b) => a.predicted - b.predicted)
    shown.push(...byLoss.map((entry, k) => shownOf(entry, first + k)))
    next += room + gap
  }
  const domain = [-1, next - gap] as const
  const label = words().axes.compute
  const step = inner / (domain[1] - domain[0])
  return {
    shown,
    axis: {
      type: 'linear',
      domain,
      label,
      ticks: apart([...ticks.keys()], nameWidth / step),
      format: (x) => ticks.get(x) ?? '',
    },
    step,
  }
}

/** Of ascending places the last, and those before it that are so far apart: where there is no room, a budget has no name. */
function apart(places: readonly number[], least: number): number[] {
  const kept: number[] = []
  for (const place of places.toReversed())
    if (kept.length === 0 || kept[kept.length - 1] - place >= least) kept.push(place)
  return kept.reverse()
}

const shownOf = (entry: ForetoldRun, x: number): Shown => ({
  x,
  measured: entry.run.loss - entry.predicted,
  low: entry.interval[0] - entry.predicted,
  high: entry.interval[1] - entry.predicted,
  inside: isInside(entry),
})

function rowPanel({ shown, axis, step }: Row, width: number, title: string): Panel {
  const points = (inside: boolean) => shown.filter((one) => one.inside === inside)
  const place = { x: 'x', y: 'measured' }
  const values = shown.flatMap(({ measured, low, high }) => [measured, low, high])
  return {
    width,
    height,
    margin,
    x: axis,
    y: linearAxis(title, values),
    marks: [
      Plot.ruleX([...shown], { x: 'x', y1: 'low', y2: 'high', stroke: band, strokeWidth: Math.min(5, 0.6 * step) }),
      Plot.ruleY([0], { stroke: ink, strokeWidth: 1 }),
      Plot.dot(points(true), { ...place, r: 3.2, fill: ink, stroke: '#fff', strokeWidth: 0.6 }),
      Plot.dot(points(false), { ...place, r: 4.2, fill: '#fff', stroke: truthColor, strokeWidth: 2 }),
    ],
  }
}

/** What there is to draw: runs held back from the fit, and runs foretold while the campaign went on. */
const kindsOf = (view: CampaignView) =>
  [
    { title: words().campaignFigures.backtest.fromCheaper, runs: backtestRuns(view) },
    { title: words().campaignFigures.backtest.whenBought, runs: foretoldRuns(view) },
  ].filter(({ runs }) => runs.length > 0)

/** `9 of 10 runs inside`. */
const insideText = (runs: readonly ForetoldRun[]): string =>
  words().campaignFigures.backtest.inside(runs.filter(isInside).length, runs.length)

export const backtest: Figure<CampaignView> = {
  name: 'backtest',
  get title() {
    return words().campaignFigures.backtest.title
  },
  caption(view) {
    const [withheld, foretold] = [backtestRuns(view), foretoldRuns(view)]
    const below = Math.min(...(view.evidence?.backtest ?? []).map(({ fittedBelow }) => fittedBelow))
    const say = words().campaignFigures.backtest
    return joined(
      say.caption,
      withheld.length > 0 && say.withheld(compact(below), insideText(withheld)),
      foretold.length > 0 && say.before(insideText(foretold)),
    )
  },
  alt: (view) =>
    words().campaignFigures.backtest.alt(
      kindsOf(view)
        .map(({ runs }) => insideText(runs))
        .join(words().marks.semicolon),
    ),
  table: (view) => ({
    columns: [
      words().axes.compute,
      words().axes.parameters,
      words().campaignFigures.backtest.predicted,
      words().axes.loss('nats/token'),
    ],
    rows: thin([...backtestRuns(view), ...foretoldRuns(view)], mostRows).map(({ run, predicted, interval }) => [
      compact(run.config.trainFlops),
      significant(run.parameters),
      withInterval(predicted, interval, nats),
      nats(run.loss),
    ]),
  }),
  draw(view) {
    const kinds = kindsOf(view)
    if (kinds.length === 0) return null
    // As wide as their runs are many, but each at least two fifths.
    const total = kinds.reduce((sum, { runs }) => sum + runs.length, 0)
    const share = kinds.length === 1 ? 1 : Math.min(0.6, Math.max(0.4, kinds[0].runs.length / total))
    const widths = [figureWidth * share, figureWidth * (1 - share)]
    const parts = kinds.map(({ runs, title }, k) => ({
      x: k === 0 ? 0 : widths[0],
      y: 0,
      content: rowPanel(rowOf(runs, widths[k]), widths[k], title),
    }))
    return { height, parts }
  },
}
