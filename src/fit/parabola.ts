import type { Runs } from '../core/run.ts'
import { solveCholesky } from '../numeric/cholesky.ts'
import type { Estimate } from './estimate.ts'
import { estimateOfPoints } from './power.ts'
import type { Profile } from './profile.ts'

/** Below this number of sizes a parabola interpolates the runs, and nothing is left to tell noise from shape. */
export const fewestForParabola = 4

/** The quadratic through a profile: loss = c0 + c1 x + c2 x^2 with x = ln N - center. */
export interface Parabola {
  readonly center: number
  readonly coefficients: readonly [c0: number, c1: number, c2: number]
}

/** Where a profile has its minimum, or why it has none that may be used. */
export type ProfileMinimum =
  | { readonly kind: 'interior'; readonly parameters: number; readonly loss: number; readonly parabola: Parabola }
  /** The minimum of the parabola lies outside the sizes that were trained; `side` says beyond which end. */
  | { readonly kind: 'edge'; readonly side: 'small' | 'large'; readonly parabola: Parabola }
  /** The parabola opens downward or is a straight line. */
  | { readonly kind: 'not-convex'; readonly parabola: Parabola | null }
  | { readonly kind: 'too-few'; readonly sizes: number }

/** The word for the end of a profile that a minimum lies beyond. */
export const extreme = (side: 'small' | 'large'): string => (side === 'small' ? 'smallest' : 'largest')

/**
 * Method `parabola`: a quadratic in ln N through each budget's losses (Hoffmann et al. 2022, approach 2), and power laws
 * through the interior minima by least squares on logarithms. It gives no loss beyond the sampled budgets. Null with fewer
 * than two interior minima.
 */
export function fitParabolas(
  runs: Runs,
  profiles: readonly Profile[],
  weights?: Float64Array,
): (Estimate & { readonly minima: readonly ProfileMinimum[] }) | null {
  const minima = profiles.map((profile) => profileMinimum(runs, profile, weights))
  const budgets: number[] = []
  const sizes: number[] = []
  const tokens: number[] = []
  for (const [k, minimum] of minima.entries())
    if (minimum.kind === 'interior') {
      budgets.push(profiles[k].budget)
      sizes.push(minimum.parameters)
      tokens.push(tokensOnProfile(runs, profiles[k]) / minimum.parameters)
    }
  const estimate = estimateOfPoints(budgets, sizes, tokens)
  return estimate && { ...estimate, minima }
}

/** N D along a profile: C / 6 by the usual count, but runs may count their FLOPs otherwise. */
function tokensOnProfile(runs: Runs, profile: Profile): number {
  let sum = 0
  for (const i of profile.runs) sum += Math.log(runs.parameters[i] * runs.tokens[i])
  return Math.exp(sum / profile.runs.length)
}

/** The quadratic through one profile and the kind of its minimum. Runs of weight 0 are not there. */
export function profileMinimum(runs: Runs, profile: Profile, weights?: Float64Array): ProfileMinimum {
  const present = weights ? profile.runs.filter((i) => weights[i] > 0) : profile.runs
  const logN = Array.from(present, (i) => Math.log(runs.parameters[i]))
  const sizes = new Set(logN).size
  if (sizes < fewestForParabola) return { kind: 'too-few', sizes }
  const parabola = fitParabola(
    logN,
    Array.from(present, (i) => runs.loss[i]),
    weights && Array.from(present, (i) => weights[i]),
  )
  if (parabola === null) return { kind: 'not-convex', parabola }
  const [c0, c1, c2] = parabola.coefficients
  if (!(c2 > 0)) return { kind: 'not-convex', parabola }
  const x = -c1 / (2 * c2)
  const logMinimum = parabola.center + x
  if (logMinimum <= logN[0]) return { kind: 'edge', side: 'small', parabola }
  if (logMinimum >= logN[logN.length - 1]) return { kind: 'edge', side: 'large', parabola }
  return { kind: 'interior', parameters: Math.exp(logMinimum), loss: c0 + 0.5 * c1 * x, parabola }
}

/** Weighted least squares of a quadratic in ln N, centred for its condition. */
function fitParabola(logN: number[], loss: number[], weights?: number[]): Parabola | null {
  const center = logN.reduce((sum, value) => sum + value, 0) / logN.length
  const meanLoss = loss.reduce((sum, value) => sum + value, 0) / loss.length
  const normal = new Float64Array(9)
  const right = new Float64Array(3)
  for (const [i, value] of logN.entries()) {
    const x = value - center
    const row = [1, x, x * x]
    const w = weights ? weights[i] : 1
    for (let j = 0; j < 3; j++) {
      right[j] += w * row[j] * (loss[i] - meanLoss)
      for (let k = 0; k < 3; k++) normal[j * 3 + k] += w * row[j] * row[k]
    }
  }
  const c = solveCholesky(normal, right)
  return c && { center, coefficients: [c[0] + meanLoss, c[1], c[2]] }
}

/** The quadratic's loss at N. */
export function parabolaLoss({ center, coefficients: [c0, c1, c2] }: Parabola, N: number): number {
  const x = Math.log(N) - center
  return c0 + x * (c1 + x * c2)
}
