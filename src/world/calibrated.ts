import { tokensFor } from '../core/flops.ts'
import { apiCodec, type TrainingConfig } from '../cs336/config.ts'
import { contextLength, vocabularySize } from '../cs336/limits.ts'
import { nonEmbeddingParameters } from '../cs336/parameters.ts'
import { softplus } from '../numeric/softplus.ts'
import cs336 from './cs336.json' with { type: 'json' }
import { noiseOf } from './noise.ts'
import { towardStoredWidth } from './stored-width.ts'
import type { World } from './world.ts'

/** How fast one kind of structure is learned: the logarithm of its progress is linear in these (E12). */
export interface Stage {
  /** Log progress of the reference run (width 128, 4 layers, batch 128, rate 1e-3) per update. */
  readonly start: number
  readonly width: number
  readonly depth: number
  readonly batch: number
  readonly rate: number
  /** Exponent of the progress: how abruptly the stage happens. */
  readonly sharpness: number
}

/** Products of the unigram stage's arguments, each taken from the middle of the data. */
interface Bends {
  readonly rateDepth: number
  readonly rateWidth: number
  readonly widthDepth: number
  readonly widthWidth: number
  readonly depthDepth: number
  readonly rateRate: number
}

/** A slow start: until it is over, the unigram stage progresses with a lower power of time (E13). */
interface Onset {
  readonly start: number
  readonly width: number
  readonly depth: number
  readonly rate: number
  /** What the power of time gains when the slow start is over. */
  readonly gain: number
}

/** What a fit determines; `scripts/calibrate.ts` made `cs336.json`, which says from which runs and with which errors. */
export interface Coefficients {
  /** Loss before the first update, nats. */
  readonly initialLoss: number
  readonly rate: {
    /** ln(best rate / 1e-3) of 1e6 parameters on 1e8 tokens. */
    readonly best: number
    readonly parameters: number
    readonly tokens: number
    /** How abruptly a rate above the best one turns from helping to hurting. */
    readonly sharpness: number
  }
  readonly capacity: {
    /** Loss that no size removes, nats. */
    readonly entropy: number
    /** ln of what 1e6 parameters leave above it. */
    readonly scale: number
    readonly exponent: number
    /** How much an odd ratio of width to depth costs, as ln(parameters) per squared log ratio. */
    readonly shape: number
  }
  readonly unigram: Stage & { readonly weight: number; readonly bends: Bends; readonly onset: Onset }
  readonly bigram: Stage & { readonly weight: number }
  /** The last stage is a power law of its progress; its weight is what the others leave. Deep models gain less from a larger rate. */
  readonly tail: Stage & { readonly decay: number; readonly rateDepth: number }
}

/** Standard deviation of a run's loss about the noise-free one, nats (E17). */
export interface Noise {
  /** From the random initialization. */
  readonly initial: number
  /** Added once the loss has begun to fall. */
  readonly trained: number
  /** Added at large compute, this much in the limit. */
  readonly late: number
}

/** The moving average that the API reports keeps this share of its value at each update. */
const averageDecay = 0.99
const averageRate = -Math.log(averageDecay)

/** The cosine schedule ends at this share of the peak rate. */
const finalRate = 0.1

/** The reference run, from which logarithms are taken. */
const reference = { width: 128, depth: 4, batch: 128, rate: 1e-3, parameters: 1e6, tokens: 1e8, ratio: 64 } as const

/** The middle of the measured runs in (width, depth, rate), where products of them are zero. */
const middle = { width: 1, depth: 0.5, rate: -0.8 } as const

/**
 * ln of the most that a finite size can leave above the entropy (exp(1.9) = 6.7 nats), so that it stays below the initial loss;
 * it is rounded off with this sharpness. No run in the API's range comes near it.
 */
const mostCapacity = { log: 1.9, sharpness: 8 } as const
/** The tail's weight stays positive where capacity leaves nothing to learn; it is rounded off with this sharpness. */
const weightSharpness = 4

/** A smooth max(x, 0): off by ln 2 / sharpness at 0 and exponentially less away from it. */
const positivePart = (x: number, sharpness: number): number => softplus(sharpness * x) / sharpness

/** A configuration as the law sees it: logarithms of ratios to the reference run. */
interface Coordinates {
  readonly width: number
  readonly depth: number
  readonly batch: number
  readonly rate: number
  readonly parameters: number
  readonly tokens: number
  /** ln of width / (64 depth). */
  readonly ratio: number
  /** Optimizer steps, a smooth version of the whole number that the API takes (E10). */
  readonly updates: number
}

