import type { Runs } from '../../core/run.ts'
import type { RepeatsLaw } from '../../law/repeats.ts'
import { fitAlike, fitEach } from '../norm/alike.ts'
import { norms } from '../norm/fit.ts'
import { startsAt } from '../norm/plain.ts'
import { type NormPrior, usualPrior } from '../norm/prior.ts'
import { beliefIn, firstState, improve, leadOf, passes, precisionOf } from '../norm/weighted.ts'
import { type RepeatsData, repeatsData } from './data.ts'
import { repeatsPrior } from './prior.ts'
import { RepeatsProblem } from './problem.ts'
import { relevanceOf } from './weights.ts'

/** The data-constrained law at one q. */
export interface RepeatsMode {
  readonly q: number
  readonly theta: Float64Array
  /** 1 / nats: how exactly each run is believed to lie on the law; `[n]`. */
  readonly precision: Float64Array
  /** How far this q is believed; the weights of all modes sum to 1. */
  readonly weight: number
}

/** What is found of runs that saw some of their tokens more than once. */
export interface RepeatsFit {
  /** The law at the believed q: the mean of ln q over the modes. */
  readonly law: RepeatsLaw
  /** The same as a mode. */
  readonly lead: RepeatsMode
  readonly converged: boolean
  readonly modes: readonly RepeatsMode[]
  readonly data: RepeatsData
  readonly prior: NormPrior
  /** Measured minus fitted loss, nats; `[n]`. */
  readonly residual: Float64Array
  /** How much each run counts, at most 1, outliers aside; `[n]`. */
  readonly relevance: Float64Array
  /** Standard deviation of a run of relevance 1 about the law, nats. */
  readonly scale: number
}

/**
 * Fits the data-constrained law as `norm` fits its own: maximum a posteriori with Student's t, first of all runs alike at every q,
 * whose evidence says how far each is believed, then weighted (docs/math.md E115, E116). No random numbers. 160 runs take 0.2 s.
 * @example fitRepeats(runs).law.tokens // R* of tokens
 */
export function fitRepeats(runs: Runs, prior: NormPrior = usualPrior): RepeatsFit {
  const data = repeatsData(runs)
  const qs = prior.q.sd === 0 ? [prior.q.mean] : norms
  const problemAt = (q: number) => new RepeatsProblem(data, q, prior)
  const starts = startsOf(data.lowest)
  const plain = fitEach(qs, (q, from) => fitAlike(problemAt(q), data.lowest, from ? { from } : { starts }))
  const { weights, q } = beliefIn(plain, qs, prior)
  const believed = weights.indexOf(Math.max(...weights))
  let states = plain.map((fit, k) => firstState(fit, qs[k], data.lowest))
  let relevance = new Float64Array(runs.size)
  for (let pass = 0; pass < passes; pass++) {
    relevance = Float64Array.from(relevanceOf(data, problemAt(qs[believed]).law(states[believed].theta)))
    states = states.map((state) => improve(problemAt(state.q), state, relevance))
  }
  const problem = problemAt(q)
  const lead = leadOf(problem, states, relevance, q)
  problem.cost(lead.theta)
  const modeOf = ({ q, theta, ...state }: (typeof states)[number], weight: number): RepeatsMode => ({
    q,
    theta,
    precision: precisionOf(state, relevance),
    weight,
  })
  return {
    law: problem.law(lead.theta),
    lead: modeOf(lead, 1),
    converged: lead.converged,
    modes: states.map((state, k) => modeOf(state, weights[k])),
    data,
    prior,
    residual: problem.residual.map((r) => -r),
    relevance,
    scale: lead.scale,
  }
}

/** The starts of `norm` at the two R* that are believed beforehand. */
const startsOf = (lowest: number): Float64Array[] =>
  startsAt(lowest).map((start) =>
    Float64Array.of(...start, Math.log(repeatsPrior.tokens.mean), Math.log(repeatsPrior.size.mean)),
  )
