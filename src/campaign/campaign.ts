import type { Config } from '../core/config.ts'
import type { Diagnostic } from '../core/diagnostic.ts'
import { IsoflopError } from '../core/errors.ts'
import { expectOutcome, outcomeOf, type Progress, spentOf, type TrainedRun, type Trainer } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiSpace } from '../cs336/space.ts'
import { adaptive } from '../plan/adaptive/adaptive.ts'
import type { CampaignEvidence } from '../plan/evidence.ts'
import {
  type CampaignRun,
  type Forecast,
  type Judgement,
  type LawBelief,
  once,
  type Plan,
  type Planned,
  type ShortForecast,
  type Situation,
  type Strategy,
} from '../plan/strategy.ts'
import type { Codec } from '../space/codec.ts'
import type { Space } from '../space/space.ts'
import { buyRound } from './round.ts'

/** Where a campaign stands, told after every run and every plan, and whenever a trainer tells how far a run is. */
export interface Standing {
  readonly runs: readonly CampaignRun[]
  readonly refused: readonly Refusal<Config>[]
  readonly lost: readonly LostRun<Config>[]
  readonly spent: number
  readonly budget: number
  /** What each plan has bought; the last one is under way. */
  readonly rounds: readonly Round[]
  /** Runs of the running plan whose outcome is not told yet, in its order, with reason and expectation. */
  readonly open: readonly (Planned & { readonly id?: string })[]
  /** Of those, the ones that are being trained, as far as their trainer tells how far they are. */
  readonly training: readonly Training[]
  /** As of the latest plan; null before there are enough runs. */
  readonly estimate: ShortForecast | null
  /** What was expected before each plan that there was enough for. */
  readonly history: readonly Milestone[]
  /** What the law of the latest plan says of single runs; null before there is one. Takes half a second, once for each plan. */
  readonly evidence: () => CampaignEvidence | null
}

export interface CampaignOptions<C extends Config = TrainingConfig> {
  /**
   * Makes the runs. One that diverged counts as spent and enters with a loss that is not a number; one that is refused is left out;
   * one that is lost counts as spent and is not asked for again; `exhausted` ends the buying, and so does whatever it throws.
   */
  readonly trainer: Trainer<C>
  /** FLOPs to spend, at most; the space's by default, 2e18 in the course's. */
  readonly budget?: number
  /** FLOPs of the run to predict; the space's by default, 1e19 in the course's. */
  readonly target?: number
  /** How to spend it; `adaptive` by default. */
  readonly strategy?: Strategy
  /** Equal seeds and answers give equal campaigns; 0 by default. */
  readonly seed?: number
  /** Runs that were paid for before this campaign: they count as spent and enter the fit. */
  readonly given?: readonly TrainedRun<C>[]
  /** Answers to queries of this campaign that are known already, as after a crash: taken instead of asking. */
  readonly answered?: readonly TrainedRun<C>[]
  /** What may be asked; the course's API by default. */
  readonly space?: Space<C>
  /** Ends the campaign after the run in flight, with what there is. */
  readonly signal?: AbortSignal
  readonly onStanding?: (standing: Standing) => void
  /** Asked before each run and after each round; goes on without. */
  readonly control?: Control
  /** Whether the result has its evidence, as a report needs it; default false: it takes half a second. */
  readonly withEvidence?: boolean
}

/** A run that is out, and how far it is. */
export interface Training extends Planned {
  readonly progress: Progress
}

/** How somebody who looks on may hold a campaign up. */
export interface Control {
  /** Resolves when the next run may begin. */
  mayBegin(signal?: AbortSignal): Promise<void>
  /** Whether to buy no more after the round that is over. */
  endsAfterRound(): boolean
  /** Watches for whether a run is not wanted any more, by its name in its space (`folderName`), until it is `over`. */
  cancelling?(id: string): Cancelling
}

export interface Cancelling {
  /** Aborted when the run is not wanted any more. */
  readonly signal: AbortSignal
  over(): void
}

/** What was expected at the target when so much had been spent. */
export interface Milestone {
  /** FLOPs. */
  readonly spentFlops: number
  readonly runs: number
  readonly estimate: ShortForecast
  /** How far each law was believed; empty where nobody says. */
  readonly beliefs: readonly LawBelief[]
}

/** A configuration without a run, and what was said of it. */
export interface Refusal<C extends Config = TrainingConfig> {
  readonly config: C
  readonly message: string
}

