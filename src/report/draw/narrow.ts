import { type Axis, linearTicks, logTicks } from './axis.ts'
import type { Drawing, Part } from './drawing.ts'
import { textWidth } from './labels.ts'
import type { Panel } from './panel.ts'
import { figureWidth, fontSize, narrowWidth } from './style.ts'

/** On a telephone a figure as high as it is wide leaves room for its caption. */
const greatestHeight = 380
const lineHeight = fontSize + 2
/** Between the labels of two ticks, pixels. */
const tickGap = 12

/**
 * A drawing for a narrow screen: its panels below each other, each drawn anew in full size, with fewer ticks and with axis titles in
 * as many lines as they need. Null where a part draws itself, and so knows one width only.
 */
export function narrowed({ parts }: Drawing, width: number = narrowWidth): Drawing | null {
  const stacked: Part[] = []
  let y = 0
  for (const { content } of parts) {
    if (typeof content === 'function') return null
    const panel = narrowPanel(content, width)
    stacked.push({ x: 0, y, content: panel })
    y += panel.height
  }
  return { width, height: y, parts: stacked }
}

function narrowPanel(panel: Panel, width: number): Panel {
  const [below, above] = [panel.x.label, panel.y.label].map((title) => titleLines(title, width - 12))
  const added = { top: (above.length - 1) * lineHeight, bottom: (below.length - 1) * lineHeight }
  const { left, right, top, bottom } = panel.margin
  const inside = width - left - right
  return {
    ...panel,
    width,
    height: Math.min(panel.height, greatestHeight) + added.top + added.bottom,
    margin: { left, right, top: top + added.top, bottom: bottom + added.bottom },
    x: { ...panel.x, label: below.join('\n'), ticks: fewerTicks(panel.x, inside, panel.margin) },
    y: { ...panel.y, label: above.join('\n') },
  }
}

/** Drawings narrower than this have their panels below each other. */
export const leastAbreast = 600
/** From this width on, panels that stand below each other on paper stand side by side, pixels for each: what they show is lost in longer lines. */
const leastBeside = 480

/**
 * A drawing as wide as a column of a page, its letters as large as ever: panels side by side are as wide as their share. Null where a part draws itself, and
 * the column is too narrow for it.
 */
export function sized(drawing: Drawing, width: number): Drawing | null {
  const { width: given = figureWidth, parts } = drawing
  if (parts.some(({ content }) => typeof content === 'function')) return width < leastAbreast ? null : drawing
  if (width < leastAbreast) return narrowed(drawing, width)
  if (isStacked(drawing) && width >= leastBeside * parts.length) return abreast(parts.map(panelOf), width)
  const share = width / given
  const rows = [...new Set(parts.map(({ y }) => y))].sort((a, b) => a - b)
  const added = (Math.max(...parts.map((part) => titleOf(panelOf(part), share).length)) - 1) * lineHeight
  return {
    width,
    height: drawing.height + added * rows.length,
    parts: parts.map(({ x, y, content }) => ({
      x: x * share,
      y: y + added * rows.indexOf(y),
      content: lowered(widened(content as Panel, share), titleOf(content as Panel, share), added),
    })),
  }
}

/** The title over a panel that becomes so much wider, in lines that end before the next panel's. */
const titleOf = ({ y, width }: Panel, share: number): string[] => titleLines(y.label, width * share - 12)

/** A panel with room for a title of several lines. */
const lowered = (panel: Panel, title: readonly string[], added: number): Panel => ({
  ...panel,
  height: panel.height + added,
  margin: { ...panel.margin, top: panel.margin.top + added },
  y: { ...panel.y, label: title.join('\n') },
})

const panelOf = ({ content }: Part): Panel => content as Panel

const isStacked = ({ parts }: Drawing): boolean => parts.length > 1 && parts.every(({ x }) => x === 0)

/** Panels that share the lowest one's axis, beside each other, each with that axis. */
function abreast(panels: readonly Panel[], width: number): Drawing {
  const [each, height] = [width / panels.length, Math.max(...panels.map((panel) => panel.height))]
  const { x, margin } = panels[panels.length - 1]
  const top = Math.max(...panels.map((panel) => panel.margin.top))
  const parts = panels.map((panel, k): Part => {
    const content = widened(
      { ...panel, height, x, margin: { ...panel.margin, top, bottom: margin.bottom } },
      each / panel.width,
    )
    return { x: k * each, y: 0, content }
  })
  return { width, height, parts }
}

function widened(panel: Panel, share: number): Panel {
  return ticked({ ...panel, width: panel.width * share })
}

/** A panel with the ticks that have room in its width. */
function ticked(panel: Panel): Panel {
  const { left, right } = panel.margin
  return { ...panel, x: { ...panel.x, ticks: fewerTicks(panel.x, panel.width - left - right, panel.margin) } }
}

/** A drawing of whatever width, each panel with the ticks that have room. */
export const tickedAll = (drawing: Drawing): Drawing => ({
  ...drawing,
  parts: drawing.parts.map((part) =>
    typeof part.content === 'function' ? part : { ...part, content: ticked(part.content) },
  ),
})

/** An axis title in lines that fit. */
export function titleLines(title: string, width: number = narrowWidth - 12): string[] {
  const lines: string[] = []
  for (const word of title.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trim()
    if (lines.length > 0 && textWidth(longer, fontSize) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

/** As many ticks as have room, at round numbers; those that there are where they have it. */
function fewerTicks(axis: Axis, width: number, margin: Panel['margin']): readonly number[] {
  const { type, domain, ticks, format } = axis
  const widest = Math.max(1, ...ticks.map((tick) => textWidth(format(tick), fontSize)))
  const most = Math.max(2, Math.floor(width / (widest + tickGap)))
  if (ticks.length <= most) return legible(ticks, axis, width, margin)
  const round = type === 'log' ? logTicks(...domain, most) : linearTicks(...domain, most).ticks
  if (round.every((tick) => format(tick) !== '')) return legible(round, axis, width, margin)
  const stride = Math.ceil(ticks.length / most) // names at places of their own
  return legible(
    ticks.filter((_, k) => k % stride === 0),
    axis,
    width,
    margin,
  )
}

/** Ticks of which no label stands in that of another, or is cut by the side of the picture: where there is no room for two, one. */
function legible(
  ticks: readonly number[],
  { type, domain, format }: Axis,
  width: number,
  { left, right }: Panel['margin'],
): readonly number[] {
  const [low, high] = domain.map((value) => (type === 'log' ? Math.log(value) : value))
  const placed = ticks.map((tick) => {
    const middle = (((type === 'log' ? Math.log(tick) : tick) - low) / (high - low)) * width
    const half = textWidth(format(tick), fontSize) / 2
    return { tick, from: middle - half, to: middle + half }
  })
  let end = -left
  return placed.flatMap(({ tick, from, to }) => {
    if (from < end || to > width + right) return []
    end = to
    return [tick]
  })
}
