import * as Plot from '@observablehq/plot'
import { linearAxis, logAxis } from './draw/axis.ts'
import { type Figure, onePanel } from './draw/figure.ts'
import { pointLabels } from './draw/labels.ts'
import { budgetColor, muted } from './draw/style.ts'
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

/** A simulated world, as its figure shows it. */
export interface DrawnWorld {
  readonly name: string
  /** Ascending in FLOPs. */
  readonly profiles: readonly DrawnProfile[]
}

/** The true IsoFLOP profiles of a simulated world, one curve per budget, which stands at its right end in FLOPs. */
export const worldProfilesFigure: Figure<DrawnWorld> = {
  name: 'profiles',
  title: 'True IsoFLOP profiles',
  caption: ({ name }) =>
    `The true loss in ${name} against size, one curve per compute budget, which stands at its right end in FLOPs. Filled circles: the best there is, joined by a dashed line.`,
  alt({ name, profiles }) {
    const ends = [profiles[0], profiles[profiles.length - 1]].map(({ flops }) => compact(flops))
    return `True loss against parameters in the world ${name} for budgets from ${ends[0]} to ${ends[1]} FLOPs, with optima.`
  },
  draw({ name, profiles }) {
    const all = profiles.flatMap(({ points, best }) => [...points, best])
    const colorOf = (k: number) => budgetColor(k / Math.max(1, profiles.length - 1))
    const labels = profiles.map(({ flops, points }, k) => {
      const { parameters, loss } = points[points.length - 1]
      return { x: parameters, y: loss, text: compact(flops), color: colorOf(k) }
    })
    return onePanel({
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
        pointLabels(
          labels,
          all.map(({ parameters, loss }) => ({ x: parameters, y: loss, weight: 6 })),
          'right',
        ),
      ],
    })
  },
}
