import { configIdentity, type TrainingConfig } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { nonEmbeddingParameters, parameterTokens, tokensFor } from '../core/flops.ts'
import { headsFor, type Limits, type Range, usualShape } from '../core/limits.ts'
import { type Runs, runsOf, selectRuns } from '../core/run.ts'
import {
  type FrontierPoint,
  fitFrontier,
  fitLogLine,
  fitPinnedFrontier,
  frontierPoints,
  logLineLoss,
  lossOf,
} from '../fit/frontier.ts'
import { fitLowestLog } from '../fit/lowest.ts'
import { fewestForParabola, fitParabolas, profileMinimum } from '../fit/parabola.ts'
import { groupBudgets, lowestRun, type Profile } from '../fit/profile.ts'
import { fitSurface } from '../fit/surface.ts'
import { type PowerLaw, powerAt } from '../law/power.ts'
import { publishedSurfaces } from '../law/published.ts'
import { surfaceLoss } from '../law/surface.ts'
import type { CampaignRun, Forecast, NamedLaw, Plan, Planned, Situation, Strategy } from './strategy.ts'

/** How the profiles are read: the lowest run of each, the minimum of its parabola, or one surface through the largest ones. */
export type ProfilesMethod = 'lowest' | 'parabola' | 'surface'

/**
 * The design that a careful student makes by hand: numbers chosen by judgement and compared with a few others on 60 drawn
 * worlds, not searched for. Shares are of the campaign's budget: of 2e18 FLOPs the sweep takes runs of 6e15, the profiles runs
 * of 3e15, 1e16, 3e16, 6e16 and 1e17.
 */
export const profilesDesign = {
  sweep: { share: 0.003, tokensPerParameter: [30, 5, 0.8], rates: 4 },
  profiles: { shares: [0.0015, 0.005, 0.015, 0.03, 0.05], sizes: 6, factor: 1.6 },
  surfaceProfiles: 3,
} as const

/** Compute-optimal in the literature: N grows as C^0.5, with 20 tokens for each parameter (Hoffmann et al. 2022, table 3). */
const published = { exponent: 0.5, tokensPerParameter: 20 } as const

/** Step Law: the best rate is 1.79 N^-0.713 D^0.307, N without embeddings (Li et al. 2025, arXiv 2503.04715). */
const stepLaw = { coefficient: 1.79, parameters: -0.713, tokens: 0.307 } as const

/**
 * The baselines that adaptive planning is measured against: a sweep of the learning rate over a few sizes and both batches, then
 * five IsoFLOP profiles at growing budgets (CS336 assignment 3), each at the rate that the sweep showed and about the size that
 * the profile before it showed. `method` says how the profiles are read; the design is the same for all. No intervals.
 *
 * @example await campaign({ strategy: profilesStrategy('parabola'), query })
 */
export const profilesStrategy = (method: ProfilesMethod): Strategy => ({
  name: `profiles-${method}`,
  plan,
  predict: (situation) => predict(situation, method),
})

function plan(situation: Situation): Plan {
  const { round } = situation
  const { shares } = profilesDesign.profiles
  if (round > shares.length) return { kind: 'stop', reason: `the sweep and its ${shares.length} profiles are done` }
  return round === 0 ? planSweep(situation) : planProfile(situation, shares[round - 1])
}

/** Rates from end to end for each of a few sizes and every batch, at one cheap budget. */
function planSweep(situation: Situation): Plan {
  const { limits } = situation.space
  const { share, tokensPerParameter, rates } = profilesDesign.sweep
  const count = tokensPerParameter.length * rates * limits.batchSize.length
  const flops = levelFor(situation, share, count)
  if (flops === null) return tooPoor(situation, count)
  const sizes = tokensPerParameter.map((ratio) => Math.sqrt(parameterTokens(flops) / ratio))
  const queries = shapesOf(sizes, limits).flatMap((shape) =>
    limits.batchSize.flatMap((batchSize) =>
      ladder(limits.learningRate, rates).map((rate): Planned => {
        const learningRate = roundRate(rate, limits)
        const reason = `rate ${text(learningRate)} of the sweep, ${text(sizeOf(shape))} parameters, batch ${batchSize}`
        return { config: { ...shape, batchSize, learningRate, trainFlops: flops }, reason }
      }),
    ),
  )
  return ask(situation, `learning-rate sweep at ${text(flops)} FLOPs`, queries)
}

