import * as Plot from '@observablehq/plot'
import type { Axis } from './axis.ts'
import { element, type SvgDocument, type SvgElement } from './element.ts'
import { type DrawMark, type Scales, textWidth } from './labels.ts'
import { faint, fontFamily, fontSize, ink } from './style.ts'

/** What a panel shows, in the order of drawing: marks of Plot, and our own. */
export type Mark = Plot.Markish | DrawMark

/** A plot with two axes: what Plot draws, plus titles that do not depend on its defaults. */
export interface Panel {
  readonly width: number
  readonly height: number
  readonly margin: { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number }
  readonly x: Axis
  readonly y: Axis
  readonly marks: readonly Mark[]
}

/** The scales of a panel, from the units of its axes to pixels, as Plot has them. */
export function scalesOf({ width, height, margin, x, y }: Panel): Scales {
  const along = ({ type, domain: [low, high] }: Axis, from: number, to: number) => {
    const place = type === 'log' ? Math.log : (value: number) => value
    return (value: number) => from + ((place(value) - place(low)) / (place(high) - place(low))) * (to - from)
  }
  return { x: along(x, margin.left, width - margin.right), y: along(y, height - margin.bottom, margin.top) }
}

/** Draws a panel. Its y title stands above the axis, where it reads without turning the head. */
export function drawPanel(document: SvgDocument, { width, height, margin, x, y, marks }: Panel): SvgElement {
  // `text`, because on a logarithmic axis Plot drops labels that `tickFormat` gives.
  const axis = { fontSize, color: ink, tickSize: 5, label: null }
  const svg = Plot.plot({
    document: document as never,
    width,
    height,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    x: { type: x.type, domain: [...x.domain] },
    y: { type: y.type, domain: [...y.domain] },
    marks: [
      Plot.gridY([...y.ticks], { stroke: faint, strokeOpacity: 1 }),
      Plot.axisX([...x.ticks], { ...axis, text: x.format }),
      Plot.axisY([...y.ticks], { ...axis, text: y.format }),
      axisTitles(x.label, y.label),
      ...marks,
    ] as Plot.Markish[],
  }) as unknown as SvgElement
  svg.setAttribute('font-family', fontFamily)
  svg.setAttribute('font-size', String(fontSize))
  svg.setAttribute('fill', ink)
  svg.setAttribute('color', ink)
  svg.setAttribute('overflow', 'visible')
  svg.removeAttribute('class')
  return svg
}

/** Where the middle of some lines is, so that they stay in the picture. */
function inside(middle: number, lines: readonly string[], width: number): number {
  const half = Math.max(...lines.map((text) => textWidth(text, fontSize))) / 2
  return 2 * half > width ? middle : Math.min(Math.max(middle, half), width - half)
}

const axisTitles =
  (x: string, y: string): DrawMark =>
  (_, __, ___, { width, height, marginLeft, marginRight }, { document }) => {
    const below = x.split('\n')
    const above = y.split('\n')
    const middle = inside((marginLeft + width - marginRight) / 2, below, width)
    const line = (text: string, place: Readonly<Record<string, string | number>>) =>
      element(document, 'text', place, text)
    return element(
      document,
      'g',
      { 'aria-label': 'axis titles' },
      ...below.map((text, k) =>
        line(text, { x: middle, y: height - 8 - (below.length - 1 - k) * (fontSize + 2), 'text-anchor': 'middle' }),
      ),
      ...above.map((text, k) => line(text, { x: 6, y: fontSize + 1 + k * (fontSize + 2), 'text-anchor': 'start' })),
    )
  }
