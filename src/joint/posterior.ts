import type { Config } from '../core/config.ts'
import { random } from '../core/random.ts'
import type { Limits } from '../space/limits.ts'
import { type Measure, type Measuring, type Place, placeOf } from '../space/space.ts'
import { drawLaws } from './draws.ts'
import type { JointFit, WeightedMode } from './fit.ts'
import { type JointPoint, jointIndex } from './law.ts'
import type { JointMode } from './mode.ts'
import { bestPlace } from './place.ts'
import type { Draw } from './problem.ts'

/** A law drawn from the posterior over forms, accountings and coefficients. */
interface Sample {
  readonly mode: JointMode
  readonly draw: Draw
  /** How the law bends beyond the largest budget that was seen: a standard normal number. */
  readonly bend: number
}

/** Marks the streams of this file among those of the random numbers. */
const stream = 0x9d

/** The modes that count, at most so many, their weights summing to 1. */
export function leadingModes({ modes }: JointFit, least: number, most: number): WeightedMode[] {
  const kept = modes.filter(({ weight }, k) => k === 0 || weight >= least).slice(0, most)
  const total = kept.reduce((sum, { weight }) => sum + weight, 0)
  return kept.map(({ mode, weight }) => ({ mode, weight: weight / total }))
}

/**
 * Assumed: beyond the largest budget the exponent with which the loss falls in compute, some 0.16, may differ by 0.013 (standard
 * deviation) from the law's. Breaks of scaling laws are seen only once they are passed (Caballero et al. 2023).
 */
const bendSd = 0.013

/** The joint law's posterior as a set of laws. */
export class Posterior {
  readonly modes: readonly WeightedMode[]
  readonly #samples: readonly Sample[]
  readonly #space: Measuring
  /** ln of the largest budget seen. */
  readonly #reached: number

  /** Draws about `count` laws; equal seeds give equal draws. */
  constructor(fit: JointFit, count: number, seed: number) {
    this.modes = leadingModes(fit, 0.01, 12)
    this.#reached = Math.log(Math.max(...fit.used.map(({ config }) => config.trainFlops)))
    this.#space = fit.modes[0].mode.fitted.space
    const rng = random(seed, stream)
    this.#samples = this.modes.flatMap(({ mode, weight }) => {
      const laws = drawLaws(mode, Math.max(1, Math.round(weight * count)), rng)
      return laws.map((draw) => ({ mode, draw, bend: rng.normal() }))
    })
  }

  placeOf(config: Config): Place {
    return placeOf(this.#space, config)
  }

  /** What is known of a configuration before any law. */
  measureOf(config: Config): Measure {
    return this.#space.measure(config, 'none')
  }

  /** The loss of every drawn law at a place, nats. */
  losses(place: Place): Float64Array {
    const points = new Map<JointMode, JointPoint>(this.modes.map(({ mode }) => [mode, mode.pointAt(place)]))
    return Float64Array.from(this.#samples, ({ mode, draw }) => mode.lossOf(draw, points.get(mode) as JointPoint))
  }

  /** The expected loss at a place, nats. */
  meanLoss(place: Place): number {
    const losses = this.losses(place)
    return losses.reduce((sum, value) => sum + value, 0) / losses.length
  }

  /** What a bend of the law beyond the largest budget adds to each drawn loss, nats (E55). */
  bends(losses: Float64Array, flops: number): Float64Array {
    const distance = Math.max(0, Math.log(flops) - this.#reached)
    return losses.map((loss, i) => {
      const { draw, bend } = this.#samples[i]
      return bend * bendSd * distance * (loss - Math.exp(draw.theta[jointIndex.E]))
    })
  }

  /** Standard normal numbers, one for each drawn law: the noise of a run. */
  noise(seed: number): Float64Array {
    const rng = random(seed, stream, 1)
    return Float64Array.from(this.#samples, () => rng.normal())
  }

  /** The best place of every nth drawn law. */
  optima(flops: number, limits: Limits, nth: number): Place[] {
    return this.#samples
      .filter((_, i) => i % nth === 0)
      .map(({ mode, draw }) => {
        const loss = (place: Place) => mode.lossOf(draw, mode.pointAt(place))
        return bestPlace(mode, draw.theta, loss, flops, limits)
      })
  }

  /** ln of the best d_model / layers, the modes averaged. */
  bestRatio(): number {
    return this.modes.reduce((sum, { mode, weight }) => sum + weight * mode.fitted.theta[jointIndex.ratio], 0)
  }
}
