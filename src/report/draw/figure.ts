import type { Axis } from './axis.ts'
import type { Drawing } from './drawing.ts'
import { compose, type SvgDocument, type SvgElement } from './element.ts'
import { leastAbreast, narrowed, sized, tickedAll } from './narrow.ts'
import { drawPanel, type Panel, scalesOf } from './panel.ts'
import { figureWidth, narrowWidth } from './style.ts'

export type { Drawing } from './drawing.ts'

/** A figure of some subject: its words, and what is drawn. */
export interface Figure<Subject> {
  /** Short, for file names. */
  readonly name: string
  readonly title: string
  /** How to read it, with the numbers that a reader would look for. */
  caption(subject: Subject): string
  /** What is drawn, for those who do not see it. */
  alt(subject: Subject): string
  /** Null where the subject lacks what the figure shows. */
  draw(subject: Subject): Drawing | null
  /** The same for the width of a telephone, pixels, where `narrowed` is not what is wanted. */
  narrow?(subject: Subject, width: number): Drawing | null
  /** Its numbers, for those who would rather read them; absent where they are of single runs, which stand in a table of their own. */
  table?(subject: Subject): FigureTable | null
  /** Where the runs of the subject stand in its drawing, for whoever points at them. */
  places?(subject: Subject, drawing: Drawing): readonly Place[]
}

/** Columns, each with a title of its own, and rows, as text. */
export interface FigureTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Where a run stands in a drawing. */
export interface Place {
  /** Its place among the subject's runs. */
  readonly run: number
  /** Pixels of the drawing. */
  readonly x: number
  readonly y: number
}

/** Where points stand in a part of a drawing that is a panel; one beyond its axes stands at their border. */
export function placesIn({ parts }: Drawing, part: number, points: readonly Place[]): Place[] {
  const { x: left, y: top, content } = parts[part]
  if (typeof content === 'function') return []
  const { x, y } = scalesOf(content)
  const within = ({ domain: [low, high] }: Axis, value: number) => Math.min(Math.max(value, low), high)
  return points.map((point) => ({
    run: point.run,
    x: left + x(within(content.x, point.x)),
    y: top + y(within(content.y, point.y)),
  }))
}

/** The drawing that one panel is, as wide as the figure. */
export const onePanel = (panel: Omit<Panel, 'width'>): Drawing => ({
  height: panel.height,
  parts: [{ x: 0, y: 0, content: { ...panel, width: figureWidth } }],
})

/** What a figure draws, in full width or for a telephone. */
export function drawingOf<Subject>(figure: Figure<Subject>, subject: Subject, form: 'draw' | 'narrow'): Drawing | null {
  if (form === 'narrow' && figure.narrow) return figure.narrow(subject, narrowWidth)
  const drawing = figure.draw(subject)
  return form === 'draw' || drawing === null ? drawing : narrowed(drawing)
}

/** What a figure draws in a column of a page, so many pixels wide. */
export function drawingAt<Subject>(figure: Figure<Subject>, subject: Subject, width: number): Drawing | null {
  if (width < leastAbreast && figure.narrow) {
    const narrow = figure.narrow(subject, width)
    return narrow && tickedAll(narrow)
  }
  const drawing = figure.draw(subject)
  return drawing && sized(drawing, width)
}

/**
 * Draws a figure in a document, be it a browser's or one without a screen. Null where the subject lacks what it shows.
 * @example drawFigure(optimum, { analysis, truth: null }, newDocument())
 */
export function drawFigure<Subject>(
  figure: Figure<Subject>,
  subject: Subject,
  document: SvgDocument,
  form: 'draw' | 'narrow' = 'draw',
): SvgElement | null {
  const drawing = drawingOf(figure, subject, form)
  return drawing && drawDrawing(drawing, figure.alt(subject), document)
}

/** Draws what a figure has to draw, with its words for those who do not see it. */
export function drawDrawing(drawing: Drawing, label: string, document: SvgDocument): SvgElement {
  const parts = drawing.parts.map(({ x, y, content }) => ({
    svg: typeof content === 'function' ? content(document) : drawPanel(document, content),
    x,
    y,
  }))
  return compose(document, { width: drawing.width ?? figureWidth, height: drawing.height, label }, parts)
}
