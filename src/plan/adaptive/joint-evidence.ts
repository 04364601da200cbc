import { groupBy } from '../../core/group-by.ts'
import type { Range } from '../../core/range.ts'
import { clamp, logRange } from '../../core/range.ts'
import type { TrainedRun } from '../../core/trainer.ts'
import { fitJoint, isUsable, type JointFit, type JointOptions } from '../../joint/fit.ts'
import { bestJointRate, jointIndex } from '../../joint/law.ts'
import type { JointMode } from '../../joint/mode.ts'
import { bestPlace, sizesAt } from '../../joint/place.ts'
import { Posterior } from '../../joint/posterior.ts'
import { median, middle95 } from '../../numeric/quantile.ts'
import type { Limits } from '../../space/limits.ts'
import { type Place, placeOf } from '../../space/space.ts'
import type {
  BacktestRun,
  BatchEffect,
  CampaignEvidence,
  FittedProfile,
  FittedRun,
  RateCurve,
  TargetPoint,
} from '../evidence.ts'
import type { CampaignRun, Situation } from '../strategy.ts'

/** Points of a curve, and draws from the posterior where an interval is told. */
const points = 61
const draws = 120
/** A profile is told at budgets with so many runs. */
const fewestInProfile = 2
/** Curves of the rate and of the size reach this many times below and above the best. */
const reach = { rate: 20, size: 8 } as const
/** At most so many budgets have curves of the rate and of the batch. */
const fewBudgets = 5
/** What the batch matters is told from this share of the target on: at smaller budgets it is another matter. */
const batchShare = 1 / 100
/** The backtest withholds the most expensive runs: at most this share of them. */
const withheldShare = 0.25

type Known = Pick<Situation, 'runs' | 'target' | 'seed' | 'space'>

/**
 * What the joint law that was fitted to a campaign's runs says of them, of lines through them and of the target: the leading mode, or
 * all where intervals are.
 */
export function jointEvidence(known: Known, fit: JointFit): CampaignEvidence {
  const { runs, target, seed, space } = known
  const { mode } = fit.modes[0]
  const budgets = profileBudgets(fit)
  const posterior = new Posterior(fit, draws, seed)
  const asked = (flops: number) => [flops, space.limits] as const
  const wanted = [target, space.targetLimits] as const
  const larger = space.trainFlops.filter((flops) => flops >= target * batchShare && flops < target)
  return {
    fitted: runs.map((run) => fittedRun(run, fit, mode, space.limits)),
    profiles: [...budgets.map(asked), wanted].map(([flops, limits]) => profileOf(mode, flops, limits)),
    rates: [...spread(budgets, fewBudgets - 1).map(asked), wanted].map(([flops, limits]) =>
      rateCurve(mode, flops, limits, space.limits.learningRate),
    ),
    batches: [...spread(larger, fewBudgets - 1).map(asked), wanted].flatMap(([flops, limits]) =>
      batchEffect(posterior, mode, flops, limits),
    ),
    backtest: backtestOf(known, fit.used),
    target: targetCurve(posterior, mode, target, space.targetLimits),
  }
}

/** Budgets with several used runs, ascending. */
function profileBudgets({ used }: JointFit): number[] {
  const counts = groupBy(used, ({ config }) => config.trainFlops)
  return [...counts]
    .filter(([, runs]) => runs.length >= fewestInProfile)
    .map(([flops]) => flops)
    .sort((a, b) => a - b)
}

const lossAt = (mode: JointMode, place: Place): number => mode.lossOf(mode.fitted, mode.pointAt(place))

const evenly = ({ least, most }: Range): number[] =>
  Array.from({ length: points }, (_, k) => least + ((most - least) * k) / (points - 1))

/** The best of the batches at a size, at the best rate and shape within limits. */
function tunedPlace(mode: JointMode, size: number, flops: number, limits: Limits): Place {
  const { theta } = mode.fitted
  const places = limits.batchSize.map((batchSize) => {
    const place: Place = { size, rate: 0, ratio: theta[jointIndex.ratio], batchSize, flops }
    const rate = bestJointRate(theta, mode.pointAt(place))
    return { ...place, rate: clamp(rate, logRange(limits.learningRate)) }
  })
  const loss = (place: Place) => lossAt(mode, place)
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
    loss: mode.lossOf(mode.fitted, x),
    sd: mode.scatter(x, loss),
    tuned: lossAt(mode, tunedPlace(mode, placeOf(mode.fitted.space, config).size, config.trainFlops, limits)),
    bestRate,
    atBestRate: mode.lossOf(mode.fitted, mode.point({ ...config, learningRate: bestRate })),
  }
}

