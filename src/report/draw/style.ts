import { extent } from './axis.ts'

/** DejaVu Sans is what PNG files are drawn with; Verdana, on most screens, has its widths. */
export const fontFamily = "'DejaVu Sans', Verdana, sans-serif"
export const fontSize = 13
/** Mean width of a character over the font size, DejaVu Sans, digits and lower case. */
export const characterWidth = 0.62

export const ink = '#1a1a1a'
export const muted = '#5c5c5c'
export const faint = '#e3e3e3'
export const shade = '#f5f5f5'

/** What the fitted law says: lines and bands, and text in its colour. */
export const lawColor = '#56a3d9'
export const lawInk = '#1f6aa5'
/** What is true in a simulated world, and runs that fell outside their interval. */
export const truthColor = '#a03000'

/** Figure width in pixels: that of a column of text, and A4 at 96 dpi with margins. */
export const figureWidth = 800
/** That of figures that are drawn anew for a telephone: a screen of 360 pixels with margins. */
export const narrowWidth = 320

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

/** The colours of budgets, FLOPs, from the smallest to the largest of these, on a logarithmic scale. */
export function budgetColors(flops: Iterable<number>): (C: number) => string {
  const [low, high] = (extent(flops) ?? [1, 1]).map(Math.log)
  return (C) => budgetColor(high > low ? (Math.log(C) - low) / (high - low) : 1)
}

/** What text on white paper has to have, WCAG 2.2 AA. */
const leastContrast = 4.5

/** Relative luminance, WCAG 2.2. */
function luminance(color: string): number {
  const [r, g, b] = channels(color).map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** A colour as text is written in it: as it is, or as much darker as it takes to be read on white paper. */
export function legible(color: string): string {
  const isLegible = (one: string) => 1.05 / (luminance(one) + 0.05) >= leastContrast
  let share = 0
  while (!isLegible(mix(color, '#000000', share))) share += 0.05
  return mix(color, '#000000', share)
}

/** Markers of neighbouring budgets differ. */
export const budgetSymbols = ['circle', 'square', 'triangle', 'diamond'] as const
