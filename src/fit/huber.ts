import { everyNth, type Runs } from '../core/run.ts'
import type { SurfaceLaw } from '../law/surface.ts'
import { bfgs, type Differentiable } from '../numeric/bfgs.ts'
import { invertPositive } from '../numeric/cholesky.ts'
import { huberLoss, huberSlope } from '../numeric/huber.ts'
import { type LeastSquares, levenbergMarquardt } from '../numeric/levenberg-marquardt.ts'
import { centredLogs } from './centred-logs.ts'
import { type Estimate, estimateOf } from './estimate.ts'
import { exponentRange, fewestForSurface } from './surface.ts'

/** Where Huber's loss turns from quadratic to linear, in ln L (Hoffmann et al. 2022, appendix D.3). */
export const huberDelta = 1e-3

/** A loss surface fitted on ln L, with the summed Huber objective. */
export interface HuberFit extends Estimate {
  readonly law: SurfaceLaw
  readonly objective: number
  /** How many starts ended within 5 % of the best objective. */
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

/** How many starts `huberGrid` has. */
export const huberGridSize = 4500

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
      sum += w * huberLoss(r, huberDelta)
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

  /**
   * About the inverse Hessian of the objective, null where the runs do not tell: that of the weighted squares below, which bend more than Huber's
   * loss but do not jump with every run that passes a kink. Descents that begin with it need a third of the evaluations.
   */
  const metric = (theta: ArrayLike<number>): Float64Array | null => {
    const [a, b, e, alpha, beta] = Array.from(theta)
    const hessian = new Float64Array(25)
    const row = new Float64Array(5)
    for (let i = 0; i < n; i++) {
      const p = Math.exp(a - alpha * x[i] - e)
      const q = Math.exp(b - beta * y[i] - e)
      const total = 1 + p + q
      const size = Math.abs(e + Math.log(total) - logLoss[i])
      const bend = (weights ? weights[i] : 1) * (size <= huberDelta ? 1 : huberDelta / size)
      row.set([p / total, q / total, 1 / total, (-p * x[i]) / total, (-q * y[i]) / total])
      for (let j = 0; j < 5; j++) for (let k = 0; k < 5; k++) hessian[j * 5 + k] += bend * row[j] * row[k]
    }
    const inverse = invertPositive(hessian, 5)
    return inverse?.every(Number.isFinite) ? inverse : null
  }

  // What `cost` leaves for `slope`: the residuals, and the shares of A's and B's terms in the fitted loss.
  const residual = new Float64Array(n)
  const shareA = new Float64Array(n)
  const shareB = new Float64Array(n)

  /**
   * The same objective, doubled, for Gauss-Newton steps: Huber's loss as least squares with weights min(1, delta / |r|), which
   * bounds it from above and touches it at the current point (Holland and Welsch 1977).
   */
  const reweighted: LeastSquares = {
    cost(theta) {
      const [a, b, e, alpha, beta] = theta
      let sum = 0
      for (let i = 0; i < n; i++) {
        const p = Math.exp(a - alpha * x[i] - e)
        const q = Math.exp(b - beta * y[i] - e)
        const total = 1 + p + q
        const r = e + Math.log(total) - logLoss[i]
        residual[i] = r
        shareA[i] = p / total
        shareB[i] = q / total
        sum += huberLoss(r, huberDelta)
      }
      return 2 * sum
    },
    slope() {
      const gradient = new Float64Array(5)
      const normal = new Float64Array(25)
      const row = new Float64Array(5)
      for (let i = 0; i < n; i++) {
        const size = Math.abs(residual[i])
        const weight = size <= huberDelta ? 1 : huberDelta / size
        const p = shareA[i]
        const q = shareB[i]
        row[0] = p
        row[1] = q
        row[2] = 1 - p - q
        row[3] = -p * x[i]
        row[4] = -q * y[i]
        for (let j = 0; j < 5; j++) {
          const scaled = weight * row[j]
          gradient[j] += scaled * residual[i]
          for (let k = 0; k <= j; k++) normal[j * 5 + k] += scaled * row[k]
        }
      }
      for (let j = 0; j < 5; j++) for (let k = j + 1; k < 5; k++) normal[j * 5 + k] = normal[k * 5 + j]
      return { gradient, normal }
    },
  }

  const toCentred = ([a, b, e, alpha, beta]: HuberStart) => [a - alpha * meanX, b - beta * meanY, e, alpha, beta]
  const toStart = ([a, b, e, alpha, beta]: Float64Array): HuberStart => [
    a + alpha * meanX,
    b + beta * meanY,
    e,
    alpha,
    beta,
  ]
  const toLaw = (x: Float64Array): SurfaceLaw => {
    const [a, b, e, alpha, beta] = toStart(x)
    return { E: Math.exp(e), A: Math.exp(a), B: Math.exp(b), alpha, beta, q: 1 }
  }
  const fromLaw = ({ E, A, B, alpha, beta }: SurfaceLaw) =>
    toCentred([Math.log(A), Math.log(B), Math.log(Math.max(E, 1e-12)), alpha, beta])
  return { objective, metric, reweighted, toCentred, toStart, toLaw, fromLaw }
}