/** (E10) The API counts one embedding matrix. Heads do not matter: published answers that differ in them alone differ by 0.000. */
function coordinates({ dModel, numLayers, batchSize, learningRate, trainFlops }: TrainingConfig): Coordinates {
  const N = nonEmbeddingParameters(dModel, numLayers)
  const D = tokensFor(trainFlops, N + vocabularySize * dModel)
  const steps = D / (contextLength * batchSize)
  return {
    width: Math.log(dModel / reference.width),
    depth: Math.log(numLayers / reference.depth),
    batch: Math.log(batchSize / reference.batch),
    rate: Math.log(learningRate / reference.rate),
    parameters: Math.log(N / reference.parameters),
    tokens: Math.log(D / reference.tokens),
    ratio: Math.log(dModel / numLayers / reference.ratio),
    updates: positivePart(steps - 1.5, 2),
  }
}

/** (E11) ln of the learning rate that gives the most progress, relative to 1e-3: a step law. */
const bestRate = ({ rate }: Coefficients, { parameters, tokens }: Coordinates): number =>
  rate.best + rate.parameters * parameters + rate.tokens * tokens

/** (E11) ln of the rate that progress is proportional to: the rate itself well below the best one, its mirror image above. */
function usefulRate(coefficients: Coefficients, x: Coordinates): number {
  const { sharpness } = coefficients.rate
  return x.rate - 2 * positivePart(x.rate - bestRate(coefficients, x), sharpness)
}

/** (E12) ln of a stage's progress per unit of schedule time. */
const pace = (stage: Stage, x: Coordinates, rate: number): number =>
  stage.start + stage.width * x.width + stage.depth * x.depth + stage.batch * x.batch + stage.rate * rate

/** (E13) What the unigram stage adds to its pace: of the rate itself, so that it does not change with compute. */
function bend(bends: Bends, x: Coordinates): number {
  const u = x.width - middle.width
  const v = x.depth - middle.depth
  const e = x.rate - middle.rate
  return (
    bends.rateDepth * e * v +
    bends.rateWidth * e * u +
    bends.widthDepth * u * v +
    bends.widthWidth * u * u +
    bends.depthDepth * v * v +
    bends.rateRate * e * e
  )
}

/** (E14) The loss that this size reaches with endless training. */
function capacityLoss({ capacity }: Coefficients, x: Coordinates): number {
  const log = capacity.scale - capacity.exponent * (x.parameters - capacity.shape * x.ratio ** 2)
  return capacity.entropy + Math.exp(log - positivePart(log - mostCapacity.log, mostCapacity.sharpness))
}

/** (E12) Schedule time after s of m updates: the rate's integral over its peak; cosine from 1 to `finalRate`. */
const scheduleTime = (s: number, m: number): number =>
  ((1 + finalRate) / 2) * s + ((1 - finalRate) / 2) * (m / Math.PI) * Math.sin((Math.PI * s) / m)

/** (E15) The training loss as a function of ln of schedule time. */
function trajectory(coefficients: Coefficients, x: Coordinates): (logTime: number) => number {
  const { initialLoss, unigram, bigram, tail } = coefficients
  const { onset } = unigram
  const rate = usefulRate(coefficients, x)
  const unigramPace = pace(unigram, x, rate) + bend(unigram.bends, x)
  const onsetPace = onset.start + onset.width * x.width + onset.depth * x.depth + onset.rate * rate
  const bigramPace = pace(bigram, x, rate)
  const tailPace = pace(tail, x, rate) + tail.rateDepth * (rate - middle.rate) * (x.depth - middle.depth)
  const final = capacityLoss(coefficients, x)
  const tailWeight = positivePart(initialLoss - final - unigram.weight - bigram.weight, weightSharpness)
  const scale = (initialLoss - final) / (unigram.weight + bigram.weight + tailWeight)
  return (logTime) => {
    const onsetGain = onset.gain * softplus(onsetPace + logTime)
    const left =
      unigram.weight * Math.exp(-Math.exp(unigram.sharpness * (unigramPace + logTime + onsetGain))) +
      bigram.weight * Math.exp(-Math.exp(bigram.sharpness * (bigramPace + logTime))) +
      tailWeight * Math.exp(-tail.decay * positivePart(tailPace + logTime, tail.sharpness))
    return final + scale * left
  }
}

