import type { ViewedRun } from '../../../campaign/view.ts'
import { element, type SvgDocument, type SvgElement } from '../../draw/element.ts'
import type { DrawMark, Obstacle, Scales } from '../../draw/labels.ts'
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

/** Runs are looked for by their height: bands as high as the widest pair. */
const band = 2 * radius.numbered + 1

interface Settled {
  readonly x: number
  readonly y: number
  readonly r: number
}

/** Where runs are drawn: each steps aside, as little as possible, where it would cover another. */
export function stepAside(discs: readonly Disc[]): number[] {
  const bands = new Map<number, Settled[]>()
  return discs.map(({ x, y, r, reach }) => {
    const row = Math.floor(y / band)
    const near = [row - 1, row, row + 1]
      .flatMap((one) => bands.get(one) ?? [])
      .filter((other) => Math.abs(other.y - y) < other.r + r && Math.abs(other.x - x) < 2 * mostAside)
    const at = x + freest(x, reach, (place) => roomAt(near, place, y, r))
    const settled = bands.get(row)
    if (settled === undefined) bands.set(row, [{ x: at, y, r }])
    else settled.push({ x: at, y, r })
    return at
  })
}

/** How far a disc at a place would be from covering another; below zero where it does, and no more than zero. */
function roomAt(near: readonly Settled[], at: number, y: number, r: number): number {
  let least = 0
  for (const other of near) least = Math.min(least, Math.sqrt((other.x - at) ** 2 + (other.y - y) ** 2) - other.r - r)
  return least
}

/** The least step with the most room, within reach. */
function freest(x: number, reach: number, room: (at: number) => number): number {
  let [best, most] = [0, room(x)]
  for (let step = 1; step <= reach && most < 0; step++)
    for (const by of [step, -step]) {
      const found = room(x + by)
      if (found > most + 1e-9) [best, most] = [by, found]
    }
  return best
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

/** The same with their sizes, for labels that should leave them free. */
export const runDiscs =
  (runs: readonly ViewedRun[], weight: number) =>
  (scales: Scales): readonly Obstacle[] =>
    runPlaces(runs, scales).map((place, i) => ({ ...place, r: radiusOf(runs[i]), weight }))

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
