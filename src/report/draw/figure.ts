import { compose, type SvgDocument, type SvgElement } from './element.ts'
import { drawPanel, type Panel } from './panel.ts'
import { figureWidth } from './style.ts'

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
  /** The same for the width of a telephone, of figures whose panels can stand below each other. */
  narrow?(subject: Subject): Drawing | null
}

/** What a figure consists of. */
export interface Drawing {
  /** Pixels; that of every figure by default. */
  readonly width?: number
  /** Pixels. */
  readonly height: number
  readonly parts: readonly Part[]
}

/** A panel, or what draws itself, and the place of its upper left corner in pixels. */
export interface Part {
  readonly x: number
  readonly y: number
  readonly content: Panel | ((document: SvgDocument) => SvgElement)
}

/** The drawing that one panel is, as wide as the figure. */
export const onePanel = (panel: Omit<Panel, 'width'>): Drawing => ({
  height: panel.height,
  parts: [{ x: 0, y: 0, content: { ...panel, width: figureWidth } }],
})

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
  const drawing = figure[form]?.(subject) ?? null
  if (drawing === null) return null
  const parts = drawing.parts.map(({ x, y, content }) => ({
    svg: typeof content === 'function' ? content(document) : drawPanel(document, content),
    x,
    y,
  }))
  return compose(
    document,
    { width: drawing.width ?? figureWidth, height: drawing.height, label: figure.alt(subject) },
    parts,
  )
}
