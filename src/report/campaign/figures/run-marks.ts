import type { ViewedRun } from '../../../campaign/view.ts'
import { element, type SvgDocument, type SvgElement } from '../../draw/element.ts'
import type { DrawMark, Scales } from '../../draw/labels.ts'
import { budgetColor, ink } from '../../draw/style.ts'
import { budgetsOf, isTrained } from '../facts.ts'

/** Pixels: of a run before the planned rounds, of one with its round's number, and how far runs may step aside. */
const radius = { small: 3.4, numbered: 5.8 } as const
const mostAside = 28

/** A run's place in pixels, its radius, and how far it may step aside. */
interface Disc {
  readonly x: number
  readonly y: number
  readonly r: number
  readonly reach: number
}

/** Where runs are drawn: each steps aside, as little as possible, where it would cover another. */
export function stepAside(discs: readonly Disc[]): number[] {
  const settled: { x: number; y: number; r: number }[] = []
  return discs.map(({ x, y, r, reach }) => {
    const near = settled.filter((other) => Math.abs(other.y - y) < other.r + r && Math.abs(other.x - x) < 2 * mostAside)
    const room = (at: number) =>
      Math.min(0, ...near.map((other) => Math.hypot(other.x - at, other.y - y) - other.r - r))
    const offsets = Array.from({ length: Math.floor(reach) + 1 }, (_, k) => (k === 0 ? [0] : [k, -k])).flat()
    const offset = offsets.reduce((best, by) => (room(x + by) > room(x + best) + 1e-9 ? by : best), 0)
    settled.push({ x: x + offset, y, r })
    return x + offset
  })
}

/** How far the runs of a budget may step aside without seeming to belong to its neighbour, given where budgets are. */
function reachAt(x: number, columns: readonly number[]): number {
  const nearest = Math.min(...columns.filter((other) => other !== x).map((other) => Math.abs(other - x)))
  return Math.min(mostAside, 0.42 * nearest)
}

const radiusOf = ({ round }: ViewedRun): number => (round > 0 ? radius.numbered : radius.small)

/** Where the runs are drawn, in pixels. */
export function runPlaces(runs: readonly ViewedRun[], scales: Scales): { readonly x: number; readonly y: number }[] {
  const columns = budgetsOf(runs).map(scales.x)
  const places = runs.map((run) => {
    const x = scales.x(run.config.trainFlops)
    return { x, y: scales.y(run.parameters), r: radiusOf(run) + 0.5, reach: reachAt(x, columns) }
  })
  return stepAside(places).map((x, i) => ({ x, y: places[i].y }))
}

/** The runs, each in the manner of its round. */
export const runMarks =
  (runs: readonly ViewedRun[]): DrawMark =>
  (_, scales, __, ___, { document }) => {
    const last = Math.max(1, ...runs.map(({ round }) => round))
    const places = runPlaces(runs, scales)
    const group = element(document, 'g', { 'aria-label': 'runs' })
    runs.forEach((run, i) => {
      group.append(...runMark(document, run, places[i].x, places[i].y, run.round / last))
    })
    return group
  }

function runMark(document: SvgDocument, run: ViewedRun, x: number, y: number, rank: number): SvgElement[] {
  const { round } = run
  const r = radius.small
  const open = { fill: '#fff', stroke: ink, 'stroke-width': 1.2 }
  if (!isTrained(run))
    return [
      element(document, 'path', {
        d: `M${x - r},${y - r}L${x + r},${y + r}M${x - r},${y + r}L${x + r},${y - r}`,
        stroke: ink,
        'stroke-width': 1.8,
      }),
    ]
  if (round < 0) return [element(document, 'rect', { x: x - r, y: y - r, width: 2 * r, height: 2 * r, ...open })]
  if (round === 0) return [element(document, 'circle', { cx: x, cy: y, r, ...open })]
  const disc = { cx: x, cy: y, r: radius.numbered, fill: budgetColor(0.25 + 0.75 * rank) }
  const number = { x, y: y + 3, 'text-anchor': 'middle', 'font-size': 9.5, 'font-weight': 'bold', fill: '#fff' }
  return [element(document, 'circle', disc), element(document, 'text', number, String(round))]
}
