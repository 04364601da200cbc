import type { Interval } from '../core/interval.ts'
import { words } from './words/words.ts'

export { count, counted } from './count.ts'

/** Numbers in words, tables and figures are all written here, so that one quantity looks the same everywhere. */
export type Format = (x: number) => string

const tidy = (text: string): string => text.replace('e+', 'e')

/**
 * Three significant digits: `3.08`, `0.0178`, `1.27e11`, `-1.43e-9`. Powers of ten are written so that they can be typed
 * into a command again. Not finite: `-`.
 */
export function significant(x: number, digits = 3): string {
  if (!Number.isFinite(x)) return '-'
  if (x === 0) return '0'
  const size = Math.abs(Number(x.toPrecision(digits)))
  return size >= 1e-3 && size < 1e4 ? plain(x, digits) : tidy(x.toExponential(digits - 1))
}

/** Significant digits without an exponent, also where the number has more digits before the point. */
function plain(x: number, digits: number): string {
  const text = x.toPrecision(digits)
  return text.includes('e') ? String(Number(text)) : text
}

/** The shortest text of a number that was chosen, not measured: `6e18`, `5.76e23`, `0.5`, `1000`. */
export function compact(x: number, digits = 3): string {
  if (!Number.isFinite(x)) return '-'
  const rounded = Number(x.toPrecision(digits))
  const size = Math.abs(rounded)
  if (size === 0 || (size >= 1e-3 && size < 1e4)) return String(rounded)
  const [mantissa, exponent] = rounded.toExponential().split('e')
  return `${mantissa}e${Number(exponent)}`
}

/** A loss in nats per token, to a thousandth: `3.081`. */
export const nats: Format = (x) => (Number.isFinite(x) ? x.toFixed(3) : '-')

/** A difference of losses with its sign, a true minus; `0.000` has none. */
export function signedNats(x: number): string {
  const size = nats(Math.abs(x))
  return `${Number(size) === 0 || !Number.isFinite(x) ? '' : x < 0 ? '\u2212' : '+'}${size}`
}

/** An exponent, to a thousandth. */
export const exponent: Format = nats

/** A ratio such as N over the true N: `0.422`, `1.00`, `12.3`. */
export const ratio: Format = (x) => significant(x)

/** Loss beyond the best, nats: `0.0178`, `<1e-5`, `0`. */
export function excess(x: number): string {
  if (!Number.isFinite(x)) return '-'
  if (x < 1e-12) return '0'
  return x < 1e-5 ? '<1e-5' : significant(x, x < 1e-3 ? 1 : 3)
}

/**
 * An interval beside its estimate: `[2.79e11, 3.48e11]`, or, where both ends and the estimate read the same, how closely they
 * agree: `±<0.1%`. `-` when there is none.
 */
export function interval(value: number, ends: Interval | null | undefined, format: Format = significant): string {
  if (!ends) return '-'
  const [low, high] = ends.map((end) => format(end))
  if (low !== high || format(value) !== low) return `[${low}, ${high}]`
  const reach = Math.max(ends[1] - value, value - ends[0]) / Math.abs(value)
  return `±<${[0.01, 0.1, 1, 10].find((percent) => reach < percent / 100) ?? 100}%`
}

/** An estimate and its interval in one cell: `3.14e11 [2.79e11, 3.48e11]`. Null: `-`. */
export function withInterval(
  value: number | null,
  ends: Interval | null | undefined,
  format: Format = significant,
): string {
  if (value === null) return '-'
  return ends ? `${format(value)} ${interval(value, ends, format)}` : format(value)
}

/** A number or, where there is none, `-`. */
export const orDash = (x: number | null | undefined, format: Format = significant): string =>
  x === null || x === undefined ? '-' : format(x)

/** A probability as a percentage: `95 %`. */
export const percent = (p: number): string => `${Number((100 * p).toPrecision(4))} %`

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  const { comma, and } = words().marks
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(comma)}${and}${items[items.length - 1]}`
}