/** A configuration that was asked for, and nobody knows what would have become of it. */
export interface LostRun<C extends Config = TrainingConfig> extends Refusal<C> {
  /** What it counts for. */
  readonly spentFlops: number
}

/** What one plan bought. */
export interface Round {
  readonly title: string
  readonly queries: number
  readonly spentFlops: number
}

export interface Campaign<C extends Config = TrainingConfig> {
  readonly spentFlops: number
  /** Runs that this campaign asked for, answered ones included. */
  readonly queries: number
  readonly prediction: Forecast<C>
  /** All runs, given ones first. */
  readonly runs: readonly CampaignRun<C>[]
  /** Not trained, and nothing spent. */
  readonly refused: readonly Refusal<C>[]
  /** Asked for, and nobody knows what became of them: they count as spent. */
  readonly lost: readonly LostRun<C>[]
  readonly rounds: readonly Round[]
  /** What was expected before each plan, and at the end. */
  readonly history: readonly Milestone[]
  /** Why no more runs were bought. */
  readonly stopped: string
  readonly diagnostics: readonly Diagnostic[]
  /** What the law says of single runs, for a report; null without `withEvidence`, and of strategies that have none. */
  readonly evidence: CampaignEvidence | null
}

/**
 * Spends a budget of FLOPs on training runs, one plan after another, and predicts the best configuration at the target, its loss
 * and intervals. Plan, query, refit, until the strategy stops: the loop of docs/math.md, "Campaigns".
 *
 * A campaign that broke off goes on when it is started again with what was `answered`: the plans depend on seed and answers
 * alone, so it ends with the same runs and the same prediction, and pays for none of them twice.
 *
 * @example const { prediction } = await campaign({ trainer })
 * @throws IsoflopError TOO_FEW_RUNS where too few runs could be bought for any prediction; whatever the trainer throws.
 */
export async function campaign<C extends Config = TrainingConfig>(options: CampaignOptions<C>): Promise<Campaign<C>> {
  const { trainer, answered = [], signal, onStanding = () => {} } = options
  const { budget, target, strategy, seed, space } = settled(options)
  const train = remembering(trainer, answered, space)
  const runs = givenRuns(space, options.given)
  const refused: Refusal<Config>[] = []
  const rounds: Round[] = []
  const history: Milestone[] = []
  const lost: LostRun<Config>[] = []
  const spent = () => costOf(runs) + lost.reduce((sum, { spentFlops }) => sum + spentFlops, 0)
  const situation = (): Situation => ({
    runs: [...runs],
    refused: refused.map(({ config }) => config),
    pending: lost.map(({ config }) => config),
    budget,
    spent: spent(),
    target,
    seed,
    round: rounds.length,
    space,
  })

  /** Asks for the runs of a plan; why buying has to end, null if it has not. */
  async function buy({ title, queries, estimate, beliefs }: Plan & { kind: 'ask' }): Promise<string | null> {
    const round = rounds.length
    if (estimate)
      history.push({ spentFlops: spent(), runs: runs.length, estimate: short(estimate), beliefs: beliefs ?? [] })
    const before = { runs: runs.length, spent: spent() }
    const bought = (): Round => ({ title, queries: runs.length - before.runs, spentFlops: spent() - before.spent })
    const evidence = once(() => ({ value: evidenceOf(judged) }))
    const judged = judgement
    const open = [...queries]
    const progress = new Map<Planned, Progress>()
    const training = () =>
      open.flatMap((query): Training[] => {
        const told = progress.get(query)
        return told ? [{ ...query, progress: told }] : []
      })
    const tell = () =>
      onStanding({
        training: training(),
        ...{
          runs,
          refused,
          lost,
          spent: spent(),
          budget,
          rounds: [...rounds, bought()],
          open: [...open],
          estimate,
          history: [...history],
        },
        evidence: () => evidence().value,
      })
    tell()
    const end = await buyRound({
      queries,
      capacity: trainer.capacity ?? 1,
      isWithinBudget: (flops) => spent() + flops <= budget,
      isInterrupted: () => signal?.aborted === true,
      mayBegin: async () => options.control?.mayBegin(signal),
      async train(query) {
        const { config, reason } = query
        const cancelling = options.control?.cancelling?.(space.folderName(config))
        const onProgress = (told: Progress) => {
          if (!open.includes(query)) return // an outcome came before it
          progress.set(query, told)
          tell()
        }
        try {
          return await train(config, {
            ...{ purpose: { round, reason }, onProgress },
            ...(signal && { signal }),
            ...(cancelling && { cancel: cancelling.signal }),
          })
        } finally {
          cancelling?.over()
        }
      },
      onOutcome(query, outcome) {
        const { config, reason, expected = null } = query
        // What is interrupted is still to be made.
        if (outcome.kind !== 'interrupted') open.splice(open.indexOf(query), 1)
        if (outcome.kind === 'finished') runs.push({ config, loss: outcome.loss, round, reason, expected })
        else if (outcome.kind === 'diverged') runs.push({ config, loss: Number.NaN, round, reason, expected })
        else if (outcome.kind === 'lost')
          lost.push({ config, message: outcome.error.message, spentFlops: spentOf(outcome, config) })
        else if (outcome.kind !== 'interrupted') refused.push({ config, message: outcome.error.message })
        tell()
      },
    })
    rounds.push(bought())
    return end ?? (options.control?.endsAfterRound() ? 'stopped on request after a round' : null)
  }

  let judgement = strategy.consider(situation())
  let stopped: string | null = null
  while (stopped === null) {
    const plan = judgement.ask()
    if (plan.kind !== 'ask') stopped = plan.reason
    else {
      stopped = await buy(plan)
      judgement = strategy.consider(situation())
    }
  }
  const prediction = judgement.conclude()
  history.push({
    spentFlops: spent(),
    runs: runs.length,
    estimate: short(prediction),
    beliefs: prediction.laws.map(belief),
  })
  const queries = runs.filter(({ round }) => round >= 0).length
  const result: Campaign<Config> = {
    spentFlops: spent(),
    queries,
    prediction,
    runs,
    refused,
    lost,
    rounds,
    history,
    stopped,
    diagnostics: prediction.diagnostics,
    evidence: options.withEvidence ? judgement.evidence() : null,
  }
  // What comes out is configurations of the space, and those that went in are, too.
  return result as Campaign<C>
}

