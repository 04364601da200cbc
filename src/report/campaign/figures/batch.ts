import * as Plot from '@observablehq/plot'
import type { CampaignView } from '../../../campaign/view.ts'
import type { BatchEffect } from '../../../plan/evidence.ts'
import { linearAxis, logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { topLabels } from '../../draw/labels.ts'
import { shaded } from '../../draw/marks.ts'
import { ink, lawColor, muted } from '../../draw/style.ts'
import { compact, signedNats, withInterval } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { largestBudget } from '../facts.ts'

const height = 290
/** The figure is about the target: budgets below this share of it are left out, where the difference may be far larger. */
const leastShare = 1 / 100

const effectsOf = ({ evidence, task }: CampaignView): readonly BatchEffect[] =>
  (evidence?.batches ?? []).filter(({ flops }) => flops >= leastShare * task.target * (1 - 1e-9))

export const batch: Figure<CampaignView> = {
  name: 'batch',
  get title() {
    return words().campaignFigures.batch.title
  },
  caption(view) {
    const effects = effectsOf(view)
    const hasBand = effects.some(({ interval }) => interval !== null)
    return joined(
      words().campaignFigures.batch.caption(hasBand),
      view.task.target > largestBudget(view.runs) && words().axes.beyondRuns,
    )
  },
  alt: (view) => words().campaignFigures.batch.alt(effectsOf(view).length),
  table(view) {
    const effects = effectsOf(view)
    if (effects.length === 0) return null
    const [smaller, larger] = effects[0].batchSizes
    return {
      columns: [words().axes.compute, words().campaignFigures.batch.axis(larger, smaller)],
      rows: effects.map(({ flops, difference, interval }) => [
        compact(flops),
        withInterval(difference, interval, signedNats),
      ]),
    }
  },
  draw(view) {
    const effects = effectsOf(view)
    if (effects.length < 2) return null
    const [smaller, larger] = effects[0].batchSizes
    const points = effects.map(({ flops, difference, interval }) => ({
      flops,
      difference,
      low: interval?.[0],
      high: interval?.[1],
    }))
    const banded = points.filter(({ low, high }) => low !== undefined && high !== undefined)
    const { target } = view.task
    const x = logAxis(
      words().axes.compute,
      points.map(({ flops }) => flops),
      { pad: 0.025 },
    )
    const y = linearAxis(words().campaignFigures.batch.axis(larger, smaller), [
      0,
      ...points.flatMap(({ difference, low = difference, high = difference }) => [difference, low, high]),
    ])
    const isInside = target <= x.domain[1]
    return onePanel({
      height,
      margin: { top: 44, right: 16, bottom: 52, left: 64 },
      x,
      y,
      marks: [
        shaded(largestBudget(view.runs), x, y),
        Plot.areaY(banded, { x: 'flops', y1: 'low', y2: 'high', fill: lawColor, fillOpacity: 0.25 }),
        Plot.ruleY([0], { stroke: ink, strokeWidth: 1 }),
        isInside ? Plot.ruleX([target], { stroke: muted, strokeDasharray: '1 3' }) : null,
        isInside ? topLabels([{ x: target, text: words().axes.target(compact(target)), color: muted }]) : null,
        Plot.line(points, { x: 'flops', y: 'difference', stroke: ink, strokeWidth: 1.8 }),
        Plot.dot(points, { x: 'flops', y: 'difference', r: 3, fill: ink }),
      ],
    })
  },
}