/** Sizes about the expected best one, in equal factors, each at its best rate. */
function planProfile(situation: Situation, share: number): Plan {
  const { space } = situation
  const { sizes: count, factor } = profilesDesign.profiles
  const flops = levelFor(situation, share, count)
  if (flops === null) return tooPoor(situation, count)
  const tuning = tuningOf(situation)
  const { center, why } = centerAt(situation, tuning, flops)
  const sizes = Array.from({ length: count }, (_, k) => center * factor ** (k - (count - 1) / 2))
  const queries = shapesOf(sizes, space.limits).map((shape): Planned => {
    const N = sizeOf(shape)
    const learningRate = roundRate(rateAt(tuning.rate, N, tokensFor(flops, N)), space.limits)
    const config = { ...shape, batchSize: tuning.batchSize, learningRate, trainFlops: flops }
    return { config, reason: `${text(N)} parameters, ${text(N / center)} of ${text(center)} (${why}); ${tuning.why}` }
  })
  return ask(situation, `IsoFLOP profile at ${text(flops)} FLOPs`, queries)
}

/**
 * The budget of a run: the largest up to a share of the whole, or the least there is, at which so many runs can still be paid for.
 * Null where there is none.
 */
function levelFor({ budget, spent, space }: Situation, share: number, count: number): number | null {
  const wanted = Math.max(share * budget * (1 + 1e-9), space.trainFlops[0])
  return space.trainFlops.findLast((flops) => flops <= wanted && count * flops <= budget - spent) ?? null
}

const tooPoor = ({ budget, spent, space }: Situation, count: number): Plan => ({
  kind: 'stop',
  reason: `${text(budget - spent)} FLOPs are left, fewer than ${count} runs of ${text(space.trainFlops[0])} cost`,
})

/** A plan of those queries that are not there yet, were not refused, and can be paid for. */
function ask({ runs, refused, budget, spent }: Situation, title: string, wanted: readonly Planned[]): Plan {
  const known = new Set([...runs.map(({ config }) => config), ...refused].map(configIdentity))
  let left = budget - spent
  const queries = wanted.filter(({ config }) => {
    const identity = configIdentity(config)
    if (known.has(identity) || config.trainFlops > left) return false
    known.add(identity)
    left -= config.trainFlops
    return true
  })
  return { kind: 'ask', title, queries, estimate: null }
}

type Shape = Pick<TrainingConfig, 'dModel' | 'numLayers' | 'numHeads'>

const sizeOf = ({ dModel, numLayers }: Shape): number => nonEmbeddingParameters(dModel, numLayers)

/** How much a factor of e from the usual width per layer counts beside one from the wanted size; squares are added. */
const oddityWeight = 0.05

/**
 * The legal shape of about so many non-embedding parameters: of the widths that heads of dimension 64 divide, the one that, with
 * a whole number of layers, comes near to the size and to a width of 64 per layer.
 */
function shapeOf(parameters: number, limits: Limits): Shape {
  const { headDimension, widthPerLayer } = usualShape
  let best: { shape: Shape; cost: number } | null = null
  const first = Math.ceil(limits.dModel.least / headDimension) * headDimension
  for (let dModel = first; dModel <= limits.dModel.most; dModel += headDimension) {
    const numHeads = headsFor(dModel, limits)
    if (numHeads === null) continue
    const numLayers = clamp(Math.round(parameters / nonEmbeddingParameters(dModel, 1)), limits.numLayers)
    const shape = { dModel, numLayers, numHeads }
    const oddity = Math.log(dModel / numLayers / widthPerLayer)
    const cost = Math.log(sizeOf(shape) / parameters) ** 2 + oddityWeight * oddity ** 2
    if (best === null || cost < best.cost) best = { shape, cost }
  }
  if (best === null) throw new Error('no width within the limits is a multiple of 64')
  return best.shape
}

