import type { Analysis } from '../../fit/analysis.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import type { SvgDocument, SvgElement } from './element.ts'

/** A figure of an analysis: its words, and how it is drawn. */
export interface Figure {
  /** Short, for file names. */
  readonly name: string
  readonly title: string
  /** What there is to see, with the numbers that a reader would look for. */
  caption(analysis: Analysis): string
  /** What is drawn, for those who do not see it. */
  alt(analysis: Analysis): string
  /** Null when the analysis lacks what the figure shows. */
  draw(analysis: Analysis, options: DrawOptions): SvgElement | null
}

export interface DrawOptions {
  readonly document: SvgDocument
  /** The law that generated the runs, where it is known. */
  readonly truth?: SurfaceLaw | null | undefined
}
