import * as Plot from '@observablehq/plot'
import { queryLimits } from '../../../core/limits.ts'
import type { RateCurve } from '../../../plan/evidence.ts'
import { linearAxis, logAxis } from '../../draw/axis.ts'
import { compose, element, type SvgDocument, type SvgElement } from '../../draw/element.ts'
import { type DrawMark, dodge, textWidth, topLabels } from '../../draw/labels.ts'
import { drawn, drawPanel } from '../../draw/panel.ts'
import { budgetColor, budgetSymbols, figureWidth, ink, muted, shade } from '../../draw/style.ts'
import { thin } from '../../fit/facts.ts'
import { compact, counted, significant } from '../../number.ts'
import { range, type UsedRun, usedRuns, valley } from '../facts.ts'
import type { CampaignFigure, CampaignReport } from '../input.ts'

const height = 400
/** More curves than this have no room for their labels; the rest is left out evenly. */
const mostCurves = 5
/** Nats above the best rate that the curves are drawn to, and that the axis of the runs has at least. */
const curveReach = 0.5
const leastReach = 0.08

/** Highest rate that may be asked. */
const capOf = ({ limits = queryLimits }: CampaignReport): number => limits.learningRate.most

interface Cost {
  readonly x: number
  /** Loss above that at the best rate: by the law, and as measured. */
  readonly fitted: number
  readonly measured: number
  readonly color: string
}

const costsOf = (used: readonly UsedRun[]): Cost[] => {
  const logs = used.map(({ run }) => Math.log(run.config.trainFlops))
  const [low, high] = [Math.min(...logs), Math.max(...logs)]
  return used.map(({ run, fitted }, i) => ({
    x: run.config.learningRate / fitted.bestRate,
    fitted: fitted.loss - fitted.atBestRate,
    measured: run.loss - fitted.atBestRate,
    color: budgetColor(high > low ? (logs[i] - low) / (high - low) : 1),
  }))
}

interface ShownCurve {
  readonly flops: number
  readonly best: number
  readonly color: string
  readonly isTarget: boolean
}

/** The budget of each curve below its minimum. */
const minimumLabels =
  (curves: readonly ShownCurve[]): DrawMark =>
  (_, scales, __, { width, marginLeft, marginRight }, { document }) => {
    const texts = curves.map(({ flops, isTarget }) => (isTarget ? `target ${compact(flops)}` : compact(flops)))
    const places = dodge(
      curves.map(({ best }) => scales.x(best)),
      texts.map((text) => textWidth(text) + 4),
      marginLeft,
      width - marginRight,
    )
    const labels = curves.map(({ color }, k) => {
      const attributes = { x: places[k], y: scales.y(0) + 20, 'text-anchor': 'middle', 'font-size': 12, fill: color }
      return element(document, 'text', attributes, texts[k])
    })
    return element(document, 'g', { 'aria-label': 'curve labels' }, ...labels)
  }

function drawCurves(document: SvgDocument, report: CampaignReport, curves: readonly RateCurve[], width: number) {
  const cap = capOf(report)
  const shown = curves.map(({ flops, points }, k) => {
    const least = points.reduce((a, b) => (b.loss < a.loss ? b : a))
    const line = points.map(({ learningRate, loss }) => ({ x: learningRate, y: loss - least.loss }))
    return {
      flops,
      best: least.learningRate,
      isInside: valley(points) !== null, // else the best rate lies beyond the curve's end
      line: line.filter(({ y }) => y <= curveReach),
      color: budgetColor(k / Math.max(1, curves.length - 1)),
      isTarget: flops === report.task.target,
      symbol: budgetSymbols[k % budgetSymbols.length],
    }
  })
  const x = logAxis('learning rate', [...shown.flatMap(({ line }) => line.map((point) => point.x)), cap], { most: 5 })
  const top = Math.max(...shown.flatMap(({ line }) => line.map((point) => point.y)))
  const y = linearAxis('loss above the best rate (nats)', [-0.06 * top, top], { pad: 0.04 })
  const beyond = { x1: cap, x2: x.domain[1], y1: y.domain[0], y2: y.domain[1] }
  return drawPanel(document, {
    width,
    height,
    margin: { top: 44, right: 16, bottom: 52, left: 52 },
    x,
    y,
    marks: [
      Plot.rect([beyond], { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: shade }),
      Plot.ruleX([cap], { stroke: muted, strokeDasharray: '1 3' }),
      drawn(topLabels([{ x: cap, text: `cap ${compact(cap)}`, color: muted }])),
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
      drawn(minimumLabels(shown)),
    ],
  })
}

function drawCosts(document: SvgDocument, costs: readonly Cost[], top: number, width: number): SvgElement {
  const shown = costs.filter(({ fitted, measured }) => Math.max(fitted, Math.abs(measured)) <= top)
  const bottom = Math.min(0, ...shown.map(({ measured }) => measured))
  const place = { x: 'x', y: 'measured' }
  return drawPanel(document, {
    width,
    height,
    margin: { top: 44, right: 16, bottom: 52, left: 52 },
    x: logAxis('learning rate over the best one', [...costs.map(({ x }) => x), 1], { most: 5 }),
    y: linearAxis('the same of each run (nats)', [bottom, top], { pad: 0.04 }),
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
  })
}

/** As far up as nineteen of twenty runs lie. */
function topOf(costs: readonly Cost[]): number {
  const sorted = costs.map(({ fitted, measured }) => Math.max(fitted, measured)).sort((a, b) => a - b)
  return 1.1 * Math.max(sorted[Math.floor(0.95 * (sorted.length - 1))] ?? 0, leastReach)
}

export const rates: CampaignFigure = {
  name: 'rates',
  title: 'What the learning rate costs',
  caption(report) {
    const { interval, config } = report.campaign.prediction
    const ends = interval.learningRate ? ` (95 %: ${range(interval.learningRate, significant)})` : ''
    const costs = costsOf(usedRuns(report))
    const top = topOf(costs)
    const out = costs.filter(({ fitted, measured }) => Math.max(fitted, Math.abs(measured)) > top).length
    return [
      `Left: the fitted loss above that of the best learning rate, for a model of the best size at each budget; grey: rates above ${compact(capOf(report))}, which may not be asked.`,
      costs.length > 0
        ? 'Right: the same of each run, over the best rate for its own size and tokens: discs as measured, small circles as fitted; darker is a larger budget.'
        : '',
      out > 0 ? `Not drawn: ${counted(out, 'run')} farther up or down.` : '',
      `At the target ${compact(config.learningRate)} is chosen${ends}.`,
    ]
      .filter(Boolean)
      .join(' ')
  },
  alt: (report) =>
    `Loss above the best learning rate against the rate, for ${counted(report.evidence?.rates.length ?? 0, 'budget')}, and of ${counted(usedRuns(report).length, 'run')}.`,
  draw(report, document) {
    const curves = thin(
      (report.evidence?.rates ?? []).filter(({ points }) => points.length > 1),
      mostCurves,
    )
    const costs = costsOf(usedRuns(report))
    if (curves.length === 0) return null
    const top = topOf(costs)
    const half = figureWidth / 2
    const parts = [{ svg: drawCurves(document, report, curves, costs.length > 0 ? half : figureWidth), x: 0, y: 0 }]
    if (costs.length > 0) parts.push({ svg: drawCosts(document, costs, top, half), x: half, y: 0 })
    return compose(document, { width: figureWidth, height, label: this.alt(report) }, parts)
  },
}