/** The shapes of these sizes, each once: beyond what the limits allow they are equal. */
function shapesOf(sizes: readonly number[], limits: Limits): Shape[] {
  const shapes = sizes.map((size) => shapeOf(size, limits))
  return [...new Map(shapes.map((shape) => [sizeOf(shape), shape])).values()]
}

/** So many values from end to end in equal factors. */
const ladder = ({ least, most }: Range, count: number): number[] =>
  Array.from({ length: count }, (_, k) => least * (most / least) ** (k / (count - 1)))

const clamp = (x: number, { least, most }: Range): number => Math.min(Math.max(x, least), most)

/** What people would type: two digits, within the limits. */
const roundRate = (rate: number, { learningRate }: Limits): number => clamp(Number(rate.toPrecision(2)), learningRate)

const text = (x: number): string => {
  const [mantissa, power] = x.toExponential(2).split('e')
  return Math.abs(Number(power)) < 3 ? String(Number(x.toPrecision(3))) : `${Number(mantissa)}e${Number(power)}`
}

/** What the sweep showed. */
interface Tuning {
  readonly batchSize: number
  /** The best rate is this times N^-0.713 D^0.307. */
  readonly rate: number
  readonly why: string
}

/** The best rate of N parameters on D tokens by the Step Law through a coefficient. */
const rateAt = (coefficient: number, N: number, D: number): number =>
  coefficient * N ** stepLaw.parameters * D ** stepLaw.tokens

/** Runs that differ in the learning rate alone: their size, batch, lowest loss and best rate. */
interface RateGroup {
  readonly parameters: number
  readonly tokens: number
  readonly batchSize: number
  readonly loss: number
  readonly rate: number
  /** False where the best rate seems to lie at or beyond the end of those that were tried. */
  readonly interior: boolean
}

/**
 * The better batch, and its best rates in the sweep through the Step Law: the geometric mean over the sizes whose best rate lies
 * between those tried. Where none does, the end that was best for the largest size, which bounds the law most closely where that
 * end is the cap.
 */
function tuningOf({ runs, space }: Situation): Tuning {
  const groups = rateGroups(runs)
  const batchSize = betterBatch(groups, space.limits)
  const own = groups.filter((group) => group.batchSize === batchSize)
  if (own.length === 0) return { batchSize, rate: stepLaw.coefficient, why: 'rate by the Step Law as published' }
  const interior = own.filter((group) => group.interior)
  if (interior.length > 0) {
    const logs = interior.map((group) => Math.log(coefficientOf(group)))
    const rate = Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length)
    const seen = `best rate inside the sweep for ${interior.length} of ${own.length} sizes`
    return { batchSize, rate, why: `rate by the Step Law, ${seen}` }
  }
  const largest = own.reduce((a, b) => (b.parameters > a.parameters ? b : a))
  const seen = `the sweep was best at its end, ${text(largest.rate)}`
  return { batchSize, rate: coefficientOf(largest), why: `rate by the Step Law, ${seen}` }
}

/** The coefficient with which the Step Law goes through a sweep's best rate. */
const coefficientOf = ({ rate, parameters, tokens }: RateGroup): number => rate / rateAt(1, parameters, tokens)

/** The runs of any round that make up a sweep: at least as many rates as a parabola needs, all else equal. */
function rateGroups(runs: readonly CampaignRun[]): RateGroup[] {
  const finite = runs.filter(({ loss }) => Number.isFinite(loss))
  const groups = Map.groupBy(finite, ({ config }) => configIdentity({ ...config, learningRate: 0 }))
  return [...groups.values()].filter((group) => group.length >= fewestForParabola).map(rateGroup)
}

function rateGroup(runs: readonly CampaignRun[]): RateGroup {
  const { config } = runs[0]
  const parameters = sizeOf(config)
  // The quadratic of a profile, in ln rate where a profile has ln N.
  const columns = runsOf(runs.map((run) => ({ ...measured(run), parameters: run.config.learningRate })))
  const [profile] = groupBudgets(columns).groups
  const minimum = profileMinimum(columns, profile)
  const lowest = lowestRun(columns, profile)
  const interior = minimum.kind === 'interior'
  return {
    parameters,
    tokens: tokensFor(config.trainFlops, parameters),
    batchSize: config.batchSize,
    loss: columns.loss[lowest],
    rate: interior ? minimum.parameters : columns.parameters[lowest],
    interior,
  }
}

