import type { Interval } from '../core/interval.ts'
import type { Runs } from '../core/run.ts'
import { fQuantile1, fQuantile2 } from '../numeric/student.ts'
import { fitSurface, type SurfaceFit, surfaceProfile } from './surface.ts'

/** Exponents that the runs do not rule out: a closed line around the fitted pair. */
export interface ExponentRegion {
  readonly confidence: number
  /** Points of the line, in order; the first is not repeated. */
  readonly line: readonly { readonly alpha: number; readonly beta: number }[]
}

const directions = 120

/**
 * The joint confidence region of (alpha, beta): where the least residual sum of squares stays below
 * RSS_min (1 + 2 F(2, n - 5) / (n - 5)) (Beale 1960; Bates and Watts 1988, section 6.1). Each ray from the fitted pair is
 * followed to where it leaves the region. Assumes independent errors of equal size.
 */
export function exponentRegion(runs: Runs, fit: SurfaceFit, confidence: number): ExponentRegion | null {
  const df = runs.size - 5
  if (df < 1) return null
  const level = fit.rss * (1 + (2 * fQuantile2(confidence, df)) / df)
  const rss = surfaceProfile(runs)
  const { alpha, beta } = fit.law
  const line = Array.from({ length: directions }, (_, k) => {
    const angle = (2 * Math.PI * k) / directions
    const at = (radius: number) => ({
      alpha: alpha * Math.exp(radius * Math.cos(angle)),
      beta: beta * Math.exp(radius * Math.sin(angle)),
    })
    return at(crossing((radius) => rss(at(radius).alpha, at(radius).beta) <= level, 1e-9, 2))
  })
  return { confidence, line }
}

/**
 * The profile-likelihood interval of E: values whose best surface has a residual sum of squares below
 * RSS_min (1 + F(1, n - 5) / (n - 5)). It reaches 0 where the runs do not show a plateau at all.
 */
export function asymptoteInterval(runs: Runs, fit: SurfaceFit, confidence: number): Interval | null {
  const df = runs.size - 5
  if (df < 1) return null
  const level = fit.rss * (1 + fQuantile1(confidence, df) / df)
  const { E } = fit.law
  const lowestLoss = runs.loss.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY)
  const side = (sign: 1 | -1, most: number) => {
    if (most <= 0) return E
    let near: { alpha: number; beta: number } = fit.law
    const inside = (distance: number) => {
      const held = fitSurface(runs, { near, asymptote: Math.max(0, E + sign * distance) })
      if (held === null || held.rss > level) return false
      near = held.law // the valley is followed outward
      return true
    }
    return Math.max(0, E + sign * crossing(inside, most * 1e-6, most))
  }
  return [side(-1, E), side(1, lowestLoss - E)]
}

/** How far one can go before `inside` first fails, at most `most`: doubling steps from `first`, then bisection. */
function crossing(inside: (distance: number) => boolean, first: number, most: number): number {
  let low = 0
  let high = first
  while (inside(Math.min(high, most))) {
    if (high >= most) return most
    low = high
    high *= 2
  }
  high = Math.min(high, most)
  for (let k = 0; k < 30; k++) {
    const middle = 0.5 * (low + high)
    if (inside(middle)) low = middle
    else high = middle
  }
  return low
}
