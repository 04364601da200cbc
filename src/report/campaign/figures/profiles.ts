import * as Plot from '@observablehq/plot'
import type { CampaignView } from '../../../campaign/view.ts'
import { groupBy } from '../../../core/group-by.ts'
import { logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel, placesIn } from '../../draw/figure.ts'
import { pointLabels } from '../../draw/labels.ts'
import { symbols } from '../../draw/marks.ts'
import type { Mark } from '../../draw/panel.ts'
import { budgetColor, budgetSymbols } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { compact, nats, significant } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { budgetsOf, isTrained, type MeasuredRun, usedRuns, valley } from '../facts.ts'

const height = 540
/** More curves than this cannot be told apart; the rest is left out evenly. */
const mostProfiles = 18

interface Point {
  readonly x: number
  readonly y: number
}

/** A run, as measured and as it would be at the hyperparameters of the curve. */
interface ShownRun extends Point {
  readonly measured: number
}

/** One budget's drawing. */
interface Shown {
  readonly flops: number
  readonly color: string
  readonly symbol: (typeof budgetSymbols)[number]
  readonly runs: readonly ShownRun[]
  /** Runs that are not in the fit. */
  readonly aside: readonly Point[]
  readonly curve: readonly Point[]
  readonly minimum: Point | null
  readonly isTarget: boolean
}

type Drawing = Pick<Shown, 'flops' | 'runs' | 'aside' | 'curve'>

/** The law's profiles with the runs of their budgets, corrected to the best hyperparameters; also budgets of which no run is in the fit. */
function fittedDrawings(view: CampaignView): Drawing[] {
  const used = usedRuns(view)
  const runsAt = (flops: number) =>
    used
      .filter(({ run }) => run.config.trainFlops === flops)
      .map(({ run, fitted, residual }) => ({ x: run.parameters, y: fitted.tuned + residual, measured: run.loss }))
  const fitted = new Set(used.map(({ run }) => run))
  const trained = view.runs.filter(isTrained)
  const others = trained.filter((run) => !fitted.has(run))
  const curves = new Map((view.evidence?.profiles ?? []).map(({ flops, points }) => [flops, points]))
  const budgets = [...new Set([...budgetsOf(trained), ...curves.keys()])].sort((a, b) => a - b)
  return budgets.map((flops) => ({
    flops,
    runs: runsAt(flops),
    aside: others
      .filter(({ config }) => config.trainFlops === flops)
      .map(({ parameters, loss }) => ({ x: parameters, y: loss })),
    curve: (curves.get(flops) ?? []).map(({ parameters, loss }) => ({ x: parameters, y: loss })),
  }))
}

/** Without a law: the runs as they are, a line through the lowest of each size. */
function measuredDrawings({ runs: all }: CampaignView): Drawing[] {
  const trained = all.filter(isTrained)
  return budgetsOf(trained).map((flops) => {
    const own = trained.filter(({ config }) => config.trainFlops === flops)
    const runs = own.map((run) => ({ x: run.parameters, y: run.loss, measured: run.loss }))
    return { flops, runs, aside: [], curve: lowestOfEachSize(own) }
  })
}

const lowestOfEachSize = (runs: readonly MeasuredRun[]): Point[] =>
  [...groupBy(runs, ({ parameters }) => parameters)]
    .map(([x, group]) => ({ x, y: Math.min(...group.map(({ loss }) => loss)) }))
    .sort((a, b) => a.x - b.x)

const isFitted = ({ evidence }: CampaignView): boolean => (evidence?.profiles ?? []).length > 0

function shownOf(view: CampaignView): Shown[] {
  const drawings = thin(isFitted(view) ? fittedDrawings(view) : measuredDrawings(view), mostProfiles)
  const last = Math.max(1, drawings.length - 1)
  return drawings.map((drawing, k) => ({
    ...drawing,
    color: budgetColor(k / last),
    symbol: budgetSymbols[k % budgetSymbols.length],
    minimum: isFitted(view) ? minimumOf(drawing.curve) : null,
    isTarget: drawing.flops === view.task.target,
  }))
}

function minimumOf(curve: readonly Point[]): Point | null {
  const least = valley(curve.map((point) => ({ ...point, loss: point.y })))
  return least && { x: least.x, y: least.y }
}

