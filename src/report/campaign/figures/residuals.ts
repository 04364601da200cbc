import * as Plot from '@observablehq/plot'
import { type Axis, linearAxis, logAxis } from '../../draw/axis.ts'
import { compose, type SvgDocument, type SvgElement } from '../../draw/element.ts'
import { endLabels } from '../../draw/labels.ts'
import { drawn, drawPanel } from '../../draw/panel.ts'
import { budgetColor, figureWidth, ink, muted } from '../../draw/style.ts'
import { counted, significant } from '../../number.ts'
import { halfWidth, rootMeanSquare, type UsedRun, usedRuns } from '../facts.ts'
import type { CampaignFigure } from '../input.ts'

const height = 380
/** Standard deviations beyond which runs are drawn at the border, so that they do not flatten the rest. */
const farthest = 5

interface Point {
  readonly x: number
  readonly y: number
  readonly color: string
}

interface Side {
  readonly x: Axis
  readonly title: string
  readonly points: readonly Point[]
  /** Half the height of the axis. */
  readonly limit: number
  readonly levels: readonly number[]
}

/** Compute on a scale from 0 to 1, for the colours. */
function ranks(used: readonly UsedRun[]): (C: number) => number {
  const logs = used.map(({ run }) => Math.log(run.config.trainFlops))
  const [low, high] = [Math.min(...logs), Math.max(...logs)]
  return (C) => (high > low ? (Math.log(C) - low) / (high - low) : 1)
}

function sidesOf(used: readonly UsedRun[]): { nats: Side; deviations: Side } {
  const rank = ranks(used)
  const color = ({ run }: UsedRun) => budgetColor(rank(run.config.trainFlops))
  const most = (values: readonly number[]) => Math.max(...values.map(Math.abs))
  const scaled = used.map(({ residual, fitted }) => residual / fitted.sd)
  const limits = {
    nats: 1.08 * Math.max(most(used.map(({ residual }) => residual)), 1e-6),
    deviations: 1.08 * Math.min(Math.max(most(scaled), 2.4), farthest),
  }
  return {
    nats: {
      x: logAxis(
        'training compute C (FLOPs)',
        used.map(({ run }) => run.config.trainFlops),
        { pad: 0.06, most: 5 },
      ),
      title: 'measured − fitted (nats/token)',
      points: used.map((entry) => ({ x: entry.run.config.trainFlops, y: entry.residual, color: color(entry) })),
      limit: limits.nats,
      levels: [],
    },
    deviations: {
      x: linearAxis(
        'fitted loss (nats/token)',
        used.map(({ fitted }) => fitted.loss),
        { most: 6 },
      ),
      title: 'in standard deviations of each run',
      points: used.map((entry, i) => ({ x: entry.fitted.loss, y: scaled[i], color: color(entry) })),
      limit: limits.deviations,
      levels: [-halfWidth, halfWidth],
    },
  }
}

function drawSide(document: SvgDocument, { x, title, points, limit, levels }: Side, width: number): SvgElement {
  const inside = points.filter(({ y }) => Math.abs(y) <= limit)
  const border = points
    .filter(({ y }) => Math.abs(y) > limit)
    .map((point) => ({ ...point, y: Math.sign(point.y) * limit * 0.97 }))
  const labels = levels.map((y) => ({
    x: x.domain[1],
    y,
    text: `${y > 0 ? '+' : '−'}${halfWidth} sd`,
    color: muted,
  }))
  return drawPanel(document, {
    width,
    height,
    margin: { top: 34, right: levels.length > 0 ? 84 : 14, bottom: 52, left: 64 },
    x,
    y: linearAxis(title, [-limit, limit], { pad: 0 }),
    marks: [
      Plot.ruleY([0], { stroke: ink, strokeWidth: 1 }),
      Plot.ruleY([...levels], { stroke: muted, strokeDasharray: '5 4' }),
      Plot.dot(inside, { x: 'x', y: 'y', r: 3.4, fill: 'color', stroke: '#fff', strokeWidth: 0.5 }),
      Plot.dot(border, {
        x: 'x',
        y: 'y',
        r: 4.5,
        symbol: 'triangle',
        rotate: ({ y }: Point) => (y > 0 ? 0 : 180), // it points to where the run lies
        fill: '#fff',
        stroke: 'color',
        strokeWidth: 1.6,
      }),
      drawn(endLabels(labels)),
    ],
  })
}

export const residuals: CampaignFigure = {
  name: 'residuals',
  title: 'What the law leaves over',
  caption(report) {
    const used = usedRuns(report)
    const far = used.filter(({ residual, fitted }) => Math.abs(residual / fitted.sd) > 1.08 * farthest).length
    return [
      `Measured minus fitted loss of ${counted(used.length, 'run')}: left in nats against compute, right against the fitted loss, over the scatter that the fit expects of each run; darker is a larger budget.`,
      `Root mean square ${significant(rootMeanSquare(used.map(({ residual }) => residual)))} nats.`,
      'A trend or a bend would mean that the law has another form.',
      far > 0 ? `Triangles at the border: ${counted(far, 'run')} farther out than the axis reaches.` : '',
    ]
      .filter(Boolean)
      .join(' ')
  },
  alt: (report) =>
    `Residuals of ${counted(usedRuns(report).length, 'run')} from the fitted law, against compute and against the fitted loss.`,
  draw(report, document) {
    const used = usedRuns(report)
    if (used.length < 2) return null
    const { nats, deviations } = sidesOf(used)
    const left = figureWidth / 2 - 24
    return compose(document, { width: figureWidth, height, label: this.alt(report) }, [
      { svg: drawSide(document, nats, left), x: 0, y: 0 },
      { svg: drawSide(document, deviations, figureWidth - left), x: left, y: 0 },
    ])
  },
}