/** The batch with the lower loss over the sizes that were tried with every batch; the smallest where there are none. */
function betterBatch(groups: readonly RateGroup[], { batchSize }: Limits): number {
  const sizes = Map.groupBy(groups, ({ parameters, tokens }) => `${parameters}/${tokens}`)
  const complete = [...sizes.values()].filter((size) => size.length === batchSize.length).flat()
  const total = (batch: number) =>
    complete.reduce((sum, group) => sum + (group.batchSize === batch ? group.loss : 0), 0)
  return batchSize.reduce((a, b) => (total(b) < total(a) ? b : a))
}

/** N, D, C and loss of a run. */
const measured = ({ config, loss }: CampaignRun) => {
  const parameters = sizeOf(config)
  return { parameters, tokens: tokensFor(config.trainFlops, parameters), flops: config.trainFlops, loss }
}

/** Rates nearer than this factor to the law's are tuned: the losses of a sweep are flat there. */
const tunedFactor = 1.25

interface Sample {
  readonly runs: Runs
  readonly profiles: readonly Profile[]
}

/** The tuned runs, given ones too, of those budgets that have sizes enough for a parabola. */
function profileSample({ runs, space }: Situation, { batchSize, rate }: Tuning): Sample {
  const tuned = runs.filter((run) => {
    const { parameters, tokens, loss } = measured(run)
    const best = clamp(rateAt(rate, parameters, tokens), space.limits.learningRate)
    const distance = Math.abs(Math.log(run.config.learningRate / best))
    return Number.isFinite(loss) && run.config.batchSize === batchSize && distance < Math.log(tunedFactor)
  })
  const all = runsOf(tuned.map(measured))
  const { groups, groupOf } = groupBudgets(all)
  const kept = tuned.filter((_, i) => groups[groupOf[i]].sizes >= fewestForParabola)
  const columns = runsOf(kept.map(measured))
  return { runs: columns, profiles: groupBudgets(columns).profiles }
}

/** Where a profile is centred: N ~ C^0.5 through the best size of the largest profile below, or 20 tokens for each parameter. */
function centerAt(situation: Situation, tuning: Tuning, flops: number): { center: number; why: string } {
  const { runs, profiles } = profileSample(situation, tuning)
  const last = profiles.findLast(({ budget }) => budget < flops)
  if (last === undefined) {
    const { tokensPerParameter } = published
    const center = Math.sqrt(parameterTokens(flops) / tokensPerParameter)
    return { center, why: `${tokensPerParameter} tokens for each parameter` }
  }
  const minimum = profileMinimum(runs, last)
  const best = minimum.kind === 'interior' ? minimum.parameters : runs.parameters[lowestRun(runs, last)]
  const center = best * (flops / last.budget) ** published.exponent
  return { center, why: `C^${published.exponent} from ${text(best)} at ${text(last.budget)} FLOPs` }
}

/** What the profiles say about the target: the best size and its loss, with the laws that say so. */
interface Reading {
  readonly parameters: number
  readonly loss: number
  readonly laws: readonly NamedLaw[]
}

function predict(situation: Situation, method: ProfilesMethod): Forecast {
  const { target, space } = situation
  const tuning = tuningOf(situation)
  const { parameters: wanted, loss, laws } = read(situation, tuning, method)
  const limits = space.targetLimits
  const shape = shapeOf(wanted, limits)
  const parameters = sizeOf(shape)
  const tokens = tokensFor(target, parameters)
  const learningRate = roundRate(rateAt(tuning.rate, parameters, tokens), limits)
  const rateLaw = { name: 'learning rate', weight: 1, coefficients: { ...stepLaw, coefficient: tuning.rate } }
  return {
    config: { ...shape, batchSize: tuning.batchSize, learningRate, trainFlops: target },
    parameters,
    tokens,
    loss,
    interval: { loss: null, parameters: null, learningRate: null },
    alternatives: [],
    laws: [...laws, rateLaw],
    narrowing: narrowing(situation),
    diagnostics: [],
  }
}