/** Gauss and Legendre's 16 points and weights, moved to [0, 1]. */
const quadrature = [
  [0.0950125098376374, 0.1894506104550685],
  [0.2816035507792589, 0.1826034150449236],
  [0.4580167776572274, 0.1691565193950025],
  [0.6178762444026438, 0.1495959888165767],
  [0.755404408355003, 0.1246289712555339],
  [0.8656312023878318, 0.0951585116824928],
  [0.9445750230732326, 0.0622535239386479],
  [0.9894009349916499, 0.0271524594117541],
].flatMap(([x, weight]) => [-x, x].map((at) => ({ at: (1 + at) / 2, weight: weight / 2 })))

/**
 * (E16) What the API reports after m updates: the moving average of the training loss. With v the share of the average that
 * is older than an update, the average is the integral of the loss over v, plus the initial loss for the share before all of them.
 */
function reported(initialLoss: number, m: number, lossAt: (logTime: number) => number): number {
  const since = -Math.expm1(-averageRate * m)
  let mean = 0
  for (const { at, weight } of quadrature) {
    const s = m + Math.log1p((at - 1) * since) / averageRate
    mean += weight * lossAt(Math.log(scheduleTime(s, m)))
  }
  return initialLoss + since * (mean - initialLoss)
}

/**
 * The noise-free loss, nats per token, that a run of a configuration reports: smooth in every argument and falling in compute, also
 * outside the range of the course's API (docs/math.md, "The calibrated world").
 *
 * @example calibratedLoss(cs336Coefficients, config) // 10.54 for a run of one step
 */
export function calibratedLoss(coefficients: Coefficients, config: TrainingConfig): number {
  const x = coordinates(config)
  return reported(coefficients.initialLoss, x.updates, trajectory(coefficients, x))
}

/**
 * The noise-free loss that the course's API answers with: that of the run, for a width drawn toward those of its stored runs.
 * `cs336.json` was fitted with it to published answers; beyond 3e17 FLOPs it rests on assumptions that the file lists.
 *
 * @example answeredLoss(cs336Coefficients, config) // equal to calibratedLoss at widths of 64, 128, 256, 512 and 1024
 */
export const answeredLoss = (coefficients: Coefficients, config: TrainingConfig): number =>
  calibratedLoss(coefficients, towardStoredWidth(config))

/** (E17) Nats that the loss has to fall before the noise of training is half there. */
const noiseFall = 0.03
/** (E17) FLOPs at which the late noise is half there. */
const noiseFlops = 5e16

/** (E17) The shares of the three parts of the noise in a run that reports this noise-free loss. */
export const noiseShares = (fall: number, trainFlops: number): [initial: number, trained: number, late: number] => [
  1,
  fall / (fall + noiseFall),
  (fall / (fall + noiseFall)) * (trainFlops / (trainFlops + noiseFlops)),
]

/** The learning rate that makes most of these FLOPs (E11). It need not lie in the API's range. */
export const bestLearningRate = (coefficients: Coefficients, config: TrainingConfig): number =>
  reference.rate * Math.exp(bestRate(coefficients, coordinates(config)))

/** The coefficients of the course's API. */
export const cs336Coefficients: Coefficients = cs336.coefficients
export const cs336Noise: Noise = cs336.noise

/**
 * A world of this form. `noiseSeed` gives it noise of its own, which depends on the configuration alone (E17); `lossOf` is what it
 * answers with, by default the loss of the run.
 */
export function calibratedWorld(
  { name, description }: Pick<World, 'name' | 'description'>,
  coefficients: Coefficients,
  sizes: Noise,
  noiseSeed: number,
  lossOf: typeof calibratedLoss = calibratedLoss,
): World {
  const loss = (config: TrainingConfig) => lossOf(coefficients, config)
  const noise = (config: TrainingConfig) => {
    const fall = coefficients.initialLoss - loss(config)
    const [initial, trained, late] = noiseShares(Math.max(fall, 0), config.trainFlops)
    return Math.hypot(sizes.initial * initial, sizes.trained * trained, sizes.late * late)
  }
  const observe = (config: TrainingConfig) =>
    loss(config) + noise(config) * noiseOf(noiseSeed, apiCodec.identity(config))
  return { name, description, loss, noise, observe }
}

/**
 * The world behind the training API of CS336's assignment 3, as far as its published answers tell. Equal configurations give
 * equal answers; the noise is seeded by the configuration alone.
 *
 * @example cs336World().loss({ dModel: 128, numLayers: 4, numHeads: 4, batchSize: 128, learningRate: 1e-3, trainFlops: 1e16 })
 */
export function cs336World(): World {
  const description = 'the training API of CS336 assignment 3, fitted to its published answers'
  return calibratedWorld({ name: 'cs336', description }, cs336Coefficients, cs336Noise, 0, answeredLoss)
}
