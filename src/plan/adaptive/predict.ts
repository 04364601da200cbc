import type { Config } from '../../core/config.ts'
import type { Interval } from '../../core/interval.ts'
import { clamp, logRange } from '../../core/range.ts'
import type { JointFit } from '../../joint/fit.ts'
import { bestPlace, descend, sizesAt } from '../../joint/place.ts'
import { Posterior } from '../../joint/posterior.ts'
import { median, middle95 } from '../../numeric/quantile.ts'
import { type Limits, type Model, roundRate } from '../../space/limits.ts'
import { configWith, type Place } from '../../space/space.ts'
import type { Alternative } from '../strategy.ts'

/** Draws from the posterior for an answer, and for an estimate on the way to it; every other one also tells its own best place. */
export const draws = { answer: 240, estimate: 60, optima: 2 } as const
/** Sizes over the chosen one whose expected loss is told. */
const ratios = [1 / 8, 1 / 4, 1 / 2, 0.7, 1, 1.4, 2, 4, 8] as const

/** What the posterior expects of the best configuration at so many FLOPs. */
export interface Expectation {
  readonly config: Config
  readonly parameters: number
  readonly tokens: number
  /** Nats per token, noise-free: the median over the drawn laws. */
  readonly loss: number
  /** 95 % intervals: of that loss, of the best size and of the best rate. */
  readonly interval: { readonly loss: Interval; readonly parameters: Interval; readonly learningRate: Interval }
  /** Where the loss's uncertainty comes from: standard deviations, nats. */
  readonly sources: { readonly law: number; readonly form: number; readonly bend: number }
  /** Standard deviation of what a single run reports about it, its noise; nats. */
  readonly scatter: number
  /** Standard deviation of what a single run will report, all told; nats. */
  readonly reportedSd: number
  readonly posterior: Posterior
}

/**
 * The legal configuration of least expected loss at so many FLOPs, which is that of least expected regret, and what is expected of
 * it (E55). Intervals are quantiles over laws drawn from the posterior, with a possible bend of the law. About 0.3 s for 100 runs.
 */
export function expectAt(
  fit: JointFit,
  flops: number,
  limits: Limits,
  seed: number,
  count: number = draws.answer,
): Expectation {
  const posterior = new Posterior(fit, count, seed)
  const optima = posterior.optima(flops, limits, draws.optima)
  const place = bestOfMean(posterior, flops, limits)
  const config = legalAt(posterior, place, limits)
  const chosen = posterior.placeOf(config)
  const losses = posterior.losses(chosen)
  const middle = median(losses)
  const bends = posterior.bends(losses, flops)
  const scatter = posterior.modes.reduce((sum, { mode, weight }) => sum + weight * mode.noise(mode.point(config)), 0)
  const bent = losses.map((loss, i) => loss + bends[i])
  const parameters = posterior.measureOf(config).core
  const form = spreadOfModes(posterior, config)
  return {
    config,
    parameters,
    tokens: posterior.modes[0].mode.tokens(config),
    loss: middle,
    interval: {
      loss: around(middle, middle95(bent)),
      parameters: around(parameters, middle95(optima.map(({ size }) => Math.exp(size)))),
      learningRate: around(config.learningRate, middle95(optima.map(({ rate }) => Math.exp(rate)))),
    },
    sources: {
      law: Math.sqrt(Math.max(0, deviation(losses) ** 2 - form ** 2)),
      form,
      bend: deviation(bends),
    },
    scatter,
    reportedSd: Math.hypot(deviation(bent), scatter),
    posterior,
  }
}

const average = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

