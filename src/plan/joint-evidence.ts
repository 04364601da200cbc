import type { TrainingConfig } from '../core/config.ts'
import type { Limits, Range } from '../core/limits.ts'
import { fitJoint, type JointFit, type JointOptions, mostUsableLoss } from '../fit/joint/fit.ts'
import type { JointMode } from '../fit/joint/mode.ts'
import { bestJointRate, jointIndex } from '../law/joint.ts'
import { quantile } from '../numeric/quantile.ts'
import type {
  BacktestRun,
  BatchEffect,
  CampaignEvidence,
  FittedProfile,
  FittedRun,
  RateCurve,
  TargetPoint,
} from './evidence.ts'
import { bestPlace, clamp, configAt, logRange, type Place, placeOf, sizesAt } from './place.ts'
import { Posterior } from './posterior.ts'
import type { Bounds, CampaignRun, Situation } from './strategy.ts'

/** Points of a curve, and draws from the posterior where an interval is told. */
const points = 41
const draws = 200
/** A profile is told at budgets with so many runs. */
const fewestInProfile = 3
/** Curves of the rate pass the limits by this factor. */
const beyond = 10
/** The backtest withholds the most expensive runs: at most this share of them. */
const withheldShare = 0.25

type Known = Pick<Situation, 'runs' | 'target' | 'seed' | 'space'>

/** What the joint law says of a campaign's runs, of lines through them and of the target: the leading mode, or all where intervals are. */
export function jointEvidence(known: Known): CampaignEvidence {
  const { runs, target, seed, space } = known
  const options: JointOptions = { target, vocabularySize: space.vocabularySize, contextLength: space.contextLength }
  const fit = fitJoint(runs, options)
  const { mode } = fit.modes[0]
  const budgets = profileBudgets(fit)
  const posterior = new Posterior(fit, draws, seed)
  return {
    fitted: runs.map((run) => fittedRun(run, fit, mode, space.limits)),
    profiles: budgets.map((flops) => profileOf(fit, mode, flops, space.limits)),
    rates: budgets.map((flops) => rateCurve(mode, flops, space.limits)),
    batches: [...budgets, target].flatMap((flops) =>
      batchEffect(posterior, mode, flops, flops === target ? space.targetLimits : space.limits),
    ),
    backtest: backtestOf(known, options),
    target: targetCurve(posterior, mode, target, space.targetLimits),
  }
}

/** Budgets with several used runs, ascending. */
function profileBudgets({ used }: JointFit): number[] {
  const counts = Map.groupBy(used, ({ config }) => config.trainFlops)
  return [...counts]
    .filter(([, runs]) => runs.length >= fewestInProfile)
    .map(([flops]) => flops)
    .sort((a, b) => a - b)
}

const lossAt = (mode: JointMode, config: TrainingConfig): number => mode.lossOf(mode.fitted, mode.point(config))

const evenly = ({ least, most }: Range): number[] =>
  Array.from({ length: points }, (_, k) => least + ((most - least) * k) / (points - 1))

/** The best of the batches at a size, at the best rate and shape within limits. */
function tunedPlace(mode: JointMode, size: number, flops: number, limits: Limits): Place {
  const { theta } = mode.fitted
  const places = limits.batchSize.map((batchSize) => {
    const place: Place = { size, rate: 0, ratio: theta[jointIndex.ratio], batchSize, flops }
    const rate = bestJointRate(theta, mode.point(configAt(place)))
    return { ...place, rate: clamp(rate, logRange(limits.learningRate)) }
  })
  const loss = (place: Place) => lossAt(mode, configAt(place))
  return places.reduce((best, place) => (loss(place) < loss(best) ? place : best))
}

function fittedRun(run: CampaignRun, { used, cut }: JointFit, mode: JointMode, limits: Limits): FittedRun {
  const { config, loss } = run
  if (!Number.isFinite(loss)) return { kind: 'set-aside', reason: 'diverged' }
  if (!used.includes(run)) return { kind: 'set-aside', reason: `loss of ${cut} nats or more` }
  const x = mode.point(config)
  const bestRate = Math.exp(bestJointRate(mode.fitted.theta, x))
  return {
    kind: 'used',
    loss: lossAt(mode, config),
    sd: mode.scatter(x, loss),
    tuned: lossAt(mode, configAt(tunedPlace(mode, placeOf(config).size, config.trainFlops, limits))),
    bestRate,
    atBestRate: lossAt(mode, { ...config, learningRate: bestRate }),
  }
}

