import {
  apiBudget,
  apiLimits,
  configIdentity,
  contextLength,
  type TrainingConfig,
  targetFlops,
  vocabularySize,
} from './core/config.ts'
import type { Diagnostic } from './core/diagnostic.ts'
import { type ErrorCode, IsoflopError } from './core/errors.ts'
import { queryLimits, targetLimits } from './core/limits.ts'
import { adaptive } from './plan/adaptive.ts'
import type { CampaignRun, Estimate, Forecast, Plan, Situation, Space, Strategy } from './plan/strategy.ts'

/** What the CS336 training API answers, and the assignment's target run. */
export const apiSpace: Space = {
  limits: queryLimits,
  trainFlops: apiLimits.trainFlops,
  targetLimits,
  vocabularySize,
  contextLength,
}

/** A run that is there already: it is never asked for again. */
export type KnownRun = Pick<CampaignRun, 'config' | 'loss'>

/** Where a campaign stands, told after every run and every plan. */
export interface Standing {
  readonly runs: readonly CampaignRun[]
  readonly spent: number
  readonly budget: number
  readonly round: number
  /** What the running round is about. */
  readonly title: string
  /** As of the latest plan; null before there are enough runs. */
  readonly estimate: Estimate | null
}

/** Which plan asks for a run, and why. */
export type Purpose = Pick<CampaignRun, 'round' | 'reason'>

export interface CampaignOptions {
  /**
   * Trains or asks for one configuration and gives its loss, nats per token; NaN where training diverged. An IsoflopError of code
   * BUDGET_EXCEEDED ends the buying, one of CONFIG_INVALID, NOT_RECORDED or API_REFUSED leaves out that configuration; any
   * other error ends the campaign with that error.
   */
  readonly query: (config: TrainingConfig, purpose: Purpose) => Promise<{ readonly loss: number }>
  /** FLOPs to spend, at most; 2e18 by default. */
  readonly budget?: number
  /** FLOPs of the run to predict; 1e19 by default. */
  readonly target?: number
  /** How to spend it; `adaptive` by default. */
  readonly strategy?: Strategy
  /** Equal seeds and answers give equal campaigns; 0 by default. */
  readonly seed?: number
  /** Runs that were paid for before this campaign: they count as spent and enter the fit. */
  readonly given?: readonly KnownRun[]
  /** Answers to queries of this campaign that are known already, as after a crash: taken instead of asking. */
  readonly answered?: readonly KnownRun[]
  readonly space?: Space
  /** Ends the campaign after the run in flight, with what there is. */
  readonly signal?: AbortSignal
  readonly onStanding?: (standing: Standing) => void
}

/** A configuration that the API would not train, and what it said. */
export interface Refusal {
  readonly config: TrainingConfig
  readonly message: string
}

/** What one plan bought. */
export interface Round {
  readonly title: string
  readonly queries: number
  readonly spentFlops: number
}

