import type { JointPoint } from './law.ts'

/** The scales of what is random, fitted beside the coefficients by evidence. All are logarithms of nats. */
export interface Scales {
  /** Standard deviation of a run's noise at 1e16 FLOPs. */
  readonly noise: number
  /** The exponent of compute with which it grows. */
  readonly noiseCompute: number
  /** Standard deviation of the deviation at 1e16 FLOPs. */
  readonly deviation: number
  /** Standard deviation of what the law misses in a single run of loss 4. */
  readonly misfit: number
  /** What the law misses in a single run, as a share of what the run lost against the best of its compute. */
  readonly wing: number
}
export type ScaleName = keyof Scales

/** Where the scales are thought to lie, each normal. */
export type ScalesPrior = Readonly<Record<ScaleName, readonly [mean: number, sd: number]>>

/** Assumed: runs of this size differ by 0.003 to 0.03 nats from seed to seed; published answers of the API show 0.01 to 0.05. */
export const usualScales: ScalesPrior = {
  noise: [Math.log(0.01), 0.7],
  noiseCompute: [0.05, 0.08],
  deviation: [Math.log(0.02), 0.9],
  misfit: [Math.log(0.003), 1.2],
  wing: [Math.log(0.01), 1.2],
}

/** Where early runs were left out: like the course's API, whose answers of larger runs scatter by 0.03 to 0.05. */
export const stagedScales: ScalesPrior = {
  ...usualScales,
  noise: [Math.log(0.02), 0.6],
  noiseCompute: [0.12, 0.08],
  wing: [Math.log(0.03), 0.8],
}

/** Where the search for the scales begins. */
export const firstScales = (prior: ScalesPrior): Scales => ({
  noise: Math.max(prior.noise[0], Math.log(0.015)),
  noiseCompute: prior.noiseCompute[0],
  deviation: prior.deviation[0],
  misfit: prior.misfit[0],
  wing: prior.wing[0],
})

/** Scales of someone who believes no run to better than 0.1 nats. */
export const cautiousScales: Scales = { ...firstScales(usualScales), noise: Math.log(0.1), noiseCompute: 0 }

/** The deviation shrinks as C^-0.4: forms of laws are made for large compute. */
const deviationPower = 0.4
/** The law misses a single run the more the less trained it is: by a factor e^1.2 for each nat of loss. */
const misfitGrowth = 1.2

/** Standard deviation of the deviation at a point, nats. */
export const deviationSd = (scales: Scales, x: JointPoint): number =>
  Math.exp(scales.deviation - deviationPower * x.compute)

/** Standard deviation of the noise of a run, nats. */
export const noiseSd = (scales: Scales, x: JointPoint): number =>
  Math.exp(scales.noise + scales.noiseCompute * x.compute)

/**
 * Standard deviation of a run of this loss about the law and its deviation, nats (E49). `excess`: what it lost against the best of
 * its compute; unknown of a run that is not made yet.
 */
export function runSd(scales: Scales, x: JointPoint, loss: number, excess = 0): number {
  const misfit = Math.exp(scales.misfit + misfitGrowth * (loss - 4))
  const wing = Math.exp(scales.wing) * excess
  return Math.sqrt(noiseSd(scales, x) ** 2 + misfit * misfit + wing * wing)
}

export const logPrior = (prior: ScalesPrior, scales: Scales): number =>
  (Object.keys(prior) as ScaleName[]).reduce((sum, name) => {
    const [mean, sd] = prior[name]
    return sum - 0.5 * ((scales[name] - mean) / sd) ** 2
  }, 0)

const firstSteps: Readonly<Record<ScaleName, number>> = {
  noise: 0.6,
  deviation: 0.9,
  misfit: 1.2,
  wing: 1.2,
  noiseCompute: 0.1,
}
const halvings = 3

/** The scales of greatest evidence near `start`, by a coordinate search with halving steps, and that evidence. */
export function searchScales(
  evidence: (scales: Scales) => number,
  start: Scales,
): { scales: Scales; evidence: number } {
  let best = { scales: start, evidence: evidence(start) }
  for (let halving = 0; halving < halvings; halving++)
    for (const [name, first] of Object.entries(firstSteps) as [ScaleName, number][])
      for (const by of [first, -first]) {
        const scales = { ...best.scales, [name]: best.scales[name] + by / 2 ** halving }
        const value = evidence(scales)
        if (value <= best.evidence) continue
        best = { scales, evidence: value }
        break
      }
  return best
}
