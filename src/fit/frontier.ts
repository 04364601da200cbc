import type { Runs } from '../core/run.ts'
import { type FrontierLaw, frontierLoss } from '../law/frontier.ts'
import { goldenSection } from '../numeric/golden-section.ts'
import { fitLine } from '../numeric/line.ts'
import { profileMinimum } from './parabola.ts'
import { lowestRun, type Profile } from './profile.ts'

/** The best loss that a budget's runs show. */
export interface FrontierPoint {
  readonly flops: number
  readonly loss: number
  /** The parabola's minimum where it is interior, else the lowest run. */
  readonly from: 'parabola' | 'lowest run'
}

/** A fitted frontier with the root mean square of its residuals, nats. */
export interface FrontierFit<Law = FrontierLaw> {
  readonly law: Law
  readonly rmse: number
}

/** L = intercept + slope ln C, which has no plateau and so runs below any loss in the end. */
export interface LogLine {
  readonly intercept: number
  readonly slope: number
}

export const logLineLoss = ({ intercept, slope }: LogLine, C: number): number => intercept + slope * Math.log(C)

/** The budgets' best losses, by ascending budget. Runs of weight 0 are not there. */
export function frontierPoints(runs: Runs, profiles: readonly Profile[], weights?: Float64Array): FrontierPoint[] {
  return profiles.flatMap((profile): FrontierPoint[] => {
    const minimum = profileMinimum(runs, profile, weights)
    if (minimum.kind === 'interior') return [{ flops: profile.budget, loss: minimum.loss, from: 'parabola' }]
    const lowest = lowestRun(runs, profile, weights)
    return lowest < 0 ? [] : [{ flops: profile.budget, loss: runs.loss[lowest], from: 'lowest run' }]
  })
}

/**
 * Method `frontier`, asymptote free: L = E + K / C^g with E >= 0 by least squares on the loss. Given g the rest is linear, so g
 * alone is searched. docs/math.md (E7). Null with fewer than four budgets, or when the loss does not fall with C.
 */
export function fitFrontier(points: readonly FrontierPoint[]): FrontierFit | null {
  return points.length < 4 ? null : searchExponent(points, (g) => linearPart(points, g))
}

/** Method `frontier` with a given asymptote. Null with fewer than two budgets, or when a loss is not above the asymptote. */
export function fitPinnedFrontier(points: readonly FrontierPoint[], E: number): FrontierFit | null {
  if (points.length < 2 || points.some(({ loss }) => loss <= E)) return null
  return searchExponent(points, (g) => {
    const u = scaledPowers(points, g)
    const suu = u.reduce((sum, value) => sum + value * value, 0)
    const sul = u.reduce((sum, value, i) => sum + value * (points[i].loss - E), 0)
    return { E, K: sul / suu }
  })
}

/** The straight line of the loss in ln C. Null with fewer than two budgets. */
export function fitLogLine(points: readonly FrontierPoint[]): FrontierFit<LogLine> | null {
  const line = fitLine(
    points.map(({ flops }) => Math.log(flops)),
    points.map(({ loss }) => loss),
  )
  return line && { law: { intercept: line.intercept, slope: line.slope }, rmse: line.rmse }
}

/** (C / C0)^-g with C0 the geometric mean of the budgets. */
function scaledPowers(points: readonly FrontierPoint[], g: number): number[] {
  const center = centerOf(points)
  return points.map(({ flops }) => Math.exp(-g * (Math.log(flops) - center)))
}

const centerOf = (points: readonly FrontierPoint[]): number =>
  points.reduce((sum, { flops }) => sum + Math.log(flops), 0) / points.length

/** E >= 0 and K by least squares for a given exponent. */
function linearPart(points: readonly FrontierPoint[], g: number): { E: number; K: number } {
  const u = scaledPowers(points, g)
  const line = fitLine(
    u,
    points.map(({ loss }) => loss),
  )
  if (line && line.intercept >= 0) return { E: line.intercept, K: line.slope }
  const suu = u.reduce((sum, value) => sum + value * value, 0)
  return { E: 0, K: u.reduce((sum, value, i) => sum + value * points[i].loss, 0) / suu }
}

/** The exponent in [0.002, 3] with the least residual sum of squares: a geometric scan, then golden section. */
function searchExponent(
  points: readonly FrontierPoint[],
  linear: (g: number) => { E: number; K: number },
): FrontierFit | null {
  const rss = (logG: number) => {
    const g = Math.exp(logG)
    const { E, K } = linear(g)
    return scaledPowers(points, g).reduce((sum, u, i) => sum + (E + K * u - points[i].loss) ** 2, 0)
  }
  const steps = 80
  const low = Math.log(0.002)
  const width = (Math.log(3) - low) / steps
  let best = 0
  for (let k = 1; k <= steps; k++) if (rss(low + k * width) < rss(low + best * width)) best = k
  const logG = goldenSection(rss, low + (best - 1) * width, low + (best + 1) * width)
  const exponent = Math.exp(logG)
  const { E, K } = linear(exponent)
  if (!(K > 0)) return null
  const coefficient = K * Math.exp(exponent * centerOf(points))
  return { law: { E, coefficient, exponent }, rmse: Math.sqrt(rss(logG) / points.length) }
}

/** The frontier's loss as a function of C. */
export const lossOf = (fit: FrontierFit) => (C: number) => frontierLoss(fit.law, C)
