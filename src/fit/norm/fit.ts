import type { Runs } from '../../core/run.ts'
import { type FrontierLaw, frontierLoss } from '../../law/frontier.ts'
import { optimalLoss, type SurfaceLaw } from '../../law/surface.ts'
import type { PlainFit } from './alike.ts'
import { fitPlains } from './plain.ts'
import { type NormPrior, usualPrior } from './prior.ts'
import { type NormData, NormProblem, normData } from './problem.ts'
import { beliefIn, firstState, improve, leadOf, passes, precisionOf } from './weighted.ts'

/** The values of q that share the belief; 1 is the additive law. */
export const norms = [0.35, 0.5, 0.7, 1] as const

/** With priors a few runs can be fitted; whether they determine a law is told apart (headline.ts). */
export const fewestForNorm = 3

/** The law at one q. */
export interface NormMode {
  readonly q: number
  readonly theta: Float64Array
  /** 1 / nats: how exactly each run is believed to lie on the law; `[n]`. */
  readonly precision: Float64Array
  /** How far this q is believed; the weights of all modes sum to 1. */
  readonly weight: number
}

/** What method `norm` finds. */
export interface NormFit {
  /** The law at the believed q: the mean of ln q over the modes. */
  readonly law: SurfaceLaw
  readonly converged: boolean
  readonly modes: readonly NormMode[]
  readonly data: NormData
  readonly prior: NormPrior
  /** Measured minus fitted loss, nats; `[n]`. */
  readonly residual: Float64Array
  /** How much each run counts for the law, at most 1, outliers aside: a run at the valley's floor at the largest compute counts 1; `[n]`. */
  readonly relevance: Float64Array
  /** Standard deviation of a run of relevance 1 about the law, nats. */
  readonly scale: number
  /** The law of all runs alike, at the q that is believed most: measured minus fitted loss, `[n]`, and the standard deviation that their median tells, nats. */
  readonly alike: { readonly residual: Float64Array; readonly spread: number }
}

/** A run this far above the valley's floor, relatively, counts half. Chosen on public tables (docs/log.md). */
const valleyWidth = 0.01
/** At least so many runs have to count, by Kish's effective number: fewer would leave the law to the prior. */
const fewestEffective = 3

/**
 * Method `norm`: L = E + ((A / N^alpha)^(1/q) + (B / D^beta)^(1/q))^q by maximum a posteriori with Student's t, each run weighted
 * by its compute and its nearness to the valley's floor, the q believed by the evidence of all runs alike. docs/math.md (E20 to
 * E25). No random numbers. Null with fewer than three runs.
 */
export function fitNorm(runs: Runs, prior: NormPrior = usualPrior): NormFit | null {
  if (runs.size < fewestForNorm) return null
  const data = normData(runs)
  const qs = prior.q.sd === 0 ? [prior.q.mean] : norms
  const plain = fitPlains(data, qs, prior)
  const { weights, q } = beliefIn(plain, qs, prior)
  const problemAt = (q: number) => new NormProblem(data, q, prior)
  let states = plain.map((fit, k) => firstState(fit, qs[k], data.lowest))
  let relevance: Float64Array = new Float64Array(0)
  for (let pass = 0; pass < passes; pass++) {
    const frontiers = states.map(({ q, theta }) => optimalLoss(problemAt(q).law(theta)))
    relevance = soften(relevanceOf(data, frontiers, weights))
    states = states.map((state) => improve(problemAt(state.q), state, relevance))
  }
  const problem = problemAt(q)
  const lead = leadOf(problem, states, relevance, q)
  problem.cost(lead.theta)
  return {
    law: problem.law(lead.theta),
    converged: lead.converged,
    modes: states.map(({ q, theta, ...state }, k) => ({
      q,
      theta,
      precision: precisionOf(state, relevance),
      weight: weights[k],
    })),
    data,
    prior,
    residual: problem.residual.map((r) => -r),
    relevance,
    scale: lead.scale,
    alike: alikeOf(plain[weights.indexOf(Math.max(...weights))]),
  }
}

const alikeOf = ({ residual, spread }: PlainFit): NormFit['alike'] => ({ residual: residual.map((r) => -r), spread })

/** C / Cmax over 1 + (x / 0.01)^2, x the relative distance from the best loss at the run's compute, the modes averaged (E22). */
function relevanceOf(
  { loss, work }: NormData,
  frontiers: readonly FrontierLaw[],
  weights: readonly number[],
): Float64Array {
  const most = work.reduce((high, value) => Math.max(high, value))
  return loss.map((L, i) => {
    const C = Math.exp(work[i])
    const best = frontiers.reduce((sum, frontier, k) => sum + weights[k] * frontierLoss(frontier, C), 0)
    return Math.exp(work[i] - most) / (1 + ((L / best - 1) / valleyWidth) ** 2)
  })
}

/** Weights raised to the power, at most 1, that leaves enough effective runs: a few runs alone would leave the law to the prior. */
function soften(relevance: Float64Array): Float64Array {
  const wanted = fewestEffective
  const effective = (power: number) => {
    const weights = relevance.map((w) => w ** power)
    return weights.reduce((sum, w) => sum + w, 0) ** 2 / weights.reduce((sum, w) => sum + w * w, 0)
  }
  if (effective(1) >= wanted) return relevance
  let [low, high] = [0, 1]
  for (let k = 0; k < 30; k++) {
    const middle = (low + high) / 2
    if (effective(middle) >= wanted) low = middle
    else high = middle
  }
  return relevance.map((w) => w ** low)
}
