import { parseHTML } from 'linkedom'
import type { SvgDocument, SvgElement } from './element.ts'
import { drawFigure, type Figure } from './figure.ts'

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
 * A figure that was drawn in a `newDocument` as SVG text, its geometry rounded to thousandths of a pixel: last digits differ between
 * machines, and a snapshot should not. The figure is used up: a document of HTML writes attributes as they are, which XML does not take.
 */
export function svgText(svg: SvgElement): string {
  for (const node of [svg, ...svg.querySelectorAll('*')])
    for (const attribute of node.attributes)
      attribute.value = geometry.has(attribute.name) ? rounded(attribute.value) : escaped(attribute.value)
  return `${svg.outerHTML}\n`
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

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
  /** The same for a narrow screen; null where it has no other form. */
  readonly narrow?: string | null
}

/**
 * Every figure that the subject has what it takes for, as SVG text.
 * @example for (const { name, svg } of renderFigures(fitFigures, { analysis, truth: null })) writeFileSync(`${name}.svg`, svg)
 */
export function renderFigures<Subject>(figures: readonly Figure<Subject>[], subject: Subject): FigureText[] {
  return figures.flatMap((figure) => {
    const svg = drawFigure(figure, subject, newDocument())
    if (svg === null) return []
    const { name, title } = figure
    const narrow = drawFigure(figure, subject, newDocument(), 'narrow')
    return [
      {
        name,
        title,
        caption: figure.caption(subject),
        alt: figure.alt(subject),
        svg: svgText(svg),
        narrow: narrow && svgText(narrow),
      },
    ]
  })
}
