import * as Plot from '@observablehq/plot'
import type { CampaignView } from '../../../campaign/view.ts'
import type { RateCurve } from '../../../plan/evidence.ts'
import { linearAxis, logAxis } from '../../draw/axis.ts'
import { element } from '../../draw/element.ts'
import type { Figure } from '../../draw/figure.ts'
import { type DrawMark, dodge, textWidth, topLabels } from '../../draw/labels.ts'
import { shaded } from '../../draw/marks.ts'
import type { Panel } from '../../draw/panel.ts'
import { budgetColor, budgetColors, budgetSymbols, figureWidth, ink, legible, muted } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { compact, significant } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { range, type UsedRun, usedRuns, valley } from '../facts.ts'

const height = 400
/** More curves than this have no room for their labels; the rest is left out evenly. */
const mostCurves = 5
/** Nats above the best rate that the curves are drawn to, and that the axis of the runs has at least. */
const curveReach = 0.5
const leastReach = 0.08

/** Highest rate that may be asked. */
const capOf = ({ space }: CampaignView): number => space.learningRate.most

interface Cost {
  readonly x: number
  /** Loss above that at the best rate: by the law, and as measured. */
  readonly fitted: number
  readonly measured: number
  readonly color: string
}

const costsOf = (used: readonly UsedRun[]): Cost[] => {
  const colorOf = budgetColors(used.map(({ run }) => run.config.trainFlops))
  return used.map(({ run, fitted }) => ({
    x: run.config.learningRate / fitted.bestRate,
    fitted: fitted.loss - fitted.atBestRate,
    measured: run.loss - fitted.atBestRate,
    color: colorOf(run.config.trainFlops),
  }))
}

interface ShownCurve {
  readonly flops: number
  readonly best: number
  readonly color: string
  readonly isTarget: boolean
}

/** Texts in a row as many as have room: those in the middle are left out first. */
function withRoom<T>(all: readonly T[], widthOf: (one: T) => number, room: number): T[] {
  const left = [...all]
  while (left.length > 1 && left.reduce((sum, one) => sum + widthOf(one), 0) > room)
    left.splice((left.length - 1) >> 1, 1)
  return left
}

/** The budget of each curve below its minimum. */
const minimumLabels =
  (curves: readonly ShownCurve[]): DrawMark =>
  (_, scales, __, { width, marginLeft, marginRight }, { document }) => {
    const told = curves.map((curve) => {
      const text = curve.isTarget ? words().axes.target(compact(curve.flops)) : compact(curve.flops)
      return { ...curve, text, size: textWidth(text) + 4 }
    })
    const named = withRoom(told, ({ size }) => size, width - marginLeft - marginRight)
    const places = dodge(
      named.map(({ best }) => scales.x(best)),
      named.map(({ size }) => size),
      marginLeft,
      width - marginRight,
    )
    const labels = named.map(({ color, text }, k) => {
      const attributes = {
        x: places[k],
        y: scales.y(0) + 20,
        'text-anchor': 'middle',
        'font-size': 12,
        fill: legible(color),
      }
      return element(document, 'text', attributes, text)
    })
    return element(document, 'g', { 'aria-label': 'curve labels' }, ...labels)
  }

function curvesPanel(view: CampaignView, curves: readonly RateCurve[], width: number): Panel {
  const cap = capOf(view)
  const shown = curves.map(({ flops, points }, k) => {
    const least = points.reduce((a, b) => (b.loss < a.loss ? b : a))
    const line = points.map(({ learningRate, loss }) => ({ x: learningRate, y: loss - least.loss }))
    return {
      flops,
      best: least.learningRate,
      isInside: valley(points) !== null, // else the best rate lies beyond the curve's end
      line: line.filter(({ y }) => y <= curveReach),
      color: budgetColor(k / Math.max(1, curves.length - 1)),
      isTarget: flops === view.task.target,
      symbol: budgetSymbols[k % budgetSymbols.length],
    }
  })
  const x = logAxis(
    words().campaignFigures.rates.rate,
    [...shown.flatMap(({ line }) => line.map((point) => point.x)), cap],
    { most: 5 },
  )
  const top = Math.max(...shown.flatMap(({ line }) => line.map((point) => point.y)))
  const y = linearAxis(words().campaignFigures.rates.above, [-0.06 * top, top], { pad: 0.04 })
  return {
    width,
    height,
    margin: { top: 44, right: 16, bottom: 52, left: 52 },
    x,
    y,
    marks: [
      shaded(cap, x, y),
      Plot.ruleX([cap], { stroke: muted, strokeDasharray: '1 3' }),
      topLabels([{ x: cap, text: words().campaignFigures.rates.cap(compact(cap)), color: muted }]),
      ...shown.map(({ line, color, isTarget }) =>
        Plot.line(line, {
          x: 'x',
          y: 'y',
          stroke: color,
          strokeWidth: 1.8,
          ...(isTarget ? { strokeDasharray: '7 4' } : {}),
        }),
      ),
      ...shown
        .filter(({ isInside }) => isInside)
        .map(({ best, color, symbol }) =>
          Plot.dot([{ x: best, y: 0 }], { x: 'x', y: 'y', r: 5, symbol, fill: color, stroke: '#fff', strokeWidth: 1 }),
        ),
      minimumLabels(shown),
    ],
  }
}

