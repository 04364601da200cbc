import type { Config } from '../core/config.ts'
import { parameterTokens } from '../core/flops.ts'
import { configWith, type Space } from './space.ts'

/** What one budget buys in a space. */
export interface BudgetSummary {
  readonly flops: number
  /** Of the budget to spend. */
  readonly share: number
  /** Models between these non-embedding parameters have from 500 tokens for each parameter to 5, as far as there are such. */
  readonly sizes: readonly [least: number, most: number]
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
  return { space, budgets, target, cautions: cautionsOf(space, budgets) }
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
    sizes: [within(sizeAt(tokensPerParameter.many)), within(sizeAt(tokensPerParameter.few))],
    usual,
    parameters: core,
    tokens,
    steps: [tokens / stepTokens, tokens / space.measure(largest, 'none').stepTokens],
  }
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

const text = (x: number): string => x.toExponential().replace('+', '')

function cautionsOf({ trainFlops, budget, target }: Space, budgets: readonly BudgetSummary[]): string[] {
  const cautions: string[] = []
  const first = (opening.runs * trainFlops[0]) / budget
  if (first > opening.share)
    cautions.push(
      `The first ${opening.runs} runs of the adaptive planner cost at least ${Math.round(100 * first)} % of the budget: add cheaper runs to train_flops, or raise the budget.`,
    )
  const short = budgets.filter(({ steps: [most] }) => most < fewestSteps)
  if (short.length > 0)
    cautions.push(
      `At ${short.length === 1 ? 'one budget' : `${short.length} budgets`} up to ${text(short[short.length - 1].flops)} FLOPs a usual model takes fewer than ${fewestSteps} steps: add a smaller batch.`,
    )
  const largest = Math.max(...trainFlops.filter((flops) => flops <= budget))
  if (target > 1000 * largest)
    cautions.push(`The target is ${Math.round(target / largest)} times the largest run: the interval will be wide.`)
  return cautions
}
