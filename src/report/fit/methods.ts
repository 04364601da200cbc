import { words } from '../words/words.ts'
export interface LineStyle {
  readonly color: string
  readonly width: number
  /** Null is a solid line. */
  readonly dash: string | null
}

/**
 * Lines of the methods. Hues from Okabe and Ito (2008), darkened to stand on white; each also has a dash of its own, so that
 * nothing is lost in grey. The leading method is broad and light, because the others mostly lie on it.
 */
export const methodStyles = {
  norm: { color: '#56a3d9', width: 4, dash: null },
  surface: { color: '#3c3c8f', width: 1.6, dash: '3 3' },
  huber: { color: '#10355e', width: 1.6, dash: '9 4' },
  parabola: { color: '#b03a00', width: 1.6, dash: '2 3' },
  'lowest-log': { color: '#007a56', width: 1.6, dash: '9 3 2 3' },
  'lowest-raw': { color: '#8a6100', width: 1.6, dash: '5 2' },
  envelope: { color: '#9c3f7c', width: 1.6, dash: '1.5 4' },
} satisfies Record<string, LineStyle>

/** Of methods that have no line of their own. */
const otherStyle: LineStyle = { color: '#5c5c5c', width: 1.6, dash: '6 2 1 2' }

/** The line of a method. */
export const methodStyle = (method: string): LineStyle =>
  (methodStyles as Readonly<Record<string, LineStyle>>)[method] ?? otherStyle

/** Text in a method's colour must be darker than a broad line. */
const inks: Readonly<Record<string, string>> = { norm: '#1f6aa5' }

export const methodInk = (method: string): string => inks[method] ?? methodStyle(method).color

/** What a trend in the residuals of the leading law means. */
export const residualNote = (method: string | undefined): string =>
  method === 'norm' ? words().fitFigures.residuals.norm : words().fitFigures.residuals.other
