import { parameterTokens } from '../../core/flops.ts'
import type { Range } from '../../core/range.ts'
import { profileMinimum } from '../../fit/parabola.ts'
import { lowestRun } from '../../fit/profile.ts'
import { roundRate } from '../../space/limits.ts'
import { configWith } from '../../space/space.ts'
import type { Plan, Planned, Situation, Strategy } from '../strategy.ts'
import { measureOf, modelsOf, rateDigits, text } from './by-hand.ts'
import { type ProfilesMethod, predictFromProfiles, profileSample, published } from './reading.ts'
import { rateAt, type Tuning, tuningOf } from './sweep.ts'
import { profilesWords } from './words.ts'

export type { ProfilesMethod }

/**
 * The design that a careful student makes by hand: numbers chosen by judgement and compared with a few others on 60 drawn
 * worlds, not searched for. Shares are of the campaign's budget: of 2e18 FLOPs the sweep takes runs of 6e15, the profiles runs
 * of 3e15, 1e16, 3e16, 6e16 and 1e17.
 */
export const profilesDesign = {
  sweep: { share: 0.003, tokensPerParameter: [30, 5, 0.8], rates: 4 },
  profiles: { shares: [0.0015, 0.005, 0.015, 0.03, 0.05], sizes: 6, factor: 1.6 },
} as const

/**
 * The baselines that adaptive planning is measured against: a sweep of the learning rate over a few sizes and both batches, then
 * five IsoFLOP profiles at growing budgets (CS336 assignment 3), each at the rate that the sweep showed and about the size that
 * the profile before it showed. `method` says how the profiles are read; the design is the same for all. No intervals.
 *
 * @example await campaign({ strategy: profilesStrategy('parabola'), trainer })
 */
export const profilesStrategy = (method: ProfilesMethod): Strategy => ({
  name: `profiles-${method}`,
  words: profilesWords(method),
  consider: (situation) => ({
    ask: () => planOf(situation),
    conclude: () => predictFromProfiles(situation, method),
    evidence: () => null,
  }),
})

function planOf(situation: Situation): Plan {
  const { round } = situation
  const { shares } = profilesDesign.profiles
  if (round > shares.length) return { kind: 'stop', reason: `the sweep and its ${shares.length} profiles are done` }
  return round === 0 ? planSweep(situation) : planProfile(situation, shares[round - 1])
}

/** Rates from end to end for each of a few sizes and every batch, at one cheap budget. */
function planSweep(situation: Situation): Plan {
  const { space } = situation
  const { limits } = space
  const { share, tokensPerParameter, rates } = profilesDesign.sweep
  const batches = endsOf(limits.batchSize)
  const count = tokensPerParameter.length * rates * batches.length
  const flops = levelFor(situation, share, count)
  if (flops === null) return tooPoor(situation, count)
  const sizes = tokensPerParameter.map((ratio) => Math.sqrt(parameterTokens(flops) / ratio))
  const queries = modelsOf(sizes, limits.models).flatMap((model) =>
    batches.flatMap((batchSize) =>
      ladder(limits.learningRate, rates).map((rate): Planned => {
        const learningRate = roundRate(rate, limits.learningRate, rateDigits)
        const config = configWith(model, { batchSize, learningRate, trainFlops: flops })
        const size = text(measureOf(space, config).core)
        return { config, reason: `rate ${text(learningRate)} of the sweep, ${size} parameters, batch ${batchSize}` }
      }),
    ),
  )
  return ask(situation, `learning-rate sweep at ${text(flops)} FLOPs`, queries)
}

/** The smallest and the largest batch: a sweep over five would take most of the runs. */
const endsOf = (batchSize: readonly number[]): readonly number[] =>
  batchSize.length <= 2 ? batchSize : [batchSize[0], batchSize[batchSize.length - 1]]

/** Sizes about the expected best one, in equal factors, each at its best rate. */
function planProfile(situation: Situation, share: number): Plan {
  const { space } = situation
  const { sizes: count, factor } = profilesDesign.profiles
  const flops = profileLevel(situation, share, count)
  if (flops === null) return tooPoor(situation, count)
  const tuning = tuningOf(situation)
  const { center, why } = centerAt(situation, tuning, flops)
  const sizes = Array.from({ length: count }, (_, k) => center * factor ** (k - (count - 1) / 2))
  const { models, learningRate: rates } = space.limits
  const { batchSize } = tuning
  const queries = modelsOf(sizes, models).map((model): Planned => {
    const untuned = configWith(model, { batchSize, learningRate: rates.least, trainFlops: flops })
    const { core: N, tokens } = measureOf(space, untuned)
    const config = { ...untuned, learningRate: roundRate(rateAt(tuning.rate, N, tokens), rates, rateDigits) }
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

/** The budget of the next profile: on a coarse grid two shares may fall on one level, and each profile has one of its own. */
function profileLevel(situation: Situation, share: number, count: number): number | null {
  const { budget, spent, space, round } = situation
  const { shares } = profilesDesign.profiles
  let least = 0
  for (const before of shares.slice(0, round - 1)) {
    const wanted = Math.max(before * budget * (1 + 1e-9), space.trainFlops[0])
    const level = space.trainFlops.findLast((flops) => flops <= wanted) ?? 0
    least = level > least ? level : (space.trainFlops.find((flops) => flops > least) ?? least)
  }
  const level = levelFor(situation, share, count)
  if (level === null || level > least) return level
  return space.trainFlops.find((flops) => flops > least && count * flops <= budget - spent) ?? null
}

const tooPoor = ({ budget, spent, space }: Situation, count: number): Plan => ({
  kind: 'stop',
  reason: `${text(budget - spent)} FLOPs are left, fewer than ${count} runs of ${text(space.trainFlops[0])} cost`,
})

/** A plan of those queries that are not there yet, were not refused, and can be paid for. */
function ask(
  { runs, refused, pending, budget, spent, space }: Situation,
  title: string,
  wanted: readonly Planned[],
): Plan {
  const known = new Set([...runs.map(({ config }) => config), ...refused, ...pending].map(space.identity))
  let left = budget - spent
  const queries = wanted.filter(({ config }) => {
    const identity = space.identity(config)
    if (known.has(identity) || config.trainFlops > left) return false
    known.add(identity)
    left -= config.trainFlops
    return true
  })
  return { kind: 'ask', title, queries, estimate: null }
}

/** So many values from end to end in equal factors. */
const ladder = ({ least, most }: Range, count: number): number[] =>
  Array.from({ length: count }, (_, k) => least * (most / least) ** (k / (count - 1)))

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
