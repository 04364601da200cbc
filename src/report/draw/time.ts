import { words } from '../words/words.ts'
import type { Axis } from './axis.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const steps = [
  ...[minute, 2 * minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour],
  ...[day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 364 * day],
]

/**
 * An axis of times, ms since 1970, whose ticks are round where the reader is, `zoneMs` ahead of UTC: at midnight where it spans days, else at round hours and
 * minutes.
 */
export function timeAxis(label: string, [from, to]: readonly [number, number], zoneMs: number, most = 7): Axis {
  const margin = 0.02 * Math.max(to - from, minute)
  const domain = [from - margin, to + margin] as const
  const step = steps.find((one) => (domain[1] - domain[0]) / one <= most) ?? (domain[1] - domain[0]) / most
  const first = Math.ceil((domain[0] + zoneMs) / step) * step - zoneMs
  const ticks: number[] = []
  for (let tick = first; tick <= domain[1]; tick += step) ticks.push(tick)
  const format = (time: number) => (ticks.includes(time) ? tickText(time + zoneMs, step) : '') // no others are round
  return { type: 'linear', domain, label, ticks, format }
}

function tickText(local: number, step: number): string {
  const date = new Date(local)
  const isMidnight = local % day === 0
  return isMidnight || step >= day
    ? words().dayOfMonth(date.getUTCMonth(), date.getUTCDate())
    : date.toISOString().slice(11, 16)
}

/** A time as text, to the minute. */
export function momentText(time: number, zoneMs: number): string {
  const date = new Date(time + zoneMs)
  return `${words().dayOfMonth(date.getUTCMonth(), date.getUTCDate())} ${date.toISOString().slice(11, 16)}`
}