function costsPanel(costs: readonly Cost[], top: number, width: number): Panel {
  const shown = costs.filter(({ fitted, measured }) => Math.max(fitted, Math.abs(measured)) <= top)
  const bottom = Math.min(0, ...shown.map(({ measured }) => measured))
  const place = { x: 'x', y: 'measured' }
  return {
    width,
    height,
    margin: { top: 44, right: 16, bottom: 52, left: 52 },
    x: logAxis(words().campaignFigures.rates.over, [...costs.map(({ x }) => x), 1], { most: 5 }),
    y: linearAxis(words().campaignFigures.rates.same, [bottom, top], { pad: 0.04 }),
    marks: [
      Plot.ruleY([0], { stroke: ink, strokeWidth: 1 }),
      Plot.ruleX([1], { stroke: muted, strokeDasharray: '1 3' }),
      Plot.ruleX(shown, {
        x: 'x',
        y1: 'fitted',
        y2: 'measured',
        stroke: 'color',
        strokeOpacity: 0.6,
        strokeWidth: 0.8,
      }),
      Plot.dot(shown, { x: 'x', y: 'fitted', r: 2, fill: '#fff', stroke: 'color', strokeWidth: 1 }),
      Plot.dot(shown, { ...place, r: 3.2, fill: 'color', stroke: '#fff', strokeWidth: 0.5 }),
    ],
  }
}

/** As far up as nineteen of twenty runs lie. */
function topOf(costs: readonly Cost[]): number {
  const sorted = costs.map(({ fitted, measured }) => Math.max(fitted, measured)).sort((a, b) => a - b)
  return 1.1 * Math.max(sorted[Math.floor(0.95 * (sorted.length - 1))] ?? 0, leastReach)
}

export const rates: Figure<CampaignView> = {
  name: 'rates',
  get title() {
    return words().campaignFigures.rates.title
  },
  caption(view) {
    const { estimate } = view
    const bounds = estimate?.interval.learningRate
    const say = words().campaignFigures.rates
    const ends = bounds ? range(bounds, significant) : null
    const costs = costsOf(usedRuns(view))
    const top = topOf(costs)
    const out = costs.filter(({ fitted, measured }) => Math.max(fitted, Math.abs(measured)) > top).length
    return joined(
      say.caption(compact(capOf(view))),
      costs.length > 0 && say.right,
      out > 0 && words().axes.notDrawn(out),
      estimate && say.chosen(compact(estimate.config.learningRate), ends),
    )
  },
  alt: (view) => words().campaignFigures.rates.alt(view.evidence?.rates.length ?? 0, usedRuns(view).length),
  table: (view) => ({
    columns: [words().axes.compute, words().campaignFigures.rates.rate],
    rows: (view.evidence?.rates ?? []).flatMap(({ flops, points }) => {
      if (points.length === 0) return []
      const least = points.reduce((a, b) => (b.loss < a.loss ? b : a))
      return [[compact(flops), significant(least.learningRate)]]
    }),
  }),
  draw(view) {
    const curves = thin(
      (view.evidence?.rates ?? []).filter(({ points }) => points.length > 1),
      mostCurves,
    )
    const costs = costsOf(usedRuns(view))
    if (curves.length === 0) return null
    const top = topOf(costs)
    const half = figureWidth / 2
    const parts = [{ x: 0, y: 0, content: curvesPanel(view, curves, costs.length > 0 ? half : figureWidth) }]
    if (costs.length > 0) parts.push({ x: half, y: 0, content: costsPanel(costs, top, half) })
    return { height, parts }
  },
}
