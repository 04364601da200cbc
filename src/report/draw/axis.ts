import { compact, type Format } from '../number.ts'

/** One axis of a panel. */
export interface Axis {
  readonly type: 'log' | 'linear'
  readonly domain: readonly [low: number, high: number]
  readonly label: string
  readonly ticks: readonly number[]
  readonly format: Format
}

/** The least and the greatest of some numbers, those that are not finite left out; null when none is left. */
export function extent(values: Iterable<number>): [low: number, high: number] | null {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values)
    if (Number.isFinite(value)) {
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  return low <= high ? [low, high] : null
}

/** A logarithmic axis over these values, padded by a share of its length on either side. */
export function logAxis(label: string, values: Iterable<number>, { pad = 0.03, most = 8, atLeast = 1.25 } = {}): Axis {
  const [least, greatest] = extent([...values].filter((value) => value > 0)) ?? [1, 10]
  const spread = Math.max(greatest / least, atLeast)
  const center = Math.sqrt(least) * Math.sqrt(greatest)
  const reach = (spread ** 0.5) ** (1 + 2 * pad)
  const domain = [center / reach, center * reach] as const
  return { type: 'log', domain, label, ticks: logTicks(...domain, most), format: (x) => compact(x) }
}

/** A linear axis over these values, padded by a share of its length on either side. */
export function linearAxis(label: string, values: Iterable<number>, { pad = 0.05, most = 7 } = {}): Axis {
  const [least, greatest] = extent(values) ?? [0, 1]
  const margin = pad * (greatest - least) || Math.max(Math.abs(greatest), 1) * pad
  const domain = [least - margin, greatest + margin] as const
  const { ticks, decimals } = linearTicks(...domain, most)
  return { type: 'linear', domain, label, ticks, format: (x) => minus(x.toFixed(decimals)) }
}

/** A true minus sign, as figures write it; -0 is 0. */
export const minus = (text: string): string =>
  Number(text) === 0 ? text.replace('-', '') : text.replace('-', '\u2212')

const mantissas = [
  [1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8],
  [1, 1.5, 2, 3, 4, 5, 6, 8],
  [1, 1.5, 2, 3, 5, 7],
  [1, 2, 3, 5],
  [1, 2, 5],
  [1, 3],
]

/**
 * Ticks of a logarithmic axis, at most `most`: every so many powers of ten, a few steps within each power, or round numbers at
 * equal steps. Of these the choice is the one that leaves the shortest stretch without a tick and sets none too close.
 */
export function logTicks(low: number, high: number, most: number): number[] {
  const first = Math.floor(Math.log10(low))
  const decades = Array.from({ length: Math.floor(Math.log10(high)) - first + 1 }, (_, k) => first + k)
  const within = (tick: number) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)
  // Parsed from text, because 10 ** 23 is not 1e23.
  const inEach = (steps: readonly number[]) =>
    decades.flatMap((e) => steps.map((m) => Number(`${m}e${e}`))).filter(within)
  const powers = inEach([1])
  const stride = Math.max(1, Math.ceil(powers.length / most))
  const choices = [
    powers.filter((_, k) => k % stride === 0),
    ...mantissas.map(inEach),
    linearTicks(low, high, most).ticks.filter((tick) => tick > 0),
  ]
  const length = Math.log(high / low)
  const gaps = (ticks: readonly number[]) => ticks.slice(1).map((tick, k) => Math.log(tick / ticks[k]) / length)
  const legible = choices.filter(
    (ticks) => ticks.length > 0 && ticks.length <= most && Math.min(1, ...gaps(ticks)) >= 0.5 / most,
  )
  const longest = (ticks: readonly number[]) => Math.max(...gaps([low, ...ticks, high]))
  return legible.reduce((a, b) => (longest(b) < longest(a) - 0.02 ? b : a), legible[0] ?? powers)
}

/** Round numbers at equal steps of 1, 2 or 5 times a power of ten, at most `most`, and the decimals that they need. */
export function linearTicks(low: number, high: number, most: number): { ticks: number[]; decimals: number } {
  const rough = (high - low) / most
  const power = Math.floor(Math.log10(rough))
  const mantissa = [1, 2, 5, 10].find((m) => m * 10 ** power >= rough * (1 - 1e-9)) ?? 10
  const decimals = Math.max(0, -(mantissa === 10 ? power + 1 : power))
  const step = mantissa * 10 ** power
  const first = Math.ceil(low / step - 1e-9)
  const length = Math.floor(high / step + 1e-9) - first + 1
  return { ticks: Array.from({ length }, (_, k) => Number(((first + k) * step).toPrecision(12))), decimals }
}