type HuberProblem = ReturnType<typeof huberProblem>

/** The way from a far start is found on a part of the runs, as long as that has this many. */
const fewestForDescent = 60

/**
 * Brings every start near its minimum by reweighted least squares: most of the way on a part of the runs, spread evenly, the
 * rest on all of them. Starts that leave the floating range end at infinity.
 */
export function descend(runs: Runs, starts: readonly HuberStart[], onShare?: (share: number) => void): HuberEnd[] {
  const all = huberProblem(runs)
  const stride = Math.floor(runs.size / fewestForDescent)
  const part = stride > 1 ? huberProblem(everyNth(runs, stride)) : null
  return starts.map((start, k) => {
    onShare?.(k / starts.length)
    const near = part ? part.toStart(follow(part, part.toCentred(start)).theta) : start
    const { theta, cost } = follow(all, all.toCentred(near))
    return { x: theta, value: Number.isFinite(cost) ? cost / 2 : Number.POSITIVE_INFINITY }
  })
}

const follow = ({ reweighted }: HuberProblem, start: number[]) =>
  levenbergMarquardt(reweighted, start, { decrease: 0.01, maxIterations: 100 })

/** Ends whose exponents differ by less than this, together, are taken for one valley. */
const sameValley = 0.02

/** How many valleys are followed to their floor, at most. */
const mostValleys = 12

/** A start agrees with the result when it ended within 5 % of the best objective. */
const agreement = 0.05

/**
 * Follows the best valleys that the starts reached to their floor by BFGS, and names the law of the lowest. Null when no start
 * ended at a law with finite, positive exponents.
 */
export function bestOfEnds(runs: Runs, ends: readonly HuberEnd[]): HuberFit | null {
  const problem = huberProblem(runs)
  const ranked = ends
    .map((end, index) => ({ ...end, index }))
    .filter(({ value, x }) => Number.isFinite(value) && x.every(Number.isFinite))
    .sort((p, q) => p.value - q.value || p.index - q.index)
  const valleys: HuberEnd[] = []
  for (const end of ranked) {
    const known = valleys.some(({ x }) => Math.abs(x[3] - end.x[3]) + Math.abs(x[4] - end.x[4]) < sameValley)
    if (!known) valleys.push(end)
    if (valleys.length === mostValleys) break
  }
  const floors = valleys.map(({ x }) => polish(problem, x))
  const best = floors.reduce<HuberEnd | null>((low, end) => (low === null || end.value < low.value ? end : low), null)
  if (best === null) return null
  const agreeing = ranked.filter(({ value }) => value <= best.value * (1 + agreement)).length
  return huberFit(runs, problem.toLaw(best.x), best.value, agreeing, ends.length)
}

/** Method `huber` from a law nearby, for resampling: one descent instead of 4,500. */
export function refitHuber(runs: Runs, near: SurfaceLaw, weights?: Float64Array): HuberFit | null {
  const { objective, metric, fromLaw, toLaw } = huberProblem(runs, weights)
  const start = fromLaw(near)
  const { x, value } = bfgs(objective, start, { tolerance: 1e-8, metric: metric(start) })
  return Number.isFinite(value) ? huberFit(runs, toLaw(x), value, 1, 1) : null
}

/** Descends again from where a descent ended until that gains nothing more. */
function polish({ objective, metric }: HuberProblem, start: Float64Array): HuberEnd {
  let end: HuberEnd = bfgs(objective, start, { tolerance: 1e-14, metric: metric(start) })
  for (let k = 0; k < 20; k++) {
    const again = bfgs(objective, end.x, { tolerance: 1e-14 })
    if (!(again.value < end.value * (1 - 1e-13))) break
    end = again
  }
  return end
}

function huberFit(runs: Runs, law: SurfaceLaw, objective: number, agreeing: number, starts: number): HuberFit | null {
  const { least, most } = exponentRange
  const inRange = [law.alpha, law.beta].every((exponent) => exponent >= least && exponent <= most)
  const usable = inRange && law.A > 0 && law.B > 0 && Object.values(law).every(Number.isFinite)
  if (!usable || runs.size < fewestForSurface) return null
  let rss = 0
  for (let i = 0; i < runs.size; i++) {
    const L = law.E + law.A * runs.parameters[i] ** -law.alpha + law.B * runs.tokens[i] ** -law.beta
    rss += Math.log(L / runs.loss[i]) ** 2
  }
  return { ...estimateOf(law, { rmse: Math.sqrt(rss / runs.size), of: 'ln loss' }), law, objective, agreeing, starts }
}