function read(situation: Situation, tuning: Tuning, method: ProfilesMethod): Reading {
  const sample = profileSample(situation, tuning)
  const { target } = situation
  const surface = method === 'surface' ? readSurface(sample, target) : null
  return surface ?? readProfiles(sample, target, method) ?? readBestRun(situation)
}

/**
 * The surface through the largest three profiles alone: the first steps of training follow no such law. Measured on 60 drawn
 * worlds, with all five instead: median regret 0.022 for 0.016 nats, 90th percentile 0.091 for 0.056, median error of the loss
 * 0.40 for 0.24.
 */
function readSurface({ runs, profiles }: Sample, target: number): Reading | null {
  const top = profiles.slice(-profilesDesign.surfaceProfiles).flatMap((profile) => Array.from(profile.runs))
  const fit = fitSurface(selectRuns(runs, top))
  if (!fit?.modelSize) return null
  const parameters = powerAt(fit.modelSize, target)
  const loss = surfaceLoss(fit.law, parameters, tokensFor(target, parameters))
  const surface = { name: 'surface', weight: 1, coefficients: { ...fit.law } }
  return { parameters, loss, laws: [namedPower(fit.modelSize), surface] }
}

/** Power law of the best sizes and frontier of the best losses; null with fewer than two profiles. */
function readProfiles({ runs, profiles }: Sample, target: number, method: ProfilesMethod): Reading | null {
  const parabolas = method === 'lowest' ? null : fitParabolas(runs, profiles)
  const size = (parabolas ?? fitLowestLog(runs, profiles))?.modelSize
  if (!size) return null
  const points = parabolas === null ? lowestPoints(runs, profiles) : frontierPoints(runs, profiles)
  const frontier = readFrontier(points, target)
  return frontier && { parameters: powerAt(size, target), loss: frontier.loss, laws: [namedPower(size), frontier.law] }
}

const lowestPoints = (runs: Runs, profiles: readonly Profile[]): FrontierPoint[] =>
  profiles.map((profile) => {
    const loss = runs.loss[lowestRun(runs, profile)]
    return { flops: profile.budget, loss, from: 'lowest run' }
  })

/** E + K / C^g with the asymptote free, else pinned at Hoffmann et al.'s, else a line in ln C. */
function readFrontier(points: readonly FrontierPoint[], target: number): { loss: number; law: NamedLaw } | null {
  const fit = fitFrontier(points) ?? fitPinnedFrontier(points, publishedSurfaces[0].law.E)
  if (fit !== null)
    return { loss: lossOf(fit)(target), law: { name: 'frontier', weight: 1, coefficients: { ...fit.law } } }
  const line = fitLogLine(points)
  return (
    line && {
      loss: logLineLoss(line.law, target),
      law: { name: 'loss line', weight: 1, coefficients: { ...line.law } },
    }
  )
}

const namedPower = ({ coefficient, exponent }: PowerLaw): NamedLaw => ({
  name: 'best size',
  weight: 1,
  coefficients: { coefficient, exponent },
})

/** Too few profiles for a law: the size of the best run, scaled as in the literature, and its loss as it is. */
function readBestRun({ runs, target }: Situation): Reading {
  const finite = runs.filter(({ loss }) => Number.isFinite(loss))
  if (finite.length === 0)
    throw new IsoflopError(
      'TOO_FEW_RUNS',
      'Expected a run with a finite loss to predict from, got none.',
      'Give a larger budget, or check what the API answers.',
    )
  const best = finite.reduce((a, b) => (b.loss < a.loss ? b : a))
  const { parameters, flops, loss } = measured(best)
  return { parameters: parameters * (target / flops) ** published.exponent, loss, laws: [] }
}

/** What a student would buy next. */
function narrowing({ budget, spent, space }: Situation): string[] {
  const top = space.trainFlops.findLast((flops) => flops <= budget - spent)
  return top === undefined
    ? ['A larger budget: a profile nearer to the target shortens the extrapolation.']
    : [
        `${text(budget - spent)} FLOPs are left: a run of ${text(top)} at the best size would check the extrapolated loss.`,
      ]
}
