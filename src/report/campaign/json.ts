import type { Refusal, Round } from '../../campaign/campaign.ts'
import type { CampaignTruth } from '../../campaign/truth.ts'
import type { EndedView } from '../../campaign/view.ts'
import type { TrainingConfig } from '../../core/config.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Alternative, AtCap, Forecast, NamedLaw, Plan } from '../../plan/strategy.ts'

/** A configuration in the API's columns. */
interface ConfigColumns {
  readonly d_model: number
  readonly num_layers: number
  readonly num_heads: number
  readonly batch_size: number
  readonly learning_rate: number
}

type RunColumns = ConfigColumns & { readonly train_flops: number }

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
  readonly runs: readonly (RunColumns & { loss: number | null; round: number; reason: string })[]
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
  const { spentFlops, queries, runs, refused, lost, rounds, result } = view
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
    runs: runs.map(({ config, loss, round, reason }) => ({ ...runColumns(config), loss, round, reason })),
    laws,
    rounds,
    refused: refused.map(refusalJson),
    lost: lost.map(refusalJson),
    stopped,
    diagnostics,
    ...(truth === null ? {} : { truth: { ...truth, config: configColumns(truth.config) } }),
  }
}

type RefusalJson = RunColumns & { readonly message: string }

const refusalJson = ({ config, message }: Refusal): RefusalJson => ({ ...runColumns(config), message })

/** A plan that was made and not carried out. */
export interface PlanJson {
  readonly title: string | null
  /** FLOPs of all its queries. */
  readonly cost: number
  readonly queries: readonly (RunColumns & { reason: string })[]
  /** Why nothing would be asked; null where something is. */
  readonly stopped: string | null
}

/** A plan as one JSON object. */
export function planJson(plan: Plan): PlanJson {
  if (plan.kind === 'stop') return { title: null, cost: 0, queries: [], stopped: plan.reason }
  const { title, queries } = plan
  return {
    title,
    cost: queries.reduce((sum, { config }) => sum + config.trainFlops, 0),
    queries: queries.map(({ config, reason }) => ({ ...runColumns(config), reason })),
    stopped: null,
  }
}

const configColumns = (config: TrainingConfig): ConfigColumns => ({
  d_model: config.dModel,
  num_layers: config.numLayers,
  num_heads: config.numHeads,
  batch_size: config.batchSize,
  learning_rate: config.learningRate,
})

const runColumns = (config: TrainingConfig): RunColumns => ({
  ...configColumns(config),
  train_flops: config.trainFlops,
})
