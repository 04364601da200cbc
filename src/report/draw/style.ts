import type { SizeMethod } from '../../fit/result.ts'

/** DejaVu Sans is what PNG files are drawn with; Verdana, on most screens, has its widths. */
export const fontFamily = "'DejaVu Sans', Verdana, sans-serif"
export const fontSize = 13
/** Mean width of a character over the font size, DejaVu Sans, digits and lower case. */
export const characterWidth = 0.62

export const ink = '#1a1a1a'
export const muted = '#5c5c5c'
export const faint = '#e3e3e3'
export const shade = '#f5f5f5'

/** Figure width in pixels: that of a column of text, and A4 at 96 dpi with margins. */
export const figureWidth = 800

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
export const methodStyles: Readonly<Record<SizeMethod, LineStyle>> = {
  norm: { color: '#56a3d9', width: 4, dash: null },
  surface: { color: '#3c3c8f', width: 1.6, dash: '3 3' },
  huber: { color: '#10355e', width: 1.6, dash: '9 4' },
  parabola: { color: '#b03a00', width: 1.6, dash: '2 3' },
  'lowest-log': { color: '#007a56', width: 1.6, dash: '9 3 2 3' },
  'lowest-raw': { color: '#8a6100', width: 1.6, dash: '5 2' },
  envelope: { color: '#9c3f7c', width: 1.6, dash: '1.5 4' },
}

/** Text in a method's colour must be darker than its broad line. */
export const methodInk = (method: SizeMethod): string => (method === 'norm' ? '#1f6aa5' : methodStyles[method].color)

/** Of budgets from the smallest (0) to the largest (1); lightness falls steadily. */
const ramp = ['#5aa6d2', '#3a86bf', '#2a62a5', '#30387f', '#1c1440']

/** The colour of a budget by its rank, 0 to 1. */
export function budgetColor(rank: number): string {
  const place = Math.min(Math.max(rank, 0), 1) * (ramp.length - 1)
  const k = Math.min(Math.floor(place), ramp.length - 2)
  return mix(ramp[k], ramp[k + 1], place - k)
}

const channels = (color: string): number[] => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))

function mix(from: string, to: string, share: number): string {
  const [a, b] = [channels(from), channels(to)]
  const hex = a.map((value, k) => Math.round(value + share * (b[k] - value)))
  return `#${hex.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

/** Markers of neighbouring budgets differ. */
export const budgetSymbols = ['circle', 'square', 'triangle', 'diamond'] as const
