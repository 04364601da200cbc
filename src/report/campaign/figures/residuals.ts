import * as Plot from '@observablehq/plot'
import type { CampaignView } from '../../../campaign/view.ts'
import { normal95 } from '../../../numeric/quantile.ts'
import { type Axis, linearAxis, logAxis } from '../../draw/axis.ts'
import { type Figure, placesIn } from '../../draw/figure.ts'
import { endLabels } from '../../draw/labels.ts'
import { boundedDots } from '../../draw/marks.ts'
import type { Panel } from '../../draw/panel.ts'
import { budgetColors, figureWidth, ink, muted } from '../../draw/style.ts'
import { significant } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { rootMeanSquare, type UsedRun, usedRuns } from '../facts.ts'

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

function sidesOf(used: readonly UsedRun[]): { nats: Side; deviations: Side } {
  const colorOf = budgetColors(used.map(({ run }) => run.config.trainFlops))
  const color = ({ run }: UsedRun) => colorOf(run.config.trainFlops)
  const most = (values: readonly number[]) => Math.max(...values.map(Math.abs))
  const scaled = used.map(({ residual, fitted }) => residual / fitted.sd)
  const limits = {
    nats: 1.08 * Math.max(most(used.map(({ residual }) => residual)), 1e-6),
    deviations: 1.08 * Math.min(Math.max(most(scaled), 2.4), farthest),
  }
  return {
    nats: {
      x: logAxis(
        words().axes.compute,
        used.map(({ run }) => run.config.trainFlops),
        { pad: 0.06, most: 5 },
      ),
      title: words().campaignFigures.residuals.measured,
      points: used.map((entry) => ({ x: entry.run.config.trainFlops, y: entry.residual, color: color(entry) })),
      limit: limits.nats,
      levels: [],
    },
    deviations: {
      x: linearAxis(
        words().campaignFigures.residuals.fitted,
        used.map(({ fitted }) => fitted.loss),
        { most: 6 },
      ),
      title: words().campaignFigures.residuals.deviations,
      points: used.map((entry, i) => ({ x: entry.fitted.loss, y: scaled[i], color: color(entry) })),
      limit: limits.deviations,
      levels: [-normal95, normal95],
    },
  }
}

function sidePanel({ x, title, points, limit, levels }: Side, width: number): Panel {
  const labels = levels.map((y) => ({
    x: x.domain[1],
    y,
    text: `${y > 0 ? '+' : '−'}${normal95} sd`,
    color: muted,
  }))
  return {
    width,
    height,
    margin: { top: 34, right: levels.length > 0 ? 84 : 14, bottom: 52, left: 64 },
    x,
    y: linearAxis(title, [-limit, limit], { pad: 0 }),
    marks: [
      Plot.ruleY([0], { stroke: ink, strokeWidth: 1 }),
      Plot.ruleY([...levels], { stroke: muted, strokeDasharray: '5 4' }),
      ...boundedDots(points, limit, 3.4),
      endLabels(labels),
    ],
  }
}

export const residuals: Figure<CampaignView> = {
  name: 'residuals',
  get title() {
    return words().campaignFigures.residuals.title
  },
  caption(view) {
    const used = usedRuns(view)
    const far = used.filter(({ residual, fitted }) => Math.abs(residual / fitted.sd) > 1.08 * farthest).length
    const say = words().campaignFigures.residuals
    return joined(
      say.caption(used.length),
      say.rms(significant(rootMeanSquare(used.map(({ residual }) => residual)))),
      say.trend,
      far > 0 && words().axes.farOut(far),
    )
  },
  alt: (view) => words().campaignFigures.residuals.alt(usedRuns(view).length),
  places(view, drawing) {
    const numbers = new Map(view.runs.map((run, k) => [run, k]))
    const points = usedRuns(view).map((entry) => ({ ...entry, number: numbers.get(entry.run)! }))
    return [
      ...placesIn(
        drawing,
        0,
        points.map(({ run, residual, number }) => ({ run: number, x: run.config.trainFlops, y: residual })),
      ),
      ...placesIn(
        drawing,
        1,
        points.map(({ fitted, residual, number }) => ({ run: number, x: fitted.loss, y: residual / fitted.sd })),
      ),
    ]
  },
  draw(view) {
    const used = usedRuns(view)
    if (used.length < 2) return null
    const { nats, deviations } = sidesOf(used)
    const left = figureWidth / 2 - 24
    const parts = [
      { x: 0, y: 0, content: sidePanel(nats, left) },
      { x: left, y: 0, content: sidePanel(deviations, figureWidth - left) },
    ]
    return { height, parts }
  },
}
