import { parameterTokens, tokensFor } from '../core/flops.ts'
import type { FrontierLaw } from './frontier.ts'
import type { PowerLaw } from './power.ts'

/**
 * L(N, D) = E + ((A / N^alpha)^(1/q) + (B / D^beta)^(1/q))^q, nats per token. docs/math.md (E1). q = 1 adds the two terms, as
 * Hoffmann et al. 2022, equation 2; below 1 the larger one counts more, and the valley is steeper than the frontier's slope says.
 */
export interface SurfaceLaw {
  readonly E: number
  readonly A: number
  readonly B: number
  readonly alpha: number
  readonly beta: number
  /** Of the norm that joins the two terms; 1 for the additive laws of the literature. */
  readonly q: number
}

/** The loss at N parameters and D tokens. */
export const surfaceLoss = (law: SurfaceLaw, N: number, D: number): number =>
  law.E + joined(law.A * N ** -law.alpha, law.B * D ** -law.beta, law.q)

/** (u^(1/q) + v^(1/q))^q of two positive terms. */
function joined(u: number, v: number, q: number): number {
  if (q === 1) return u + v
  const larger = Math.max(u, v)
  return larger > 0 ? larger * (1 + (Math.min(u, v) / larger) ** (1 / q)) ** q : 0
}

/** G of docs/math.md (E3): N* = G (C/6)^a. */
const balance = ({ A, B, alpha, beta, q }: SurfaceLaw): number =>
  ((alpha * A ** (1 / q)) / (beta * B ** (1 / q))) ** (q / (alpha + beta))

/**
 * The compute-optimal model size as a power law of C: N* = G (C/6)^(beta / (alpha + beta)). docs/math.md (E3).
 * @example powerAt(optimalParameters(law), 1e24)
 */
export function optimalParameters(law: SurfaceLaw): PowerLaw {
  const exponent = law.beta / (law.alpha + law.beta)
  return { coefficient: balance(law) * parameterTokens(1) ** exponent, exponent }
}

/** The compute-optimal number of tokens as a power law of C: D* = (C/6)^(alpha / (alpha + beta)) / G. docs/math.md (E3). */
export function optimalTokens(law: SurfaceLaw): PowerLaw {
  const exponent = law.alpha / (law.alpha + law.beta)
  return { coefficient: parameterTokens(1) ** exponent / balance(law), exponent }
}

/** The best loss as a function of C, which for this law is exactly E + K C^-gamma. docs/math.md (E4). */
export function optimalLoss(law: SurfaceLaw): FrontierLaw {
  const N = optimalParameters(law)
  const D = optimalTokens(law)
  const coefficient = joined(law.A * N.coefficient ** -law.alpha, law.B * D.coefficient ** -law.beta, law.q)
  return { E: law.E, coefficient, exponent: (law.alpha * law.beta) / (law.alpha + law.beta) }
}

/** How much loss a model of N parameters costs at C FLOPs, beyond the law's optimum there; never negative. */
export function excessLoss(law: SurfaceLaw, C: number, N: number): number {
  const best = optimalParameters(law)
  const Nbest = best.coefficient * C ** best.exponent
  const excess = surfaceLoss(law, N, tokensFor(C, N)) - surfaceLoss(law, Nbest, tokensFor(C, Nbest))
  return Math.max(0, excess)
}
