import { levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import { descent, type PlainFit, type RobustProblem, studentCost, studentWeight } from './alike.ts'
import { logPriorOfQ, type NormPrior } from './prior.ts'

/** Assumed scale of a run about the law, relative to the loss, and for how many runs the assumption counts. */
const assumed = { scale: 0.004, runs: 3 } as const
/** Where all runs lie nearer to a law than this many times less, it is believed instead: losses computed from a law. */
const exactness = 10
/** With fewer runs than this they may lie near to it by chance. */
const fewestForExactness = 9
/** Runs of a table err together: their evidence for q counts as if one in five were independent. */
const independentShare = 0.2
/** Passes over weights, coefficients and scale, in turn. */
export const passes = 4

/** A fit to weighted runs on its way. */
export interface WeightedState {
  readonly q: number
  readonly theta: Float64Array
  /** Standard deviation of a run of relevance 1 about the law, nats. */
  readonly scale: number
  /** The scale that is believed without any run. */
  readonly floor: number
  /** Student's weights of the last residuals; null before there are any. */
  readonly robust: Float64Array | null
  readonly converged: boolean
}

/** How far each q is believed by all runs alike, and the mean of ln q as a q. */
export function beliefIn(plain: readonly PlainFit[], qs: readonly number[], prior: NormPrior) {
  const weights = believe(plain.map(({ evidence }, k) => independentShare * evidence + logPriorOfQ(prior, qs[k])))
  return { weights, q: Math.exp(qs.reduce((sum, value, k) => sum + weights[k] * Math.log(value), 0)) }
}

/** Weights that sum to 1 from their logarithms. */
function believe(logs: readonly number[]): number[] {
  const most = Math.max(...logs, -Number.MAX_VALUE)
  const raw = logs.map((value) => Math.exp(value - most))
  const total = raw.reduce((sum, value) => sum + value, 0)
  return raw.map((value) => value / total)
}

/** Where the weighted fit of a q begins: at the fit to all runs alike. */
export function firstState({ theta, scale, spread, residual }: PlainFit, q: number, lowest: number): WeightedState {
  const usual = assumed.scale * lowest
  const floor = residual.length < fewestForExactness ? usual : Math.min(usual, exactness * spread)
  return { q, theta, scale: Math.min(scale, usual), floor, robust: null, converged: false }
}

/** One pass: the coefficients, the scale, Student's weights. */
export function improve(problem: RobustProblem, state: WeightedState, relevance: Float64Array): WeightedState {
  const { q, floor } = state
  problem.precision.set(precisionOf(state, relevance))
  const { theta, converged } = levenbergMarquardt(problem, state.theta, descent)
  problem.cost(theta)
  let squares = assumed.runs * floor ** 2
  let count: number = assumed.runs
  relevance.forEach((w, i) => {
    squares += w * (state.robust?.[i] ?? 1) * problem.residual[i] ** 2
    count += w
  })
  const scale = Math.sqrt(squares / count)
  const robust = relevance.map((w, i) => studentWeight(w * (problem.residual[i] / scale) ** 2))
  return { q, theta, scale, floor, converged, robust }
}

/** How exactly each run is believed to lie on the law, 1 / nats. */
export const precisionOf = (
  { robust, scale }: Pick<WeightedState, 'robust' | 'scale'>,
  relevance: Float64Array,
): Float64Array => relevance.map((w, i) => Math.sqrt(w * (robust?.[i] ?? 1)) / scale)

/** The fit at the believed q, whose problem it is: from every mode's end, the most probable. */
export function leadOf(
  problem: RobustProblem,
  states: readonly WeightedState[],
  relevance: Float64Array,
  q: number,
): WeightedState {
  const cost = ({ theta, scale }: WeightedState) => {
    problem.cost(theta)
    return relevance.reduce(
      (sum, w, i) => sum + 2 * w * Math.log(scale) + studentCost(w * (problem.residual[i] / scale) ** 2),
      problem.priorCost,
    )
  }
  const ends = states.map((state) => {
    let end: WeightedState = { ...state, q }
    for (let pass = 0; pass < passes - 1; pass++) end = improve(problem, end, relevance)
    return end
  })
  return ends.reduce((best, end) => (cost(end) < cost(best) ? end : best))
}
