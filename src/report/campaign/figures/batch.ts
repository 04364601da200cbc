import * as Plot from '@observablehq/plot'
import type { BatchEffect } from '../../../plan/evidence.ts'
import { linearAxis, logAxis } from '../../draw/axis.ts'
import { lawColor } from '../../draw/colors.ts'
import { compose } from '../../draw/element.ts'
import { topLabels } from '../../draw/labels.ts'
import { drawn, drawPanel } from '../../draw/panel.ts'
import { figureWidth, ink, muted, shade } from '../../draw/style.ts'
import { compact, counted } from '../../number.ts'
import { largestBudget } from '../facts.ts'
import type { CampaignFigure, CampaignReport } from '../input.ts'

const height = 290
/** The figure is about the target: budgets below this share of it are left out, where the difference may be far larger. */
const leastShare = 1 / 100

const effectsOf = ({ evidence, task }: CampaignReport): readonly BatchEffect[] =>
  (evidence?.batches ?? []).filter(({ flops }) => flops >= leastShare * task.target * (1 - 1e-9))

export const batch: CampaignFigure = {
  name: 'batch',
  title: 'Which batch is better',
  caption(report) {
    const effects = effectsOf(report)
    const hasBand = effects.some(({ interval }) => interval !== null)
    return [
      `Fitted loss of the larger batch minus that of the smaller, each at its best size and learning rate${hasBand ? ', with the 95 % band of the law' : ''}:`,
      'below zero the larger is better.',
      report.task.target > largestBudget(report.campaign.runs) ? 'Grey: budgets beyond every run.' : '',
    ]
      .filter(Boolean)
      .join(' ')
  },
  alt: (report) =>
    `Difference of the loss between two batch sizes against compute, at ${counted(effectsOf(report).length, 'budget')}.`,
  draw(report, document) {
    const effects = effectsOf(report)
    if (effects.length < 2) return null
    const [smaller, larger] = effects[0].batchSizes
    const points = effects.map(({ flops, difference, interval }) => ({
      flops,
      difference,
      low: interval?.[0],
      high: interval?.[1],
    }))
    const banded = points.filter(({ low, high }) => low !== undefined && high !== undefined)
    const { target } = report.task
    const x = logAxis(
      'training compute C (FLOPs)',
      points.map(({ flops }) => flops),
      { pad: 0.025 },
    )
    const y = linearAxis(`loss of batch ${larger} − loss of batch ${smaller} (nats/token)`, [
      0,
      ...points.flatMap(({ difference, low = difference, high = difference }) => [difference, low, high]),
    ])
    const from = Math.min(Math.max(largestBudget(report.campaign.runs), x.domain[0]), x.domain[1])
    const area = { x1: from, x2: x.domain[1], y1: y.domain[0], y2: y.domain[1] }
    const isInside = target <= x.domain[1]
    const panel = drawPanel(document, {
      width: figureWidth,
      height,
      margin: { top: 44, right: 16, bottom: 52, left: 64 },
      x,
      y,
      marks: [
        Plot.rect([area], { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: shade }),
        Plot.areaY(banded, { x: 'flops', y1: 'low', y2: 'high', fill: lawColor, fillOpacity: 0.25 }),
        Plot.ruleY([0], { stroke: ink, strokeWidth: 1 }),
        isInside ? Plot.ruleX([target], { stroke: muted, strokeDasharray: '1 3' }) : null,
        isInside ? drawn(topLabels([{ x: target, text: `target ${compact(target)}`, color: muted }])) : null,
        Plot.line(points, { x: 'flops', y: 'difference', stroke: ink, strokeWidth: 1.8 }),
        Plot.dot(points, { x: 'flops', y: 'difference', r: 3, fill: ink }),
      ],
    })
    return compose(document, { width: figureWidth, height, label: this.alt(report) }, [{ svg: panel, x: 0, y: 0 }])
  },
}
