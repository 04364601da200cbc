import type { Config } from '../core/config.ts'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { Range } from '../core/range.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiSpace } from '../cs336/space.ts'
import type { CampaignEvidence } from '../plan/evidence.ts'
import type { CampaignRun, Forecast, Planned, ShortForecast, StrategyWords } from '../plan/strategy.ts'
import type { Space } from '../space/space.ts'
import type { Campaign, Milestone, Refusal, Round, Standing, Training } from './campaign.ts'
import type { CampaignTruth } from './truth.ts'

/**
 * A campaign as plain data, while it goes on and when it has ended: report, terminal and figures are drawn from it alone. It has no
 * functions and no number that JSON lacks, so that it may be sent to wherever it is drawn.
 */
export interface CampaignView {
  readonly task: CampaignTask
  /** How configurations are told, and which rates runs may have. */
  readonly space: ViewedSpace
  /** FLOPs of all runs, those that were there before included. */
  readonly spentFlops: number
  /** Runs that this campaign asked for. */
  readonly queries: number
  /** In the order of their answers, those of before first. */
  readonly runs: readonly ViewedRun[]
  /** Not trained, and nothing spent. */
  readonly refused: readonly Refusal<Config>[]
  /** Asked for, and nobody knows what became of them. */
  readonly lost: readonly Refusal<Config>[]
  /** Planned or running, in the order of the plan: why, and what is expected; empty when the campaign has ended. */
  readonly open: readonly ViewedOpen[]
  /** Of those, the ones that are being trained, as far as their trainer tells how far they are. */
  readonly training: readonly ViewedTraining[]
  /** What each plan bought; the last one may be under way. */
  readonly rounds: readonly Round[]
  /** What is expected at the target, as of the latest plan or of the end; null before there are enough runs. */
  readonly estimate: ShortForecast | null
  /** What was expected before each plan that there was enough for, and at the end. */
  readonly history: readonly Milestone[]
  /** What the fitted law says of runs and target; without it figures show the runs alone. */
  readonly evidence: CampaignEvidence | null
  /** Null while the campaign goes on. */
  readonly result: CampaignResult | null
}

/** What a campaign was to do. */
export interface CampaignTask {
  /** Where the runs came from: an address, or `world:NAME`. */
  readonly source: string
  readonly strategy: string
  /** What the strategy does. */
  readonly words: StrategyWords
  readonly seed: number
  /** FLOPs. */
  readonly budget: number
  readonly target: number
}

/** A space as plain data. */
export interface ViewedSpace extends Pick<Space, 'name' | 'fields' | 'words' | 'batchUnit'> {
  /** From the lowest to the highest rate that a run may have. */
  readonly learningRate: Range
  /** What it was made of, where that is a file; null for the course's. */
  readonly spec: object | null
}

export interface ViewedRun extends Omit<CampaignRun, 'loss' | 'expected'> {
  /** Non-embedding parameters. */
  readonly parameters: number
  /** Nats per token; null where training diverged. */
  readonly loss: number | null
  readonly expected: NonNullable<CampaignRun['expected']> | null
}

/** A run that is planned or running. */
export interface ViewedOpen extends Required<Planned> {
  /** Its name in its space, that of its folder; in a study, the name that outcomes are told by. */
  readonly id: string
  /** What its FLOPs pay for, and a step's. */
  readonly tokens: number
  readonly stepTokens: number
}

/** A run that is being trained. */
export interface ViewedTraining extends Required<Planned> {
  /** What it is called where people tell of it: in a study. */
  readonly id?: string
  /** How many wait before it, where it waits for its turn and that is known; null where it runs. */
  readonly ahead: number | null
  /** Its losses so far: the share of its tokens, 0 to 1, and nats per token. */
  readonly curve: readonly { readonly share: number; readonly loss: number }[]
}

/** What a campaign came to. */
export interface CampaignResult {
  readonly prediction: Forecast
  /** Why no more runs were bought. */
  readonly stopped: string
  readonly diagnostics: readonly Diagnostic[]
  /** What is true of the prediction; null where nobody knows. */
  readonly truth: CampaignTruth | null
  /** The true loss of the configurations that were weighed, ascending in N; empty where nobody knows. */
  readonly trueLosses: readonly { readonly parameters: number; readonly loss: number }[]
}

/** A campaign that has ended. */
export type EndedView = CampaignView & { readonly result: CampaignResult }

export const hasEnded = (view: CampaignView): view is EndedView => view.result !== null

