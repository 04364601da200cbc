import type { Config } from '../core/config.ts'
import { parameterTokens } from '../core/flops.ts'
import type { Range } from '../core/range.ts'
import { configWith, type Space } from './space.ts'

/** What one budget buys in a space. */
export interface BudgetSummary {
  readonly flops: number
  /** Of the budget to spend. */
  readonly share: number
  /** Models between these non-embedding parameters have from 500 tokens for each parameter to 5; why there are none. */
  readonly sizes: readonly [least: number, most: number] | 'all too large' | 'all too small'
  /** The model that comes nearest to 20 tokens for each parameter, at the smallest batch. */
  readonly usual: Config
  readonly parameters: number
  readonly tokens: number
  /** Steps with the smallest and with the largest batch. */
  readonly steps: readonly [most: number, least: number]
}

/** A space in numbers, before anything is asked of it. */
export interface SpaceSummary {
  readonly space: Space
  readonly budgets: readonly BudgetSummary[]
  readonly target: BudgetSummary
  /** What a person should know before spending. */
  readonly cautions: readonly string[]
}

/** Tokens for each parameter (Hoffmann et al. 2022 put the best at 20), and how far runs may be from it to tell something. */
const tokensPerParameter = { few: 5, usual: 20, many: 500 } as const
/** A training of fewer steps tells more of its beginning than of its end. */
const fewestSteps = 100
/** The first runs of the adaptive planner are so many, and should take no more than this share of the budget. */
const opening = { runs: 46, share: 0.25 } as const

/**
 * What a space holds at each of its budgets.
 * @example summaryOf(await readSpace('examples/spaces/llama.json')).budgets[0].steps
 */
export function summaryOf(space: Space): SpaceSummary {
  const budgets = space.trainFlops.map((flops) => budgetOf(space, flops, space.limits))
  const target = budgetOf(space, space.target, space.targetLimits)
  return { space, budgets, target, cautions: [...cautionsOf(space, budgets), ...cautionsOfSizes(budgets, target)] }
}

function budgetOf(space: Space, flops: number, { models, batchSize, learningRate }: Space['limits']): BudgetSummary {
  const sizeAt = (ratio: number) => sizeFor(space, flops, ratio)
  const within = (size: number) => Math.min(Math.max(size, models.parameters.least), models.parameters.most)
  const model = models.usual(within(sizeAt(tokensPerParameter.usual)))
  const rate = learningRate.most
  const usual = configWith<Config>(model, { batchSize: batchSize[0], learningRate: rate, trainFlops: flops })
  const { core, tokens, stepTokens } = space.measure(usual, 'none')
  const largest = { ...usual, batchSize: batchSize[batchSize.length - 1] }
  return {
    flops,
    share: flops / space.budget,
    sizes: sizesWithin([sizeAt(tokensPerParameter.many), sizeAt(tokensPerParameter.few)], models.parameters),
    usual,
    parameters: core,
    tokens,
    steps: [tokens / stepTokens, tokens / space.measure(largest, 'none').stepTokens],
  }
}

function sizesWithin([least, most]: readonly [number, number], there: Range): BudgetSummary['sizes'] {
  if (most < there.least) return 'all too large'
  if (least > there.most) return 'all too small'
  return [Math.max(least, there.least), Math.min(most, there.most)]
}

/** Non-embedding parameters of the model that so many FLOPs train on `ratio` tokens for each of them. */
function sizeFor(space: Space, flops: number, ratio: number): number {
  const place = { rate: 0, ratio: Math.log(64), batchSize: space.limits.batchSize[0], flops }
  let [low, high] = [Math.log(1), Math.log(parameterTokens(flops))]
  for (let k = 0; k < 60; k++) {
    const size = (low + high) / 2
    const { core, tokens } = space.measureAt({ ...place, size }, 'none')
    if (tokens / core > ratio) low = size
    else high = size
  }
  return Math.exp(low)
}

const countOf = (budgets: readonly unknown[]): string =>
  budgets.length === 1 ? 'one budget' : `${budgets.length} budgets`

const text = (x: number): string => x.toExponential().replace('+', '')

function cautionsOf({ trainFlops, budget, target }: Space, budgets: readonly BudgetSummary[]): string[] {
  const cautions: string[] = []
  const first = (opening.runs * trainFlops[0]) / budget
  if (first > opening.share)
    cautions.push(
      `The first ${opening.runs} runs of the adaptive planner cost at least ${Math.round(100 * first)} % of the budget: add cheaper runs to train_flops, or raise the budget.`,
    )
  const short = budgets.filter(({ sizes, steps: [most] }) => most < fewestSteps && sizes !== 'all too large')
  if (short.length > 0)
    cautions.push(
      `At ${countOf(short)} up to ${text(short[short.length - 1].flops)} FLOPs a usual model takes fewer than ${fewestSteps} steps: add a smaller batch.`,
    )
  const largest = Math.max(...trainFlops.filter((flops) => flops <= budget))
  if (target > 1000 * largest)
    cautions.push(`The target is ${Math.round(target / largest)} times the largest run: the interval will be wide.`)
  return cautions
}

/** Where the models do not suit the budgets. */
function cautionsOfSizes(budgets: readonly BudgetSummary[], target: BudgetSummary): string[] {
  const { few, many } = tokensPerParameter
  const large = budgets.filter(({ sizes }) => sizes === 'all too large')
  const small = budgets.filter(({ sizes }) => sizes === 'all too small')
  const cautions: string[] = []
  if (large.length > 0)
    cautions.push(
      `At ${countOf(large)} up to ${text(large[large.length - 1].flops)} FLOPs even the smallest model has fewer than ${few} tokens for each parameter, and hardly learns: add smaller models, or leave these budgets out.`,
    )
  if (small.length > 0)
    cautions.push(
      `At ${countOf(small)} from ${text(small[0].flops)} FLOPs on even the largest model has more than ${many} tokens for each parameter: add larger models, or leave these budgets out.`,
    )
  if (target.sizes === 'all too small')
    cautions.push(
      `At the target even the largest model has more than ${many} tokens for each parameter: a larger one would reach a lower loss.`,
    )
  if (target.sizes === 'all too large')
    cautions.push(
      `At the target even the smallest model has fewer than ${few} tokens for each parameter: a smaller one would reach a lower loss.`,
    )
  return cautions
}