const short = ({ config, parameters, loss, interval }: ShortForecast): ShortForecast => ({
  config,
  parameters,
  loss,
  interval,
})

const belief = ({ name, weight }: LawBelief): LawBelief => ({ name, weight })

/** What a judgement says of single runs; null where there are too few for a law. */
function evidenceOf(judgement: Judgement): CampaignEvidence | null {
  try {
    return judgement.evidence()
  } catch (error) {
    if (error instanceof IsoflopError && error.code === 'TOO_FEW_RUNS') return null
    throw error
  }
}

/** Asks the trainer, unless the answer is known. */
function remembering(trainer: Trainer, answered: readonly TrainedRun[], codec: Codec): Trainer['train'] {
  const known = new Map(answered.map(({ config, loss }) => [codec.identity(config), loss]))
  return async (config, request) => {
    const loss = known.get(codec.identity(config))
    return loss === undefined ? expectOutcome(await trainer.train(config, request)) : outcomeOf(loss)
  }
}

/**
 * The plan that a campaign with these options begins with; asks nothing.
 * @example firstPlan({ budget: 2e18 })
 */
export function firstPlan<C extends Config = TrainingConfig>(options: Omit<CampaignOptions<C>, 'trainer'>): Plan<C> {
  const { budget, target, strategy, seed, space } = settled(options)
  const runs = givenRuns(space, options.given)
  const spent = costOf(runs)
  const situation: Situation = { runs, refused: [], pending: [], budget, spent, target, seed, round: 0, space }
  return strategy.consider(situation).ask() as Plan<C>
}

/** The options that a plan depends on, with their defaults. */
export function settled(options: Omit<CampaignOptions<Config>, 'trainer'>) {
  const { space = apiSpace, strategy = adaptive, seed = 0 } = options
  const { budget = space.budget, target = space.target } = options
  return { budget, target, strategy, seed, space }
}

/** Runs that were there before, each configuration once. */
const givenRuns = (codec: Codec, given: readonly TrainedRun[] = []): CampaignRun[] =>
  distinct(given, codec).map((run) => ({ ...run, round: -1, reason: 'was there before' }))

const costOf = (list: readonly { readonly config: Config }[]): number =>
  list.reduce((sum, { config }) => sum + config.trainFlops, 0)

/** The first of each configuration. */
function distinct(runs: readonly TrainedRun[], codec: Codec): TrainedRun[] {
  return [...new Map(runs.toReversed().map((run) => [codec.identity(run.config), run])).values()].reverse()
}
