import { groupBy } from '../../core/group-by.ts'
import { runsOf } from '../../core/run.ts'
import { fewestForParabola, profileMinimum } from '../../fit/parabola.ts'
import { groupBudgets, lowestRun } from '../../fit/profile.ts'
import { stepLaw } from '../../law/published.ts'
import type { Limits } from '../../space/limits.ts'
import type { Space } from '../../space/space.ts'
import type { CampaignRun, Situation } from '../strategy.ts'
import { measureOf, text } from './by-hand.ts'

/** What the sweep showed. */
export interface Tuning {
  readonly batchSize: number
  /** The best rate is this times N^-0.713 D^0.307. */
  readonly rate: number
  readonly why: string
}

/** The best rate of N parameters on D tokens by the Step Law through a coefficient. */
export const rateAt = (coefficient: number, N: number, D: number): number =>
  coefficient * N ** stepLaw.rate.parameters * D ** stepLaw.rate.tokens

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
export function tuningOf({ runs, space }: Situation): Tuning {
  const groups = rateGroups(runs, space)
  const batchSize = betterBatch(groups, space.limits)
  const own = groups.filter((group) => group.batchSize === batchSize)
  if (own.length === 0) return { batchSize, rate: stepLaw.rate.coefficient, why: 'rate by the Step Law as published' }
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
function rateGroups(runs: readonly CampaignRun[], space: Space): RateGroup[] {
  const finite = runs.filter(({ loss }) => Number.isFinite(loss))
  const groups = groupBy(finite, ({ config }) => space.identity({ ...config, learningRate: 0 }))
  return [...groups.values()]
    .filter((group) => group.length >= fewestForParabola)
    .map((group) => rateGroup(group, space))
}

function rateGroup(runs: readonly CampaignRun[], space: Space): RateGroup {
  const { config } = runs[0]
  const { core: parameters, tokens } = measureOf(space, config)
  // The quadratic of a profile, in ln rate where a profile has ln N.
  const columns = runsOf(runs.map((run) => ({ ...measured(run, space), parameters: run.config.learningRate })))
  const [profile] = groupBudgets(columns).groups
  const minimum = profileMinimum(columns, profile)
  const lowest = lowestRun(columns, profile)
  const interior = minimum.kind === 'interior'
  return {
    parameters,
    tokens,
    batchSize: config.batchSize,
    loss: columns.loss[lowest],
    rate: interior ? minimum.parameters : columns.parameters[lowest],
    interior,
  }
}

/** The batch with the lower loss over the sizes that were tried with every batch that was; the smallest where there are none. */
function betterBatch(groups: readonly RateGroup[], { batchSize }: Limits): number {
  const sizes = groupBy(groups, ({ parameters, tokens }) => `${parameters}/${tokens}`)
  const tried = batchSize.filter((batch) => groups.some((group) => group.batchSize === batch))
  if (tried.length === 0) return batchSize[0]
  const complete = [...sizes.values()].filter((size) => size.length === tried.length).flat()
  const total = (batch: number) =>
    complete.reduce((sum, group) => sum + (group.batchSize === batch ? group.loss : 0), 0)
  return tried.reduce((a, b) => (total(b) < total(a) ? b : a))
}

/** N, D, C and loss of a run. */
export const measured = ({ config, loss }: CampaignRun, space: Space) => {
  const { core: parameters, tokens } = measureOf(space, config)
  return { parameters, tokens, flops: config.trainFlops, loss }
}
