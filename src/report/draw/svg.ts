import { parseHTML } from 'linkedom'
import type { Analysis } from '../../fit/analysis.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import { figures } from '../fit/figures.ts'
import type { SvgDocument, SvgElement } from './element.ts'

/** A document to draw figures in where there is no browser. */
export const newDocument = (): SvgDocument =>
  (parseHTML('<!doctype html><html></html>') as unknown as { document: SvgDocument }).document

/** Attributes whose numbers are places or sizes on the page. */
const geometry = new Set([
  'd',
  'transform',
  'x',
  'y',
  'x1',
  'x2',
  'y1',
  'y2',
  'cx',
  'cy',
  'r',
  'points',
  'width',
  'height',
  'viewBox',
])

/**
 * The figure as SVG text, its geometry rounded to thousandths of a pixel: last digits differ between machines, and a snapshot
 * should not.
 */
export function svgText(svg: SvgElement): string {
  for (const node of svg.querySelectorAll('*'))
    for (const attribute of node.attributes)
      if (geometry.has(attribute.name)) attribute.value = rounded(attribute.value)
  return `${svg.outerHTML}\n`
}

const rounded = (text: string): string =>
  text.replace(/-?\d*\.\d{4,}(e[-+]?\d+)?|-?\d+(\.\d+)?e-\d+/g, (digits) =>
    String(Number(Number(digits).toFixed(3)) + 0),
  )

/** A figure as text, with its words. */
export interface FigureText {
  readonly name: string
  readonly title: string
  readonly caption: string
  readonly alt: string
  readonly svg: string
}

/**
 * Every figure that the analysis has what it takes for, as SVG text. With the law that generated the runs, where it is known,
 * the figures show it.
 * @example for (const { name, svg } of drawFigures(analysis)) writeFileSync(`${name}.svg`, svg)
 */
export function drawFigures(analysis: Analysis, truth?: SurfaceLaw | null): FigureText[] {
  return figures.flatMap((figure) => {
    const svg = figure.draw(analysis, { document: newDocument(), truth })
    if (svg === null) return []
    const { name, title } = figure
    return [{ name, title, caption: figure.caption(analysis), alt: figure.alt(analysis), svg: svgText(svg) }]
  })
}
