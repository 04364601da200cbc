import * as Plot from '@observablehq/plot'
import type { Axis } from './axis.ts'
import { element } from './element.ts'
import type { DrawMark } from './labels.ts'
import type { Mark } from './panel.ts'
import { type budgetSymbols, shade } from './style.ts'

/** Grey from a place on the x axis to its end: where no run was made, or where none may be. */
export function shaded(from: number, x: Axis, y: Axis): Mark {
  const x1 = Math.min(Math.max(from, x.domain[0]), x.domain[1])
  const area = { x1, x2: x.domain[1], y1: y.domain[0], y2: y.domain[1] }
  return Plot.rect([area], { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: shade })
}

/** The grid anew, darker, where it would not be seen on grey. */
export const gridOnShade = (y: Axis): Mark => Plot.gridY([...y.ticks], { stroke: '#dcdcdc', strokeOpacity: 1 })

interface SymbolsOptions {
  readonly symbol: (typeof budgetSymbols)[number]
  readonly r: number
  readonly fill: string
}

/**
 * The runs of a budget as one path, however many they are. As an element each, placed by a transform of its own, 3,000 of them cost a browser 6 ms whenever anything over them
 * moves.
 */
export const symbols =
  (points: readonly { readonly x: number; readonly y: number }[], { symbol, r, fill }: SymbolsOptions): DrawMark =>
  (_, scales, __, ___, { document }) => {
    const places = points.map(({ x, y }) => [scales.x(x), scales.y(y)] as const)
    return element(document, 'path', { d: places.map(([x, y]) => outlines[symbol](x, y, r)).join(''), fill })
  }

/** A path's numbers, to a thousandth of a pixel. */
const at = (x: number, y: number): string => `${Number(x.toFixed(3))},${Number(y.toFixed(3))}`

/** Outlines of equal area, that of a circle of radius r, as Plot has them. */
const outlines: Readonly<Record<(typeof budgetSymbols)[number], (x: number, y: number, r: number) => string>> = {
  circle: (x, y, r) => `M${at(x + r, y)}A${r},${r},0,1,1,${at(x - r, y)}A${r},${r},0,1,1,${at(x + r, y)}Z`,
  square(x, y, r) {
    const half = (Math.sqrt(Math.PI) * r) / 2
    return `M${at(x - half, y - half)}L${at(x + half, y - half)}L${at(x + half, y + half)}L${at(x - half, y + half)}Z`
  },
  triangle(x, y, r) {
    const inner = Math.sqrt((Math.PI * r * r) / (3 * Math.sqrt(3)))
    const half = Math.sqrt(3) * inner
    return `M${at(x, y - 2 * inner)}L${at(x + half, y + inner)}L${at(x - half, y + inner)}Z`
  },
  diamond(x, y, r) {
    const high = Math.sqrt((Math.PI * r * r * Math.sqrt(3)) / 2)
    const half = high / Math.sqrt(3)
    return `M${at(x, y - high)}L${at(x + half, y)}L${at(x, y + high)}L${at(x - half, y)}Z`
  },
}

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
