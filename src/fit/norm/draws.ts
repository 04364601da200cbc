import { random } from '../../core/random.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import { levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import type { Drift } from '../estimate.ts'
import type { NormFit } from './fit.ts'
import { NormProblem, normSize } from './problem.ts'

/** A law drawn from the posterior, and how things drift from it beyond the runs. */
export interface NormDraw {
  readonly law: SurfaceLaw
  readonly drift: Drift
}

/**
 * For each factor e of compute beyond the runs, the loss drifts from any law by 0.3 % of itself, and the exponent of the best size
 * is another by 0.03 (standard deviations). Chosen on public tables, with the family that judged left out (docs/log.md).
 */
export const driftSd = { loss: 0.003, size: 0.03 } as const

/** Rough: a draw need not be exact to the digits of its noise. */
const descent = { maxIterations: 30, tolerance: 1e-3 } as const
/** Marks the streams of this file among those of the random numbers. */
const stream = 0x4e

/**
 * Laws that the runs leave possible, by randomizing and then optimizing (Bardsley, Solonen, Haario and Laine 2014): every loss is
 * moved by its own standard deviation and the prior's centre by its own, and the law is fitted again from the mode. Laplace's
 * covariance alone gives laws that miss the runs where the posterior is bent. Every mode gets draws by its weight. (E24)
 */
export function drawNorms({ modes, data, prior }: NormFit, count: number, seed: number): NormDraw[] {
  const rng = random(seed, stream)
  const from = Math.exp(data.work.reduce((high, value) => Math.max(high, value)))
  return allot(modes, count).flatMap(({ mode: { q, theta, precision }, draws }) => {
    const problem = new NormProblem(data, q, prior)
    problem.precision.set(precision)
    return Array.from({ length: draws }, () => {
      for (let i = 0; i < precision.length; i++)
        problem.loss[i] = precision[i] > 0 ? data.loss[i] + rng.normal() / precision[i] : data.loss[i]
      for (let k = 0; k < normSize; k++) problem.shift[k] = rng.normal()
      const drift = { from, loss: driftSd.loss * rng.normal(), size: driftSd.size * rng.normal() }
      return { law: problem.law(levenbergMarquardt(problem, theta, descent).theta), drift }
    })
  })
}

/** How many draws each mode gets: the whole count by weight, what rounding leaves by the order of the modes. */
export function allot<Mode extends { readonly weight: number }>(
  modes: readonly Mode[],
  count: number,
): { mode: Mode; draws: number }[] {
  let weight = 0
  let given = 0
  return modes.map((mode) => {
    weight += mode.weight
    const draws = Math.round(weight * count) - given
    given += draws
    return { mode, draws }
  })
}
