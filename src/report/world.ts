import * as Plot from '@observablehq/plot'
import { linearAxis, logAxis } from './draw/axis.ts'
import { compose, type SvgDocument, type SvgElement } from './draw/element.ts'
import { pointLabels } from './draw/labels.ts'
import { drawn, drawPanel } from './draw/panel.ts'
import { budgetColor, figureWidth, muted } from './draw/style.ts'
import { compact } from './number.ts'

interface Point {
  readonly parameters: number
  readonly loss: number
}

/** What is drawn of a simulated world: the true loss along each budget, and its best. */
export interface DrawnProfile {
  readonly flops: number
  /** Ascending in parameters. */
  readonly points: readonly Point[]
  readonly best: Point
}

const height = 540
const place = { x: 'parameters', y: 'loss' }

/**
 * The true IsoFLOP profiles of a simulated world, one curve per budget, which stands at its right end in FLOPs; filled circles
 * are the best there is, joined by a dashed line.
 */
export function drawWorldProfiles(name: string, profiles: readonly DrawnProfile[], document: SvgDocument): SvgElement {
  const all = profiles.flatMap(({ points, best }) => [...points, best])
  const colorOf = (k: number) => budgetColor(k / Math.max(1, profiles.length - 1))
  const labels = profiles.map(({ flops, points }, k) => {
    const { parameters, loss } = points[points.length - 1]
    return { x: parameters, y: loss, text: compact(flops), color: colorOf(k) }
  })
  const panel = drawPanel(document, {
    width: figureWidth,
    height,
    margin: { top: 30, right: 64, bottom: 52, left: 52 },
    x: logAxis(
      'parameters N = 12 n d², without embeddings',
      all.map(({ parameters }) => parameters),
    ),
    y: linearAxis(
      `true loss in ${name} (nats/token)`,
      all.map(({ loss }) => loss),
    ),
    marks: [
      Plot.line(
        profiles.map(({ best }) => best),
        { ...place, stroke: muted, strokeDasharray: '4 3' },
      ),
      ...profiles.map(({ points }, k) => Plot.line(points, { ...place, stroke: colorOf(k), strokeWidth: 1.8 })),
      ...profiles.map(({ best }, k) =>
        Plot.dot([best], { ...place, r: 5, fill: colorOf(k), stroke: '#fff', strokeWidth: 1.2 }),
      ),
      drawn(
        pointLabels(
          labels,
          all.map(({ parameters, loss }) => ({ x: parameters, y: loss, weight: 6 })),
          'right',
        ),
      ),
    ],
  })
  const ends = [profiles[0], profiles[profiles.length - 1]].map(({ flops }) => compact(flops))
  const label = `True loss against parameters in the world ${name} for budgets from ${ends[0]} to ${ends[1]} FLOPs, with optima.`
  return compose(document, { width: figureWidth, height, label }, [{ svg: panel, x: 0, y: 0 }])
}
