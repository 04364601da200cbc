import * as Plot from '@observablehq/plot'
import { linearAxis, logAxis } from './draw/axis.ts'
import { type Figure, onePanel } from './draw/figure.ts'
import { pointLabels } from './draw/labels.ts'
import { budgetColor, muted } from './draw/style.ts'
import { compact } from './number.ts'
import { words } from './words/words.ts'

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
  get title() {
    return words().world.figure.title
  },
  caption: ({ name }) => words().world.figure.caption(name),
  alt({ name, profiles }) {
    const ends = [profiles[0], profiles[profiles.length - 1]].map(({ flops }) => compact(flops))
    return words().world.figure.alt(name, ends[0], ends[1])
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
        words().world.figure.x,
        all.map(({ parameters }) => parameters),
      ),
      y: linearAxis(
        words().world.figure.y(name),
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