/** So many of a list, the first and the last among them, evenly spread. */
const spread = (list: readonly number[], most: number): number[] =>
  list.length <= most
    ? [...list]
    : Array.from({ length: most }, (_, k) => list[Math.round((k * (list.length - 1)) / (most - 1))])

/** Along the sizes about a budget's best one. */
function profileOf(mode: JointMode, flops: number, limits: Limits): FittedProfile {
  const loss = (place: Place) => lossAt(mode, place)
  const { size } = bestPlace(mode, mode.fitted.theta, loss, flops, limits)
  const sizes = sizesAt(flops, limits)
  const about = {
    least: clamp(size - Math.log(reach.size), sizes),
    most: clamp(size + Math.log(reach.size), sizes),
  }
  return {
    flops,
    points: evenly(about).map((at) => ({ parameters: Math.exp(at), loss: loss(tunedPlace(mode, at, flops, limits)) })),
  }
}

/** At the best size of a budget, about its best rate and over the rates that may be asked. */
function rateCurve(mode: JointMode, flops: number, limits: Limits, asked: Range): RateCurve {
  const loss = (place: Place) => lossAt(mode, place)
  const best = bestPlace(mode, mode.fitted.theta, loss, flops, limits)
  const rate = bestJointRate(mode.fitted.theta, mode.pointAt(best))
  const rates = {
    least: Math.min(Math.log(asked.least), rate - Math.log(reach.rate)),
    most: Math.max(Math.log(asked.most), rate + Math.log(reach.rate)),
  }
  return {
    flops,
    parameters: Math.exp(best.size),
    points: evenly(rates).map((at) => ({ learningRate: Math.exp(at), loss: loss({ ...best, rate: at }) })),
  }
}

/** The larger batch against the smaller, each at its best; nothing where there is no choice. */
function batchEffect(posterior: Posterior, mode: JointMode, flops: number, limits: Limits): BatchEffect[] {
  if (limits.batchSize.length < 2) return []
  const batchSizes = [Math.min(...limits.batchSize), Math.max(...limits.batchSize)] as const
  const loss = (place: Place) => lossAt(mode, place)
  const [smaller, larger] = batchSizes.map((batchSize) =>
    posterior.losses(bestPlace(mode, mode.fitted.theta, loss, flops, { ...limits, batchSize: [batchSize] })),
  )
  const differences = larger.map((value, i) => value - smaller[i])
  return [{ flops, batchSizes, difference: median(differences), interval: middle95(differences) }]
}

/** The most expensive runs as the others alone foretell them; nothing where too few are left to fit. */
function backtestOf({ runs, target, seed, space }: Known, used: readonly TrainedRun[]): BacktestRun[] {
  const options: JointOptions = { target, space }
  const costs = used.map(({ config }) => config.trainFlops).sort((a, b) => b - a)
  const budgets = [...new Set(costs)]
  const kept = new Set(used)
  const fittedBelow = budgets.findLast(
    (flops) => costs.filter((C) => C >= flops).length <= withheldShare * costs.length,
  )
  if (fittedBelow === undefined) return []
  const cheap = runs.filter(({ config }) => config.trainFlops < fittedBelow)
  const fit = fitJointOrNothing(cheap, options)
  if (fit.modes.length === 0) return []
  const posterior = new Posterior(fit, draws, seed)
  return runs.flatMap((run, index) => {
    if (run.config.trainFlops < fittedBelow || !kept.has(run)) return []
    const losses = posterior.losses(placeOf(space, run.config))
    const bends = posterior.bends(losses, run.config.trainFlops)
    const noise = posterior.noise(index)
    const x = fit.modes[0].mode.point(run.config)
    const sd = fit.modes[0].mode.scatter(x, median(losses))
    const reported = losses.map((loss, i) => loss + bends[i] + sd * noise[i])
    return [{ run: index, fittedBelow, predicted: median(losses), interval: middle95(reported) }]
  })
}

/** With fewer runs than this there is no law to look at. */
const fewestRuns = 10

function fitJointOrNothing(runs: readonly CampaignRun[], options: JointOptions): JointFit {
  const usable = runs.filter(isUsable)
  return usable.length < fewestRuns ? { modes: [], used: [], cut: 0, cuts: [] } : fitJoint(runs, options)
}

/** Along the sizes of the target, each at its best. */
function targetCurve(posterior: Posterior, mode: JointMode, target: number, limits: Limits): TargetPoint[] {
  return evenly(sizesAt(target, limits)).map((size) => {
    const losses = posterior.losses(tunedPlace(mode, size, target, limits))
    return { parameters: Math.exp(size), loss: median(losses), interval: middle95(losses) }
  })
}
