import type { SvgDocument, SvgElement } from './element.ts'
import type { Panel } from './panel.ts'

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