function deviation(values: Float64Array): number {
  const mean = average(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** An interval that holds the estimate too. */
const around = (estimate: number, [low, high]: Interval): Interval => [
  Math.min(low, estimate),
  Math.max(high, estimate),
]

/** The place of least expected loss, for each batch from the leading mode's best place. */
function bestOfMean(posterior: Posterior, flops: number, limits: Limits): Place {
  const { mode } = posterior.modes[0]
  const { theta } = mode.fitted
  const loss = (place: Place) => mode.lossOf(mode.fitted, mode.pointAt(place))
  const start = { ...bestPlace(mode, theta, loss, flops, limits), ratio: posterior.bestRatio() }
  const found = limits.batchSize.map((batchSize) =>
    descend(
      { ...start, batchSize },
      (at) => posterior.meanLoss(at),
      sizesAt(flops, limits),
      logRange(limits.learningRate),
    ),
  )
  return found.reduce((best, next) => (next.loss < best.loss ? next : best)).place
}

/** The whole configuration near a place whose expected loss is least; models of a list are each taken at their best rate. */
function legalAt(posterior: Posterior, place: Place, limits: Limits): Config {
  const { models } = limits
  if (models.all) {
    const near = models.around(Math.exp(place.size), Math.exp(place.ratio))
    const found = near.map((model) => tunedModel(posterior, model, place, limits))
    return found.reduce((best, next) => (next.loss < best.loss ? next : best)).config
  }
  const learningRate = roundRate(Math.exp(place.rate), limits.learningRate)
  const { batchSize, flops: trainFlops } = place
  const legal = limits.models.around(Math.exp(place.size), Math.exp(place.ratio)).map((model) => {
    const config = configWith(model, { batchSize, learningRate, trainFlops })
    return { config, loss: posterior.meanLoss(posterior.placeOf(config)) }
  })
  if (legal.length === 0) throw new Error('the limits leave no model')
  return legal.reduce((best, next) => (next.loss < best.loss ? next : best)).config
}

/** A model of a list at a place's batch and FLOPs, at the rate of least expected loss. */
function tunedModel(posterior: Posterior, model: Model, { rate, batchSize, flops }: Place, limits: Limits) {
  const at = (logRate: number): Config => {
    const learningRate = roundRate(Math.exp(logRate), limits.learningRate)
    return configWith(model, { batchSize, learningRate, trainFlops: flops })
  }
  const start = posterior.placeOf(at(rate))
  const fixed = { least: start.size, most: start.size }
  const { place } = descend(start, (trial) => posterior.meanLoss(trial), fixed, logRange(limits.learningRate))
  const config = at(place.rate)
  return { config, loss: posterior.meanLoss(posterior.placeOf(config)) }
}

/** Standard deviation over the modes of what each expects, nats: what depends on the form. */
function spreadOfModes({ modes }: Posterior, config: Config): number {
  const expected = modes.map(({ mode, weight }) => ({ weight, loss: mode.lossOf(mode.fitted, mode.point(config)) }))
  const mean = expected.reduce((sum, { weight, loss }) => sum + weight * loss, 0)
  return Math.sqrt(expected.reduce((sum, { weight, loss }) => sum + weight * (loss - mean) ** 2, 0))
}

/** Other sizes than the expected best one, each at its best rate; of a list the models that are nearest to them. */
export function alternativesTo({ posterior, config, loss }: Expectation, limits: Limits): Alternative[] {
  const chosen = posterior.placeOf(config)
  const { models } = limits
  if (!models.all) return ratios.flatMap((ratio) => alternative(posterior, chosen, ratio, loss, limits))
  const near = new Set(ratios.map((ratio) => models.near(ratio * Math.exp(chosen.size), Math.exp(chosen.ratio))))
  const asked = models.all.filter((model) => [...near].some((other) => isSame(model, other)))
  return asked.map((model) => told(posterior, tunedModel(posterior, model, chosen, limits).config, loss))
}

const isSame = (p: Model | null, q: Model | null): boolean => {
  const [all, others] = [p, q].map((one) => new Map<string, unknown>(Object.entries(one ?? {})))
  return all.size === others.size && [...all].every(([key, value]) => others.get(key) === value)
}

/** Another size at its best rate: nothing where the limits end before it. */
function alternative(posterior: Posterior, chosen: Place, ratio: number, best: number, limits: Limits): Alternative[] {
  const size = chosen.size + Math.log(ratio)
  const sizes = sizesAt(chosen.flops, limits)
  if (size !== clamp(size, sizes)) return []
  const fixed = { least: size, most: size }
  const { place } = descend({ ...chosen, size }, (at) => posterior.meanLoss(at), fixed, logRange(limits.learningRate))
  return [told(posterior, legalAt(posterior, place, limits), best)]
}

function told(posterior: Posterior, config: Config, best: number): Alternative {
  const losses = posterior.losses(posterior.placeOf(config))
  const loss = median(losses)
  const parameters = posterior.measureOf(config).core
  return { config, parameters, loss, excess: loss - best, interval: middle95(losses) }
}
