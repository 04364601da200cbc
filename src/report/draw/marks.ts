import * as Plot from '@observablehq/plot'
import type { Axis } from './axis.ts'
import type { Mark } from './panel.ts'
import { shade } from './style.ts'

/** Grey from a place on the x axis to its end: where no run was made, or where none may be. */
export function shaded(from: number, x: Axis, y: Axis): Mark {
  const x1 = Math.min(Math.max(from, x.domain[0]), x.domain[1])
  const area = { x1, x2: x.domain[1], y1: y.domain[0], y2: y.domain[1] }
  return Plot.rect([area], { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: shade })
}

/** The grid anew, darker, where it would not be seen on grey. */
export const gridOnShade = (y: Axis): Mark => Plot.gridY([...y.ticks], { stroke: '#dcdcdc', strokeOpacity: 1 })

interface ColoredPoint {
  readonly x: number
  readonly y: number
  readonly color: string
}

/**
 * Points about zero, each in its colour; those farther from it than `limit` are triangles at the border that point to where they
 * lie, so that they do not flatten the rest.
 */
export function boundedDots(points: readonly ColoredPoint[], limit: number, r: number): Mark[] {
  const isInside = ({ y }: ColoredPoint) => Math.abs(y) <= limit
  const border = points
    .filter((point) => !isInside(point))
    .map((point) => ({ ...point, y: Math.sign(point.y) * limit * 0.97 }))
  return [
    Plot.dot(points.filter(isInside), { x: 'x', y: 'y', r, fill: 'color', stroke: '#fff', strokeWidth: 0.5 }),
    Plot.dot(border, {
      x: 'x',
      y: 'y',
      r: 4.5,
      symbol: 'triangle',
      rotate: ({ y }: ColoredPoint) => (y > 0 ? 0 : 180),
      fill: '#fff',
      stroke: 'color',
      strokeWidth: 1.6,
    }),
  ]
}
