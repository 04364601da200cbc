import type { Refusal, Round } from '../../campaign/campaign.ts'
import type { CampaignTruth } from '../../campaign/truth.ts'
import type { EndedView, ViewedSpace } from '../../campaign/view.ts'
import type { Config } from '../../core/config.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Alternative, AtCap, Forecast, NamedLaw, Plan } from '../../plan/strategy.ts'
import { columnsOf } from './configuration.ts'

/** A configuration in the columns of its space: `d_model`, `num_layers`, ... */
type ConfigColumns = Readonly<Record<string, number | string>>
/** The same with `train_flops`. */
interface RunColumns {
  readonly [column: string]: number | string | null
  readonly train_flops: number
}

/** What is said of a run beside its configuration; `loss` is null where training diverged. */
interface RunJson extends RunColumns {
  readonly loss: number | null
  readonly round: number
  readonly reason: string
}

interface PlannedJson extends RunColumns {
  readonly reason: string
}

interface RefusalJson extends RunColumns {
  readonly message: string
}

/** What `isoflop campaign --json` prints. Losses in nats per token; what is not known is null, never invented. */
export interface CampaignJson {
  /** FLOPs of all runs, those that were there before included. */
  readonly spentFlops: number
  /** Runs that this campaign asked for. */
  readonly queries: number
  readonly prediction: {
    readonly config: ConfigColumns
    readonly parameters: number
    readonly tokens: number
    readonly loss: number
    readonly interval: Forecast['interval']
    /** What was measured, where the rate of `config` is beyond all that runs may have; else null. */
    readonly atCap: (Omit<AtCap, 'config'> & { readonly config: ConfigColumns }) | null
    readonly alternatives: readonly (Omit<Alternative, 'config'> & { readonly config: ConfigColumns })[]
    readonly narrowing: readonly string[]
  }
  /** In the order of their answers, those of before first; `loss` is null where training diverged. */
  readonly runs: readonly RunJson[]
  readonly laws: readonly NamedLaw[]
  readonly rounds: readonly Round[]
  readonly refused: readonly RefusalJson[]
  readonly lost: readonly RefusalJson[]
  readonly stopped: string
  readonly diagnostics: readonly Diagnostic[]
  /** On a simulated world alone. */
  readonly truth?: Omit<CampaignTruth, 'config'> & { readonly config: ConfigColumns }
}

/**
 * A campaign as one JSON object.
 * @example console.log(JSON.stringify(campaignJson(view), null, 2))
 */
export function campaignJson(view: EndedView): CampaignJson {
  const { space, spentFlops, queries, runs, refused, lost, rounds, result } = view
  const configColumns = (one: Config) => columnsOf(space, one, { withFlops: false })
  const { prediction, stopped, diagnostics, truth } = result
  const { config, parameters, tokens, loss, interval, atCap, alternatives, narrowing, laws } = prediction
  return {
    spentFlops,
    queries,
    prediction: {
      config: configColumns(config),
      parameters,
      tokens,
      loss,
      interval,
      atCap: atCap && { ...atCap, config: configColumns(atCap.config) },
      alternatives: alternatives.map((other) => ({ ...other, config: configColumns(other.config) })),
      narrowing,
    },
    runs: runs.map((run) => ({
      ...runColumns(space, run.config),
      loss: run.loss,
      round: run.round,
      reason: run.reason,
    })),
    laws,
    rounds,
    refused: refused.map(refusalJson(space)),
    lost: lost.map(refusalJson(space)),
    stopped,
    diagnostics,
    ...(truth === null ? {} : { truth: { ...truth, config: configColumns(truth.config) } }),
  }
}

const refusalJson =
  (space: ViewedSpace) =>
  ({ config, message }: Refusal<Config>): RefusalJson => ({ ...runColumns(space, config), message })

/** A plan that was made and not carried out. */
export interface PlanJson {
  readonly title: string | null
  /** FLOPs of all its queries. */
  readonly cost: number
  readonly queries: readonly PlannedJson[]
  /** Why nothing would be asked; null where something is. */
  readonly stopped: string | null
}

/** A plan as one JSON object. */
export function planJson(plan: Plan, space: ViewedSpace): PlanJson {
  if (plan.kind !== 'ask') return { title: null, cost: 0, queries: [], stopped: plan.reason }
  const { title, queries } = plan
  return {
    title,
    cost: queries.reduce((sum, { config }) => sum + config.trainFlops, 0),
    queries: queries.map(({ config, reason }) => ({ ...runColumns(space, config), reason })),
    stopped: null,
  }
}

const runColumns = (space: ViewedSpace, config: Config): RunColumns => ({
  ...columnsOf(space, config, { withFlops: false }),
  train_flops: config.trainFlops,
})
