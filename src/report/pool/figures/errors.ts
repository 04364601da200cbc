import * as Plot from '@observablehq/plot'
import type { PoolView } from '../../../campaign/pool/view.ts'
import { unitsOf } from '../../../core/run.ts'
import { linearAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { ink, lawColor, muted, truthColor } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { excess, percent } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'

/** More bars than this stand in each other's way. */
const mostRuns = 300
const height = 380

/** Predicted less on record, with the ends of the interval, of the runs to predict that have a loss. */
const pointsOf = ({ result: { prediction } }: PoolView) =>
  (prediction?.target ?? []).flatMap(({ predicted, interval: [low, high], loss }) =>
    loss === null
      ? []
      : [{ loss, error: predicted - loss, low: low - loss, high: high - loss, isInside: low <= loss && loss <= high }],
  )

export const errors: Figure<PoolView> = {
  name: 'errors',
  get title() {
    return words().pool.errorsFigure.title
  },
  caption(view) {
    const scores = view.result.prediction?.scores
    const say = words().pool.errorsFigure
    return joined(
      say.caption(percent(view.task.confidence)),
      scores && say.rms(excess(scores.rmse), unitsOf(view.task).difference),
      pointsOf(view).length > mostRuns && say.drawn(mostRuns),
    )
  },
  alt: (view) => words().pool.errorsFigure.alt(pointsOf(view).length),
  draw(view) {
    const points = thin(pointsOf(view), mostRuns).map((point) => ({
      ...point,
      color: point.isInside ? ink : truthColor,
    }))
    if (points.length === 0) return null
    return onePanel({
      height,
      margin: { top: 30, right: 16, bottom: 52, left: 64 },
      x: linearAxis(
        words().pool.errorsFigure.x(view.task.lossUnit),
        points.map(({ loss }) => loss),
      ),
      y: linearAxis(words().pool.errorsFigure.y(view.task.lossUnit), [
        0,
        ...points.flatMap(({ low, high }) => [low, high]),
      ]),
      marks: [
        Plot.ruleY([0], { stroke: muted, strokeWidth: 1 }),
        Plot.ruleX(points, {
          x: 'loss',
          y1: 'low',
          y2: 'high',
          stroke: lawColor,
          strokeOpacity: 0.6,
          strokeWidth: 1.4,
        }),
        Plot.dot(points, { x: 'loss', y: 'error', r: 3.2, fill: 'color', stroke: '#fff', strokeWidth: 0.5 }),
      ],
    })
  },
}