/** What is known beside the campaign itself. */
export interface Surroundings {
  readonly task: CampaignTask
  /** What may be asked; the course's API by default. */
  readonly space?: Space
  /** On a simulated world: what is true of the prediction, and the noise-free loss of any configuration. */
  readonly truth?: CampaignTruth | null
  readonly trueLoss?: ((config: Config) => number) | null
}

/**
 * The view of a campaign that has ended.
 * @example campaignText(viewOfCampaign(await campaign({ trainer, withEvidence: true }), { task }))
 */
export function viewOfCampaign(campaign: Campaign<Config>, about: Surroundings): EndedView {
  const { spentFlops, queries, runs, refused, lost, rounds, history, prediction, stopped, diagnostics, evidence } =
    campaign
  const truth = about.truth ?? null
  return {
    ...common(about),
    spentFlops,
    queries,
    runs: runs.map(viewedIn(about)),
    refused,
    lost,
    open: [],
    training: [],
    rounds,
    estimate: plainEstimate(prediction),
    history,
    evidence,
    result: { prediction, stopped, diagnostics, truth, trueLosses: trueLosses(prediction, about) },
  }
}

/**
 * The view of a campaign that goes on. `withEvidence` tells what the law of the latest plan says of runs and target, for half a second.
 * @example onStanding: (standing) => show(viewOfStanding(standing, { task }))
 */
export function viewOfStanding(
  { runs, refused, lost, spent, rounds, open, training, estimate, history, evidence }: Standing,
  about: Surroundings,
  { withEvidence = false } = {},
): CampaignView {
  return {
    ...common(about),
    spentFlops: spent,
    queries: runs.filter((run) => run.round >= 0).length,
    runs: runs.map(viewedIn(about)),
    refused: [...refused],
    lost: [...lost],
    open: open.map(viewedOpen(about.space ?? apiSpace)),
    training: training.map(viewedTraining(about.space ?? apiSpace)),
    rounds,
    estimate: estimate && plainEstimate(estimate),
    history,
    evidence: withEvidence ? evidence() : null,
    result: null,
  }
}

const common = ({ task, space = apiSpace }: Surroundings) => ({ task: plainTask(task), space: viewedSpace(space) })

/** A space without its functions. */
export const viewedSpace = ({ name, fields, words, batchUnit, limits, spec }: Space): ViewedSpace => ({
  name,
  fields,
  words,
  batchUnit,
  learningRate: limits.learningRate,
  spec: spec ?? null,
})

/** The task alone: what a caller has beside it stays with the caller. */
const plainTask = ({ source, strategy, words, seed, budget, target }: CampaignTask): CampaignTask => ({
  source,
  strategy,
  words,
  seed,
  budget,
  target,
})

const plainEstimate = ({ config, parameters, loss, interval }: ShortForecast): ShortForecast => ({
  config,
  parameters,
  loss,
  interval,
})

const viewedIn =
  ({ space = apiSpace }: Surroundings) =>
  ({ config, loss, round, reason, expected = null }: CampaignRun): ViewedRun => ({
    config,
    parameters: space.measure(config as TrainingConfig, 'none').core,
    loss: Number.isFinite(loss) ? loss : null,
    round,
    reason,
    expected,
  })

/** The course's space counts the embedding in what tokens cost, as its API does. */
const paidFor = (space: Space, config: Config) =>
  space.measure(config as TrainingConfig, space.accountings.tokens === undefined ? 'none' : 'tokens')

const viewedOpen =
  (space: Space) =>
  ({ config, reason, expected = null, id }: Standing['open'][number]): ViewedOpen => {
    const { tokens, stepTokens } = paidFor(space, config)
    return { id: id ?? space.folderName(config as TrainingConfig), config, reason, expected, tokens, stepTokens }
  }

const viewedTraining =
  (space: Space) =>
  ({ config, reason, expected = null, progress }: Training): ViewedTraining => {
    if (progress.kind === 'waiting') return { config, reason, expected, ahead: progress.ahead ?? null, curve: [] }
    const { tokens } = paidFor(space, config)
    const curve = progress.curve.filter(({ loss }) => Number.isFinite(loss))
    return {
      ...{ config, reason, expected, ahead: null },
      curve: curve.map((point) => ({ share: Math.min(1, point.tokens / tokens), loss: point.loss })),
    }
  }

function trueLosses({ alternatives, parameters, config }: Forecast, { trueLoss }: Surroundings) {
  if (!trueLoss) return []
  return [...alternatives, { parameters, config }]
    .map((one) => ({ parameters: one.parameters, loss: trueLoss(one.config) }))
    .filter(({ loss }) => Number.isFinite(loss))
    .sort((a, b) => a.parameters - b.parameters)
}