/** Along the sizes of a budget's runs. */
function profileOf({ used }: JointFit, mode: JointMode, flops: number, limits: Limits): FittedProfile {
  const sizes = used.filter(({ config }) => config.trainFlops === flops).map(({ config }) => placeOf(config).size)
  const reach = { least: Math.min(...sizes), most: Math.max(...sizes) }
  return {
    flops,
    points: evenly(reach).map((size) => ({
      parameters: Math.exp(size),
      loss: lossAt(mode, configAt(tunedPlace(mode, size, flops, limits))),
    })),
  }
}

/** At the best size of a budget. */
function rateCurve(mode: JointMode, flops: number, limits: Limits): RateCurve {
  const loss = (place: Place) => lossAt(mode, configAt(place))
  const best = bestPlace(mode, mode.fitted.theta, loss, flops, limits)
  const { least, most } = limits.learningRate
  const rates = evenly(logRange({ least, most: most * beyond }))
  return {
    flops,
    parameters: Math.exp(best.size),
    points: rates.map((rate) => ({ learningRate: Math.exp(rate), loss: loss({ ...best, rate }) })),
  }
}

/** The larger batch against the smaller, each at its best; nothing where there is no choice. */
function batchEffect(posterior: Posterior, mode: JointMode, flops: number, limits: Limits): BatchEffect[] {
  if (limits.batchSize.length < 2) return []
  const batchSizes = [Math.min(...limits.batchSize), Math.max(...limits.batchSize)] as const
  const loss = (place: Place) => lossAt(mode, configAt(place))
  const [smaller, larger] = batchSizes.map((batchSize) =>
    posterior.losses(bestPlace(mode, mode.fitted.theta, loss, flops, { ...limits, batchSize: [batchSize] })),
  )
  const differences = larger.map((value, i) => value - smaller[i])
  return [{ flops, batchSizes, difference: quantile(differences, 0.5), interval: bounds(differences) }]
}

const bounds = (values: Float64Array): Bounds => [quantile(values, 0.025), quantile(values, 0.975)]

/** The most expensive runs as the others alone foretell them; nothing where too few are left to fit. */
function backtestOf({ runs, seed }: Known, options: JointOptions): BacktestRun[] {
  const { used } = fitJointOrNothing(runs, options)
  const costs = used.map(({ config }) => config.trainFlops).sort((a, b) => b - a)
  const budgets = [...new Set(costs)]
  const fittedBelow = budgets.findLast(
    (flops) => costs.filter((C) => C >= flops).length <= withheldShare * costs.length,
  )
  if (fittedBelow === undefined) return []
  const cheap = runs.filter(({ config }) => config.trainFlops < fittedBelow)
  const fit = fitJointOrNothing(cheap, options)
  if (fit.modes.length === 0) return []
  const posterior = new Posterior(fit, draws, seed)
  return runs.flatMap((run, index) => {
    if (run.config.trainFlops < fittedBelow || !used.includes(run)) return []
    const losses = posterior.losses(placeOf(run.config))
    const bends = posterior.bends(losses, run.config.trainFlops)
    const noise = posterior.noise(index)
    const x = fit.modes[0].mode.point(run.config)
    const sd = fit.modes[0].mode.scatter(x, quantile(losses, 0.5))
    const reported = losses.map((loss, i) => loss + bends[i] + sd * noise[i])
    return [{ run: index, fittedBelow, predicted: quantile(losses, 0.5), interval: bounds(reported) }]
  })
}

/** With fewer runs than this there is no law to look at. */
const fewestRuns = 10

function fitJointOrNothing(runs: readonly CampaignRun[], options: JointOptions): JointFit {
  const usable = runs.filter(({ loss }) => loss < mostUsableLoss)
  return usable.length < fewestRuns ? { modes: [], used: [], cut: 0 } : fitJoint(runs, options)
}

/** Along the sizes of the target, each at its best. */
function targetCurve(posterior: Posterior, mode: JointMode, target: number, limits: Limits): TargetPoint[] {
  return evenly(sizesAt(target, limits)).map((size) => {
    const losses = posterior.losses(tunedPlace(mode, size, target, limits))
    return { parameters: Math.exp(size), loss: quantile(losses, 0.5), interval: bounds(losses) }
  })
}
