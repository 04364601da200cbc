import { tokensFor } from '../core/flops.ts'
import { goldenSection } from '../numeric/golden-section.ts'
import { powerAt } from './power.ts'
import { saturated } from './saturation.ts'
import { optimalParameters, type SurfaceLaw, surfaceLoss } from './surface.ts'

/**
 * The data-constrained law (Muennighoff et al. 2023, equations 5 and 6; docs/math.md E110): the loss of a surface at N' and D', the
 * size that serves and the tokens that teach where only U of the D tokens differ.
 */
export interface RepeatsLaw {
  /** The loss on fresh data. */
  readonly fresh: SurfaceLaw
  /** R* of tokens: no number of repeats is worth more than so many times the unique tokens. */
  readonly tokens: number
  /** R* of size: the same of parameters beyond those for which the unique tokens are compute-optimal. */
  readonly size: number
}

/** ln of a law's largest R*: repeats are then as good as fresh tokens wherever anybody has trained. */
export const lnBoundless = 20

/** D' = U (1 + R* (1 - e^(-R / R*))), R = D / U - 1: the fresh tokens that D tokens are worth, U of them different (E110). */
export function taughtTokens({ tokens }: Pick<RepeatsLaw, 'tokens'>, D: number, U: number): number {
  const unique = Math.min(D, U)
  return unique * saturated(D / unique - 1, tokens).value
}

/** The size for which U fresh tokens are compute-optimal (E111). */
export function supportedSize({ A, B, alpha, beta, q }: SurfaceLaw, U: number): number {
  return Math.exp((q * Math.log(alpha / beta) + Math.log(A / B) + beta * Math.log(U)) / alpha)
}

/** N' : as D' of the size beyond what the unique tokens support (E111). */
export function servedSize({ fresh, size }: Pick<RepeatsLaw, 'fresh' | 'size'>, N: number, unique: number): number {
  const base = Math.min(N, supportedSize(fresh, unique))
  return base * saturated(N / base - 1, size).value
}

/** The loss of N parameters on D tokens of which U differ, nats per token (E110). */
export const repeatsLoss = (law: RepeatsLaw, N: number, D: number, U: number): number =>
  surfaceLoss(law.fresh, servedSize(law, N, Math.min(D, U)), taughtTokens(law, D, U))

/** What to train with a budget where only so many tokens differ. */
export interface RepeatedOptimum {
  readonly parameters: number
  readonly tokens: number
  /** Tokens over unique tokens; below 1 where not all of them are needed. */
  readonly epochs: number
  readonly loss: number
  /** The loss beyond that of the best run on fresh tokens, nats. */
  readonly cost: number
  /** The fresh tokens that the repeated ones are worth together. */
  readonly worth: number
}

/** How far from the best size on fresh data the best one is looked for, in ln; points of that range. */
const search = { reach: 14, points: 57 } as const

/**
 * The best size and epochs with C FLOPs, 6ND, and U unique tokens (E112). Where U is enough for fresh data that is the surface's
 * optimum.
 * @example bestRepeated(law, 1e22, 1e11).epochs
 */
export function bestRepeated(law: RepeatsLaw, C: number, U: number): RepeatedOptimum {
  const freshSize = powerAt(optimalParameters(law.fresh), C)
  const best = surfaceLoss(law.fresh, freshSize, tokensFor(C, freshSize))
  const N = tokensFor(C, freshSize) <= U ? freshSize : constrainedSize(law, C, U, freshSize)
  const tokens = tokensFor(C, N)
  const loss = repeatsLoss(law, N, tokens, U)
  const worth = taughtTokens(law, tokens, U) - Math.min(U, tokens)
  return { parameters: N, tokens, epochs: tokens / U, loss, cost: Math.max(0, loss - best), worth }
}