function marksOf({ color, symbol, runs, aside, curve, minimum, isTarget }: Shown, fitted: boolean): Mark[] {
  const place = { x: 'x', y: 'y' }
  return [
    Plot.ruleX(runs, { x: 'x', y1: 'y', y2: 'measured', stroke: color, strokeOpacity: 0.45, strokeWidth: 0.8 }),
    Plot.line(curve, {
      ...place,
      stroke: color,
      strokeWidth: fitted ? 1.8 : 1,
      ...(isTarget ? { strokeDasharray: '7 4' } : {}),
    }),
    symbols(runs, { symbol, r: 3, fill: color }),
    Plot.dot(aside, { ...place, symbol, r: 3, fill: '#fff', stroke: color, strokeWidth: 1.2 }),
    minimum && Plot.dot([minimum], { ...place, r: 6, fill: color, stroke: '#fff', strokeWidth: 1.2 }),
  ]
}

const labelOf = ({ flops, color, runs, aside, curve, isTarget }: Shown) => {
  const end = curve.at(-1) ?? [...runs, ...aside].reduce((right, point) => (point.x > right.x ? point : right))
  return { ...end, text: isTarget ? words().axes.target(compact(flops)) : compact(flops), color }
}

export const profiles: Figure<CampaignView> = {
  name: 'profiles',
  get title() {
    return words().campaignFigures.profiles.title
  },
  caption(view) {
    if (!isFitted(view)) return words().campaignFigures.profiles.measured
    const say = words().campaignFigures.profiles
    const has = (test: (one: Shown) => boolean) => shownOf(view).some(test)
    return joined(
      say.caption,
      has(({ minimum }) => minimum !== null) && say.large,
      say.small,
      has(({ aside }) => aside.length > 0) && say.hollow,
      has(({ isTarget }) => isTarget) && say.dashed,
    )
  },
  alt(view) {
    const shown = shownOf(view)
    const ends = [shown[0], shown[shown.length - 1]].map((one) => (one ? compact(one.flops) : '-'))
    return words().campaignFigures.profiles.alt(shown.length, ends[0], ends[1], isFitted(view))
  },
  table: (view) => ({
    columns: [words().axes.compute, words().axes.parameters, words().axes.loss('nats/token')],
    rows: shownOf(view).flatMap(({ flops, curve }) => {
      if (curve.length === 0) return []
      const least = curve.reduce((a, b) => (b.y < a.y ? b : a))
      return [[compact(flops), significant(least.x), nats(least.y)]]
    }),
  }),
  places(view, drawing) {
    const used = new Map(usedRuns(view).map((one) => [one.run, one]))
    const shown = new Set(shownOf(view).map(({ flops }) => flops))
    return placesIn(
      drawing,
      0,
      view.runs.flatMap((run, k) => {
        if (!isTrained(run) || !shown.has(run.config.trainFlops)) return []
        const fitted = used.get(run)
        return [{ run: k, x: run.parameters, y: fitted ? fitted.fitted.tuned + fitted.residual : run.loss }]
      }),
    )
  },
  draw(view) {
    const shown = shownOf(view)
    const all = shown.flatMap(({ runs, aside, curve }) => [
      ...runs,
      ...aside,
      ...runs.map(({ x, measured }) => ({ x, y: measured })),
      ...curve,
    ])
    if (new Set(all.map(({ x }) => x)).size < 2) return null // a single size is no profile
    const obstacles = shown.flatMap(({ runs, aside, curve }) => [
      ...[...runs, ...aside].map((point) => ({ ...point, weight: 60 })),
      ...curve.map((point) => ({ ...point, weight: 6 })),
    ])
    const xs = all.map(({ x }) => x)
    const ys = all.map(({ y }) => y)
    return onePanel({
      height,
      margin: { top: 30, right: 96, bottom: 52, left: 52 },
      x: logAxis(words().axes.coreParameters, xs),
      y: logAxis(words().axes.lossLogarithmic, ys, { most: 10 }),
      marks: [
        ...shown.flatMap((one) => marksOf(one, isFitted(view))),
        pointLabels(shown.map(labelOf), obstacles, 'right'),
      ],
    })
  },
}
