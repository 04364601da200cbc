import type { Runs } from '../core/run.ts'
import type { SurfaceLaw } from '../law/surface.ts'
import { bfgs, type Differentiable } from '../numeric/bfgs.ts'
import { huber, huberSlope } from '../numeric/huber.ts'
import { type Estimate, estimateOf } from './estimate.ts'
import { centredLogs, fewestForSurface } from './surface.ts'

/** Where Huber's loss turns from quadratic to linear, in ln L (Hoffmann et al. 2022, appendix D.3). */
export const huberDelta = 1e-3

/** A loss surface fitted on ln L, with the summed Huber objective. */
export interface HuberFit extends Estimate {
  readonly law: SurfaceLaw
  readonly objective: number
  /** How many starts ended within one part in a million of the best objective. */
  readonly agreeing: number
  readonly starts: number
}

/** ln A, ln B, ln E, alpha, beta. */
export type HuberStart = readonly [a: number, b: number, e: number, alpha: number, beta: number]

/** Hoffmann's grid of 4,500 starts (appendix D.3): alpha and beta vary fastest. */
export function huberGrid(): HuberStart[] {
  const steps = (from: number, to: number, by: number) =>
    Array.from({ length: Math.round((to - from) / by) + 1 }, (_, k) => from + k * by)
  const starts: HuberStart[] = []
  for (const a of steps(0, 25, 5))
    for (const b of steps(0, 25, 5))
      for (const e of steps(-1, 1, 0.5))
        for (const alpha of steps(0, 2, 0.5)) for (const beta of steps(0, 2, 0.5)) starts.push([a, b, e, alpha, beta])
  return starts
}

/** `count` starts spread evenly over the grid; all of them by default. */
export function huberStarts(count?: number): HuberStart[] {
  const grid = huberGrid()
  if (count === undefined || count >= grid.length) return grid
  return Array.from({ length: count }, (_, k) => grid[Math.floor(((k + 0.5) * grid.length) / count)])
}

/** Where one start ended: the centred variables and the objective there. */
export interface HuberEnd {
  readonly x: Float64Array
  readonly value: number
}

/**
 * The problem in centred variables: a' = a - alpha mean(ln N) is the log of A's term at the middle of the data, likewise b'.
 * That is the same function, with the long valley between a and alpha taken out, so that quasi-Newton steps go straight.
 */
export function huberProblem(runs: Runs, weights?: Float64Array) {
  const { x, y, meanX, meanY } = centredLogs(runs)
  const logLoss = runs.loss.map(Math.log)
  const n = runs.size

  /** Sum over the runs of Huber_delta(LSE(a' - alpha x, b' - beta y, e) - ln L), and its gradient. docs/math.md (E6). */
  const objective: Differentiable = (theta, gradient) => {
    const a = theta[0]
    const b = theta[1]
    const e = theta[2]
    const alpha = theta[3]
    const beta = theta[4]
    let sum = 0
    let ga = 0
    let gb = 0
    let ge = 0
    let galpha = 0
    let gbeta = 0
    for (let i = 0; i < n; i++) {
      const w = weights ? weights[i] : 1
      if (w === 0) continue
      const p = Math.exp(a - alpha * x[i] - e) // A's term over E
      const q = Math.exp(b - beta * y[i] - e)
      const total = 1 + p + q
      const r = e + Math.log(total) - logLoss[i]
      sum += w * huber(r, huberDelta)
      const slope = (w * huberSlope(r, huberDelta)) / total
      const slopeP = slope * p
      const slopeQ = slope * q
      ge += slope
      ga += slopeP
      gb += slopeQ
      galpha -= slopeP * x[i]
      gbeta -= slopeQ * y[i]
    }
    gradient[0] = ga
    gradient[1] = gb
    gradient[2] = ge
    gradient[3] = galpha
    gradient[4] = gbeta
    return sum
  }

  const toCentred = ([a, b, e, alpha, beta]: HuberStart) => [a - alpha * meanX, b - beta * meanY, e, alpha, beta]
  const toLaw = ([a, b, e, alpha, beta]: Float64Array): SurfaceLaw => ({
    E: Math.exp(e),
    A: Math.exp(a + alpha * meanX),
    B: Math.exp(b + beta * meanY),
    alpha,
    beta,
  })
  const fromLaw = ({ E, A, B, alpha, beta }: SurfaceLaw) =>
    toCentred([Math.log(A), Math.log(B), Math.log(Math.max(E, 1e-12)), alpha, beta])
  return { objective, toCentred, toLaw, fromLaw }
}

/** Runs every start to its minimum. Starts that meet numbers beyond the floating range end with an infinite value. */
export function descend(runs: Runs, starts: readonly HuberStart[]): HuberEnd[] {
  const { objective, toCentred } = huberProblem(runs)
  return starts.map((start) => {
    const { x, value } = bfgs(objective, toCentred(start), { tolerance: 1e-7 })
    return { x, value: Number.isFinite(value) ? value : Number.POSITIVE_INFINITY }
  })
}

/**
 * Polishes the best ends of the starts and names the law of the lowest. Null when no start ended at a law with finite, positive
 * exponents.
 */
export function bestOfEnds(runs: Runs, ends: readonly HuberEnd[]): HuberFit | null {
  const { objective, toLaw } = huberProblem(runs)
  const ranked = ends
    .map((end, index) => ({ ...end, index }))
    .filter(({ value, x }) => Number.isFinite(value) && x.every(Number.isFinite))
    .sort((p, q) => p.value - q.value || p.index - q.index)
  const polished = ranked.slice(0, 12).map(({ x }) => polish(objective, x))
  const best = polished.reduce<HuberEnd | null>((low, end) => (low === null || end.value < low.value ? end : low), null)
  if (best === null) return null
  const agreeing = ranked.filter(({ value }) => value <= best.value * (1 + 1e-6)).length
  return huberFit(runs, toLaw(best.x), best.value, agreeing, ends.length)
}

/** Method `huber` from a law nearby, for resampling: one descent instead of 4,500. */
export function refitHuber(runs: Runs, near: SurfaceLaw, weights?: Float64Array): HuberFit | null {
  const { objective, fromLaw, toLaw } = huberProblem(runs, weights)
  const { x, value } = bfgs(objective, fromLaw(near), { tolerance: 1e-8 })
  return Number.isFinite(value) ? huberFit(runs, toLaw(x), value, 1, 1) : null
}

/** Descends again from where a descent ended until that gains nothing more. */
function polish(objective: Differentiable, start: Float64Array): HuberEnd {
  let end: HuberEnd = bfgs(objective, start, { tolerance: 1e-14 })
  for (let k = 0; k < 20; k++) {
    const again = bfgs(objective, end.x, { tolerance: 1e-14 })
    if (!(again.value < end.value * (1 - 1e-13))) break
    end = again
  }
  return end
}

function huberFit(runs: Runs, law: SurfaceLaw, objective: number, agreeing: number, starts: number): HuberFit | null {
  const usable = law.alpha > 0 && law.beta > 0 && law.A > 0 && law.B > 0 && Object.values(law).every(Number.isFinite)
  if (!usable || runs.size < fewestForSurface) return null
  let rss = 0
  for (let i = 0; i < runs.size; i++) {
    const L = law.E + law.A * runs.parameters[i] ** -law.alpha + law.B * runs.tokens[i] ** -law.beta
    rss += Math.log(L / runs.loss[i]) ** 2
  }
  return { ...estimateOf(law, { rmse: Math.sqrt(rss / runs.size), of: 'ln loss' }), law, objective, agreeing, starts }
}
