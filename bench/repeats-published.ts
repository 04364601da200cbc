import { random } from '../src/core/random.ts'
import type { Runs } from '../src/core/run.ts'
import { startsAt } from '../src/fit/norm/plain.ts'
import type { NormPrior } from '../src/fit/norm/prior.ts'
import { repeatsData } from '../src/fit/repeats/data.ts'
import { RepeatsProblem } from '../src/fit/repeats/problem.ts'
import type { RepeatsLaw } from '../src/law/repeats.ts'
import { levenbergMarquardt } from '../src/numeric/levenberg-marquardt.ts'

/** Hardly any prior, and q held at 1. */
const flat: NormPrior = {
  E: { mean: 0.6, sd: 3 },
  terms: { mean: 0.2, sd: 10 },
  alpha: { mean: 0.33, sd: 3 },
  beta: { mean: 0.33, sd: 3 },
  q: { mean: 1, sd: 0 },
}
const delta = 1e-3
const starts = { tokens: [3, 15, 60], size: 5 } as const

/**
 * The data-constrained law as it was published: additive, all runs alike, Huber's loss of ln L with delta 10^-3 from many starts, here
 * by reweighted least squares; and refits with groups of equal N and unique tokens weighted at random (the Bayesian bootstrap).
 */
export function fitPublished(runs: Runs, draws: number, seed: number): { law: RepeatsLaw; draws: RepeatsLaw[] } {
  const data = repeatsData(runs)
  const problem = new RepeatsProblem(data, 1, flat)
  const distance = (i: number) => Math.abs(Math.log1p(problem.residual[i] / data.loss[i]))
  const descend = (theta: Float64Array, weights: Float64Array, passes: number, tolerance: number) => {
    problem.cost(theta)
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < runs.size; i++) {
        const huber = Math.min(1, delta / Math.max(distance(i), 1e-12))
        problem.precision[i] = Math.sqrt(weights[i] * huber) / (delta * data.loss[i])
      }
      theta = levenbergMarquardt(problem, theta, { maxIterations: 40, tolerance }).theta
      problem.cost(theta)
    }
    return theta
  }
  const objective = (theta: Float64Array) => {
    problem.cost(theta)
    return data.loss.reduce((sum, _, i) => {
      const r = distance(i)
      return sum + (r < delta ? 0.5 * r * r : delta * (r - 0.5 * delta))
    }, 0)
  }
  const alike = new Float64Array(runs.size).fill(1)
  const ends = startsAt(data.lowest).flatMap((start) =>
    starts.tokens.map((R) => descend(Float64Array.of(...start, Math.log(R), Math.log(starts.size)), alike, 12, 1e-5)),
  )
  const values = ends.map(objective)
  const theta = descend(ends[values.indexOf(Math.min(...values))], alike, 15, 1e-7)
  const law = problem.law(theta)
  const rng = random(seed, 9)
  const replicas = Array.from({ length: draws }, () => {
    const weights = new Float64Array(runs.size)
    for (const group of data.groups) {
      const weight = -Math.log(1 - rng.uniform())
      for (const i of group) weights[i] = weight
    }
    return problem.law(descend(theta, weights, 8, 1e-4))
  })
  return { law, draws: replicas }
}
