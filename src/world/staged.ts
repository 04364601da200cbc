import { random } from '../core/random.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiLimits, queryLimits, targetFlops } from '../cs336/limits.ts'
import { nonEmbeddingParameters } from '../cs336/parameters.ts'
import {
  bestLearningRate,
  type Coefficients,
  calibratedLoss,
  calibratedWorld,
  type Noise,
  type Stage,
} from './calibrated.ts'
import { Draw } from './draw.ts'
import { optimum } from './optimum.ts'
import center from './staged.json' with { type: 'json' }
import type { Optimum, World } from './world.ts'

/** A world that learns in stages, as the course's API does, with coefficients of its own. */
export interface StagedWorld extends World {
  readonly seed: number
  readonly coefficients: Coefficients
  readonly sizes: Noise
}

/** The model whose best rate is drawn: about the best one at the target. */
const usual = { dModel: 1024, numLayers: 16, numHeads: 16, batchSize: 128, learningRate: 1e-3, trainFlops: targetFlops }

/**
 * One draw about the calibrated form, with the coefficients that `cs336` had when these worlds were made: a later fit of it does not
 * change what a seed means (E37). Assumed, not measured: stages come earlier or later by a factor of about 1.6, their exponents
 * differ by a tenth, the plateau by 0.2 nats, and the best rate at the target lies anywhere from a third of the API's largest rate to
 * twelve times it.
 */
function drawCoefficients(draw: Draw): Coefficients {
  const { unigram, bigram, tail, capacity } = center.coefficients
  const varied = (value: number, by = 0.1) => value * draw.between(1 - by, 1 + by)
  const stage = (of: Stage): Stage => ({
    start: draw.about(of.start, 0.5),
    width: varied(of.width),
    depth: varied(of.depth, 0.2),
    batch: of.batch + draw.between(-0.3, 0.6),
    rate: varied(of.rate),
    sharpness: varied(of.sharpness),
  })
  const drawn: Coefficients = {
    initialLoss: draw.between(10.4, 10.6),
    rate: {
      best: 0,
      parameters: -draw.between(0.4, 0.75),
      tokens: draw.between(0.15, 0.35),
      sharpness: draw.between(0.4, 1),
    },
    capacity: {
      entropy: draw.between(1.5, 2),
      scale: draw.about(capacity.scale, 0.2),
      exponent: draw.between(0.13, 0.24),
      shape: draw.between(0.07, 0.2),
    },
    unigram: {
      ...stage(unigram),
      weight: varied(unigram.weight),
      bends: mapValues(unigram.bends, (value) => varied(value, 0.3)),
      onset: {
        ...mapValues(unigram.onset, (value) => varied(value, 0.2)),
        start: draw.about(unigram.onset.start, 0.4),
      },
    },
    bigram: { ...stage(bigram), weight: varied(bigram.weight) },
    tail: { ...stage(tail), decay: draw.between(0.34, 0.5), rateDepth: tail.rateDepth },
  }
  // The best rate is drawn where it matters, and moved from there to where the law counts it from.
  const wanted = Math.log(draw.scale(3e-4, 1.2e-2))
  const best = wanted - Math.log(bestLearningRate(drawn, usual))
  return { ...drawn, rate: { ...drawn.rate, best } }
}

const mapValues = <T extends object>(record: T, change: (value: number) => number): T =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)])) as T

const drawNoise = (draw: Draw): Noise => ({
  initial: center.noise.initial,
  trained: center.noise.trained * draw.scale(0.6, 1.6),
  late: center.noise.late * draw.scale(0.25, 1.25),
})

/** What a staged world has to be, or it is drawn again. */
export const plausibleStages = {
  /** The best model at 1e19 FLOPs: parameters without embeddings, width per layer, loss. */
  sizeAtTarget: [6e7, 1.5e9],
  shapeAtTarget: [25, 200],
  lossAtTarget: [2.3, 3.3],
  /** The best that the API can answer at 1e18 FLOPs lies this far above that of the target. */
  fallToTarget: [0.25, 0.9],
  /** The best that it can answer at 1e15 FLOPs: nearly untrained. cs336 has 6.7. */
  bestAt1e15: [6, 8.5],
} as const

const isWithin = (x: number, [least, most]: readonly [number, number]): boolean => x >= least && x <= most

function isPlausible(coefficients: Coefficients): boolean {
  const world = { loss: (config: TrainingConfig) => calibratedLoss(coefficients, config) }
  if (!isWithin(optimum(world, 1e15, queryLimits).loss, plausibleStages.bestAt1e15)) return false
  const target = optimum(world, targetFlops)
  const largest = optimum(world, Math.max(...apiLimits.trainFlops), queryLimits)
  const { dModel, numLayers } = target.config
  return (
    isWithin(target.loss, plausibleStages.lossAtTarget) &&
    isWithin(largest.loss - target.loss, plausibleStages.fallToTarget) &&
    isWithin(nonEmbeddingParameters(dModel, numLayers), plausibleStages.sizeAtTarget) &&
    isWithin(dModel / numLayers, plausibleStages.shapeAtTarget) &&
    hasValley(world, target)
  )
}

/** Whether an eighth and eight times the best size are worse, so that there is a best size to find. */
const hasValley = (world: Pick<World, 'loss'>, { config, loss }: Optimum): boolean =>
  [0.5, 2].every((factor) => {
    const { dModel, numLayers } = config
    const other = { ...config, dModel: dModel * factor, numLayers: numLayers * factor }
    return world.loss(other) > loss + 0.03
  })

/** Marks the streams of this file among those of the random numbers. */
const stream = 0x57a
const mostAttempts = 1000

/**
 * The staged world of a seed: the calibrated form with coefficients drawn about those of the course's API (E37), drawn again while
 * it is not plausible. Losses fall in compute by construction (E16). Equal seeds give equal worlds.
 *
 * @example stagedWorld(3).coefficients.capacity.entropy
 */
export function stagedWorld(seed: number): StagedWorld {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const draw = new Draw(random(seed, stream, attempt))
    const coefficients = drawCoefficients(draw)
    const sizes = drawNoise(draw)
    if (!isPlausible(coefficients)) continue
    const description = `learns in stages as cs336 does, with coefficients drawn with seed ${seed}`
    const world = calibratedWorld({ name: `staged:${seed}`, description }, coefficients, sizes, seed)
    return { ...world, seed, coefficients, sizes }
  }
  throw new Error(`staged seed ${seed}: no plausible world in ${mostAttempts} draws`)
}
