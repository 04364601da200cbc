import { random } from '../../core/random.ts'
import { type RepeatsLaw, repeatsSize } from '../../law/repeats.ts'
import { levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import type { Drift } from '../estimate.ts'
import { allot, driftSd } from '../norm/draws.ts'
import { mostTaught } from './data.ts'
import type { RepeatsFit } from './fit.ts'
import { RepeatsProblem } from './problem.ts'

/** A law drawn from the posterior, and how things drift from it beyond the runs. */
export interface RepeatsDraw {
  readonly law: RepeatsLaw
  readonly drift: Drift
}

/** Rough: a draw need not be exact to the digits of its noise. */
const descent = { maxIterations: 30, tolerance: 1e-3 } as const
/** Marks the streams of this file among those of the random numbers. */
const stream = 0x52

/** Laws that the runs leave possible, by randomizing and then optimizing, as `norm` draws its own (docs/math.md E24, E117). */
export function drawRepeats({ modes, data, prior, law }: RepeatsFit, count: number, seed: number): RepeatsDraw[] {
  const rng = random(seed, stream)
  const from = mostTaught(data, law)
  return allot(modes, count).flatMap(({ mode: { q, theta, precision }, draws }) => {
    const problem = new RepeatsProblem(data, q, prior)
    problem.precision.set(precision)
    return Array.from({ length: draws }, () => {
      for (let i = 0; i < precision.length; i++)
        problem.loss[i] = precision[i] > 0 ? data.loss[i] + rng.normal() / precision[i] : data.loss[i]
      for (let k = 0; k < repeatsSize; k++) problem.shift[k] = rng.normal()
      const drift = { from, loss: driftSd.loss * rng.normal(), size: driftSd.size * rng.normal() }
      return { law: problem.law(levenbergMarquardt(problem, theta, descent).theta), drift }
    })
  })
}