function constrainedSize(law: RepeatsLaw, C: number, U: number, freshSize: number): number {
  const loss = (x: number) => repeatsLoss(law, Math.exp(x), tokensFor(C, Math.exp(x)), U)
  const { reach, points } = search
  const step = (2 * reach) / (points - 1)
  const grid = Array.from({ length: points }, (_, k) => Math.log(freshSize) - reach + k * step)
  const losses = grid.map(loss)
  const lowest = losses.indexOf(Math.min(...losses))
  return Math.exp(goldenSection(loss, grid[lowest] - step, grid[lowest] + step))
}

/** The epoch whose token is worth this share of a fresh one: dD'/dD = e^(-R / R*) (E113). */
export const epochWorth = ({ tokens }: Pick<RepeatsLaw, 'tokens'>, share: number): number =>
  1 - tokens * Math.log(share)

/** The epochs up to which repeated tokens are worth this share on the average: (1 - e^-t) / t = share, t = R / R* (E113). */
export const epochsWorthOnAverage = ({ tokens }: Pick<RepeatsLaw, 'tokens'>, share: number): number =>
  1 + tokens * averageDecay(share)

/** t at which (1 - e^-t) / t is this share, by bisection. */
function averageDecay(share: number): number {
  let [low, high] = [0, 2 / share]
  for (let k = 0; k < 60; k++) {
    const t = (low + high) / 2
    if (-Math.expm1(-t) / t > share) low = t
    else high = t
  }
  return (low + high) / 2
}

/** The coefficients that are searched, in their order: of `norm`, and ln of the two R*. */
export const repeatsCoefficients = ['E', 'A', 'B', 'alpha', 'beta', 'tokens', 'size'] as const
export type RepeatsName = (typeof repeatsCoefficients)[number]
export const repeatsSize = repeatsCoefficients.length

/** A run as logarithms about a centre: ln N, ln D, and ln of its unique tokens, at most ln D. */
export interface RepeatsPoint {
  readonly size: number
  readonly tokens: number
  readonly unique: number
}

/**
 * The loss above the plateau at a point, and its derivatives by all coefficients but E's, written into `gradient`. The coefficients
 * are ln of the two terms at the centre, ln alpha, ln beta, ln R*; theta[0] is the plateau's and not looked at (E114).
 */
export function lossAbovePlateau(
  theta: ArrayLike<number>,
  q: number,
  { size, tokens, unique }: RepeatsPoint,
  gradient: Float64Array,
): number {
  const [a, b] = [theta[1], theta[2]]
  const alpha = Math.exp(theta[3])
  const beta = Math.exp(theta[4])

  // The tokens that teach, and the size that serves; `support` is ln of the size for which the unique tokens are compute-optimal.
  const fresh = saturated(Math.expm1(tokens - unique), Math.exp(theta[5]))
  const taught = unique + Math.log(fresh.value)
  const support = (q * (theta[3] - theta[4]) + a - b + beta * unique) / alpha
  const isBeyond = size > support
  const beyond = isBeyond ? Math.expm1(Math.min(size - support, 600)) : 0
  const useful = saturated(beyond, Math.exp(theta[6]))
  const served = isBeyond ? support + Math.log(useful.value) : size

  // The norm of the two terms.
  const [u, v] = [(a - alpha * served) / q, (b - beta * taught) / q]
  const high = Math.max(u, v)
  const ratio = Math.exp(-Math.abs(u - v))
  const left = Math.exp(q * high) * (q === 1 ? 1 + ratio : (1 + ratio) ** q)
  const byA = left * (u >= v ? 1 / (1 + ratio) : ratio / (1 + ratio))
  const byB = left - byA

  // Backwards through the same steps.
  const byServed = -alpha * byA
  const bySupport = isBeyond ? byServed * (1 - ((1 + beyond) * useful.byX) / useful.value) : 0
  gradient[1] = byA + bySupport / alpha
  gradient[2] = byB - bySupport / alpha
  gradient[3] = byServed * served + bySupport * (q / alpha - support)
  gradient[4] = -beta * byB * taught + (bySupport * (beta * unique - q)) / alpha
  gradient[5] = (-beta * byB * fresh.byLimit) / fresh.value
  gradient[6] = (byServed * useful.byLimit) / useful.value
  return left
}
