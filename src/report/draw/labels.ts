import { element, type SvgDocument, type SvgElement } from './element.ts'
import { characterWidth, fontSize, ink, legible } from './style.ts'

/** A text beside a point of a panel, in the units of its axes. */
export interface Label {
  readonly x: number
  readonly y: number
  /** Lines, where they may stand below each other, end with \n. */
  readonly text: string
  readonly color?: string
  /** Of a line: points of it beside any of which the label may stand as well. */
  readonly along?: readonly { readonly x: number; readonly y: number }[]
}

/** What Plot hands to a mark that is a function: scales from data to pixels, and the panel's size. */
export interface Scales {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
}
export interface Dimensions {
  readonly width: number
  readonly height: number
  readonly marginTop: number
  readonly marginRight: number
  readonly marginBottom: number
  readonly marginLeft: number
}
export type DrawMark = (
  index: unknown,
  scales: Scales,
  values: unknown,
  dimensions: Dimensions,
  context: { readonly document: SvgDocument },
) => SvgElement

const labelSize = fontSize - 1
const lineHeight = labelSize + 3

export const textWidth = (text: string, size: number = labelSize): number =>
  size * (characterWidth * text.length + (1 - characterWidth) * (text.match(/[\u2e80-\uffef]/g)?.length ?? 0))

/**
 * Places for labels in a row that are as near as possible, by least squares, to where they are wanted and do not overlap
 * (pool adjacent violators). `sizes` are their extents along the row; the places are their centres, within [low, high] as
 * long as they fit.
 */
export function dodge(wanted: readonly number[], sizes: readonly number[], low: number, high: number): number[] {
  interface Block {
    readonly members: number[]
    size: number
    center: number
  }
  const blocks: Block[] = []
  const fit = (center: number, size: number) => Math.max(low + size / 2, Math.min(high - size / 2, center))
  const order = wanted.map((_, i) => i).sort((i, j) => wanted[i] - wanted[j] || i - j)
  for (const i of order) {
    let last: Block = { members: [i], size: sizes[i], center: fit(wanted[i], sizes[i]) }
    for (;;) {
      const previous = blocks[blocks.length - 1]
      if (!previous || previous.center + previous.size / 2 <= last.center - last.size / 2 + 1e-9) break
      blocks.pop()
      const members = [...previous.members, ...last.members]
      const size = previous.size + last.size
      // Each member wants the block's centre where it would itself be right.
      let before = 0
      const wishes = members.map((k) => {
        const wish = wanted[k] - (before + sizes[k] / 2) + size / 2
        before += sizes[k]
        return wish
      })
      last = { members, size, center: fit(wishes.reduce((sum, wish) => sum + wish, 0) / members.length, size) }
    }
    blocks.push(last)
  }
  const places = new Array<number>(wanted.length)
  for (const { members, size, center } of blocks) {
    let at = center - size / 2
    for (const k of members) {
      places[k] = at + sizes[k] / 2
      at += sizes[k]
    }
  }
  return places
}

interface Drawn {
  readonly x: number
  readonly y: number
  readonly anchor: 'start' | 'middle' | 'end'
}

function text(document: SvgDocument, label: Label, { x, y, anchor }: Drawn): SvgElement {
  const attributes = {
    x,
    y: y + labelSize * 0.35,
    'text-anchor': anchor,
    'font-size': labelSize,
    fill: legible(label.color ?? ink),
    stroke: '#fff',
    'stroke-width': 3,
    'stroke-linejoin': 'round',
    'paint-order': 'stroke',
  }
  const lines = linesOf(label)
  if (lines.length === 1) return element(document, 'text', attributes, label.text)
  const all = element(document, 'text', { ...attributes, y: attributes.y - ((lines.length - 1) * lineHeight) / 2 })
  for (const [k, line] of lines.entries())
    all.append(element(document, 'tspan', { x, dy: k === 0 ? 0 : lineHeight }, line))
  return all
}

const linesOf = ({ text }: Pick<Label, 'text'>): string[] => text.split('\n')

/** A text in two lines that are as even as its blanks allow. */
export function inTwoLines(text: string): string {
  const blanks = [...text.matchAll(/ /g)].map(({ index }) => index)
  if (blanks.length === 0) return text
  const middle = blanks.reduce((a, b) => (Math.abs(b - text.length / 2) < Math.abs(a - text.length / 2) ? b : a))
  return `${text.slice(0, middle)}\n${text.slice(middle + 1)}`
}

const leader = (document: SvgDocument, d: string): SvgElement =>
  element(document, 'path', { d, fill: 'none', stroke: '#8c8c8c', 'stroke-width': 0.8 })

/** Labels in a column right of the panel, each joined to the end of its line by a thin leader. */
export function endLabels(labels: readonly Label[]): DrawMark {
  return (_, scales, __, size, { document }) => {
    const edge = size.width - size.marginRight
    const column = edge + 22
    const wanted = labels.map(({ y }) => scales.y(y))
    const places = dodge(
      wanted,
      labels.map((label) => lineHeight * linesOf(label).length),
      size.marginTop - 4, // above stand the axis title and the labels over the panel
      size.height - size.marginBottom + lineHeight,
    )
    const group = element(document, 'g', { 'aria-label': 'line labels' })
    for (const [i, label] of labels.entries()) {
      const start = scales.x(label.x) + 2
      group.append(leader(document, `M${start},${wanted[i]}L${edge + 4},${wanted[i]}L${column - 3},${places[i]}`))
      group.append(text(document, label, { x: column, y: places[i], anchor: 'start' }))
    }
    return group
  }
}