export interface Campaign {
  readonly spentFlops: number
  /** Runs that this campaign asked for, answered ones included. */
  readonly queries: number
  readonly prediction: Forecast
  /** All runs, given ones first. */
  readonly runs: readonly CampaignRun[]
  readonly refused: readonly Refusal[]
  readonly rounds: readonly Round[]
  /** Why no more runs were bought. */
  readonly stopped: string
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Spends a budget of FLOPs on training runs, one plan after another, and predicts the best configuration at the target, its loss
 * and intervals. Plan, query, refit, until the strategy stops: the loop of docs/math.md, "Campaigns".
 *
 * A campaign that broke off goes on when it is started again with what was `answered`: the plans depend on seed and answers
 * alone, so it ends with the same runs and the same prediction, and pays for none of them twice.
 *
 * @example const { prediction } = await campaign({ query: async (config) => ({ loss: await train(config) }) })
 * @throws IsoflopError TOO_FEW_RUNS where too few runs could be bought for any prediction; whatever `query` throws.
 */
export async function campaign(options: CampaignOptions): Promise<Campaign> {
  const { signal, onStanding = () => {} } = options
  const { budget, target, strategy, seed, space } = settled(options)
  const ask = asker(options)
  const runs = givenRuns(options.given)
  const refused: Refusal[] = []
  const rounds: Round[] = []
  const spent = () => costOf(runs)
  const situation = (): Situation => {
    const refusedConfigs = refused.map(({ config }) => config)
    return {
      runs: [...runs],
      refused: refusedConfigs,
      budget,
      spent: spent(),
      target,
      seed,
      round: rounds.length,
      space,
    }
  }

  /** Asks for the runs of a plan, one after another; why buying has to end, null if it has not. */
  async function buy({ title, queries, estimate }: Plan & { kind: 'ask' }): Promise<string | null> {
    const round = rounds.length
    const tell = () => onStanding({ runs, spent: spent(), budget, round, title, estimate })
    const before = { runs: runs.length, spent: spent() }
    let end: string | null = null
    tell()
    for (const { config, reason, expected = null } of queries) {
      if (signal?.aborted) end = 'interrupted'
      if (end !== null) break
      if (spent() + config.trainFlops > budget) continue
      const outcome = await ask(config, { round, reason })
      if (outcome.kind === 'run') runs.push({ config, loss: outcome.loss, round, reason, expected })
      else refused.push({ config, message: outcome.message })
      if (outcome.kind === 'exhausted') end = `the budget is used up: ${outcome.message}`
      tell()
    }
    rounds.push({ title, queries: runs.length - before.runs, spentFlops: spent() - before.spent })
    return end
  }

  let stopped: string | null = null
  while (stopped === null) {
    const plan = strategy.plan(situation())
    stopped = plan.kind === 'stop' ? plan.reason : await buy(plan)
  }
  const prediction = strategy.predict(situation())
  const queries = runs.filter(({ round }) => round >= 0).length
  return {
    spentFlops: spent(),
    queries,
    prediction,
    runs,
    refused,
    rounds,
    stopped,
    diagnostics: prediction.diagnostics,
  }
}

type Outcome =
  | { readonly kind: 'run'; readonly loss: number }
  | { readonly kind: 'refused' | 'exhausted'; readonly message: string }

/** Refusals that concern one configuration alone. */
const refusals: readonly ErrorCode[] = ['CONFIG_INVALID', 'NOT_RECORDED', 'API_REFUSED']

/** Asks, unless the answer is known; a refusal is an outcome, every other error is thrown. */
function asker({ query, answered = [] }: CampaignOptions) {
  const known = new Map(answered.map(({ config, loss }) => [configIdentity(config), loss]))
  return async (config: TrainingConfig, purpose: Purpose): Promise<Outcome> => {
    const loss = known.get(configIdentity(config))
    if (loss !== undefined) return { kind: 'run', loss }
    try {
      return { kind: 'run', loss: (await query(config, purpose)).loss }
    } catch (error) {
      if (!(error instanceof IsoflopError)) throw error
      if (error.code === 'BUDGET_EXCEEDED') return { kind: 'exhausted', message: error.message }
      if (refusals.includes(error.code)) return { kind: 'refused', message: error.message }
      throw error
    }
  }
}

/**
 * The plan that a campaign with these options begins with; asks nothing.
 * @example firstPlan({ budget: 2e18 })
 */
export function firstPlan(options: Omit<CampaignOptions, 'query'>): Plan {
  const { budget, target, strategy, seed, space } = settled(options)
  const runs = givenRuns(options.given)
  return strategy.plan({ runs, refused: [], budget, spent: costOf(runs), target, seed, round: 0, space })
}

/** The options that a plan depends on, with their defaults. */
function settled(options: Omit<CampaignOptions, 'query'>) {
  const { budget = apiBudget, target = targetFlops, strategy = adaptive, seed = 0, space = apiSpace } = options
  return { budget, target, strategy, seed, space }
}

/** Runs that were there before, each configuration once. */
const givenRuns = (given: readonly KnownRun[] = []): CampaignRun[] =>
  distinct(given).map((run) => ({ ...run, round: -1, reason: 'was there before' }))

const costOf = (runs: readonly CampaignRun[]): number => runs.reduce((sum, { config }) => sum + config.trainFlops, 0)

/** The first of each configuration. */
function distinct(runs: readonly KnownRun[]): KnownRun[] {
  return [...new Map(runs.toReversed().map((run) => [configIdentity(run.config), run])).values()].reverse()
}