/** Labels in a line above the panel, over their x. */
export function topLabels(labels: readonly Omit<Label, 'y'>[]): DrawMark {
  return (_, scales, __, size, { document }) => {
    const places = dodge(
      labels.map(({ x }) => scales.x(x)),
      labels.map(({ text }) => textWidth(text) + 8),
      0,
      size.width,
    )
    const group = element(document, 'g', { 'aria-label': 'labels above' })
    for (const [i, label] of labels.entries())
      group.append(text(document, { ...label, y: 0 }, { x: places[i], y: size.marginTop - 10, anchor: 'middle' }))
    return group
  }
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom

const around = (x: number, y: number, r: number): Box => ({ left: x - r, right: x + r, top: y - r, bottom: y + r })

const textBox = ({ x, y, anchor }: Drawn, width: number, lines: number): Box => {
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2
  const half = labelSize * 0.6 + ((lines - 1) * lineHeight) / 2
  return { left, right: left + width, top: y - half, bottom: y + half }
}

/** Distances of a label from its point, pixels, and how far its box reaches beyond its text's width at most. */
const radii = [13, 18, 26, 38, 54, 72]
const farthest = 72 + lineHeight

/** Where a label may stand around its point, at 16 angles and growing distances. */
function placesAround(x: number, y: number): Drawn[] {
  const turns = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8]
  return radii.flatMap((radius) =>
    turns.map((turn) => {
      const angle = (turn * Math.PI) / 8
      const anchor = Math.abs(turn) < 4 ? 'start' : Math.abs(turn) > 4 ? 'end' : 'middle'
      return { x: x + radius * Math.cos(angle), y: y - radius * Math.sin(angle), anchor }
    }),
  )
}

/** Where a label may stand right of its point: beside it, or higher or lower by steps. */
const placesRight = (x: number, y: number): Drawn[] =>
  [10, 24, 40].flatMap((right) =>
    Array.from({ length: 41 }, (_, k): Drawn => ({ x: x + right, y: y + 3 * (k - 20), anchor: 'start' })),
  )

/** What a label should not cover, in the units of the axes, and how much it matters. */
export interface Obstacle {
  readonly x: number
  readonly y: number
  /** 12, some pixels of distance, by default. */
  readonly weight?: number
  /** How far it reaches, pixels; 3 by default. */
  readonly r?: number
}

/**
 * Labels beside their points, each where it covers no other label and no obstacle, stays inside the figure and is near; where
 * there is no such place, the best compromise. One after the other, so the first choose first. Far ones have a leader. Marks that step aside
 * are obstacles where they are drawn, in pixels: `drawn`. Of very many at the right, those that would cover another are left out; one that is
 * wider than the panel has two lines.
 */
export function pointLabels(
  labels: readonly Label[],
  obstacles: readonly Obstacle[],
  side: 'right' | 'any' | 'inside' = 'any',
  drawn: (scales: Scales) => readonly Obstacle[] = () => [],
): DrawMark {
  return (_, scales, __, size, { document }) => {
    const placed = obstacles.map((one) => ({ ...one, x: scales.x(one.x), y: scales.y(one.y) }))
    const marks = [...placed, ...drawn(scales)].map(({ x, y, r = 3, weight = 12 }) => ({
      box: around(x, y, r),
      weight,
    }))
    const taken: Box[] = []
    const outside = ({ left, right, top, bottom }: Box) =>
      left < size.marginLeft ||
      right > size.width - (side === 'inside' ? size.marginRight : 0) ||
      top < size.marginTop - (side === 'inside' ? 0 : 8) ||
      bottom > size.height - size.marginBottom
    const cost = (box: Box, distance: number, near: typeof marks) =>
      1.5 * distance +
      (outside(box) ? 1e6 : 0) +
      (box.left < 0 || box.right > size.width || box.top < 0 || box.bottom > size.height ? 1e7 : 0) + // it would be cut
      1e4 * taken.filter((other) => overlap(box, other)).length +
      near.reduce((sum, mark) => sum + (overlap(box, mark.box) ? mark.weight : 0), 0)
    const group = element(document, 'g', { 'aria-label': 'point labels' })
    const room = size.width - size.marginLeft - size.marginRight
    for (const one of labels) {
      const label = textWidth(one.text) > room ? { ...one, text: inTwoLines(one.text) } : one
      const lines = linesOf(label)
      const width = Math.max(...lines.map((line) => textWidth(line)))
      const ranked = [label, ...(label.along ?? [])].flatMap((point) => {
        const [x, y] = [scales.x(point.x), scales.y(point.y)]
        const reached = around(x, y, farthest + width)
        const near = marks.filter(({ box }) => overlap(box, reached))
        return (side === 'right' ? placesRight(x, y) : placesAround(x, y)).map((place) => {
          const box = textBox(place, width, lines.length)
          const distance = Math.hypot(place.x - x, place.y - y)
          return { x, y, place, box, distance, cost: cost(box, distance, near) }
        })
      })
      const best = ranked.reduce((a, b) => (b.cost < a.cost ? b : a))
      if (side === 'right' && taken.some((other) => overlap(best.box, other))) continue
      const { x, y } = best
      taken.push(best.box)
      if (best.distance > 20)
        group.append(leader(document, `M${x},${y}L${best.place.x - (side === 'right' ? 3 : 0)},${best.place.y}`))
      group.append(text(document, label, best.place))
    }
    return group
  }
}
