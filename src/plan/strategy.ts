import type { Config } from '../core/config.ts'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { Interval } from '../core/interval.ts'
import type { TrainedRun } from '../core/trainer.ts'
import type { Space } from '../space/space.ts'
import type { CampaignEvidence } from './evidence.ts'

/** A run that the campaign has, bought or given. */
export interface CampaignRun<C extends Config = Config> extends TrainedRun<C> {
  /** 0, 1, ...: the round of the plan that asked for it; -1 for runs that were there before. */
  readonly round: number
  /** Why it was bought, in words and numbers. */
  readonly reason: string
  /** What was expected before it was made; null where nothing was. */
  readonly expected?: Expected | null
}

/** The loss expected of a run that is not made yet, and its standard deviation with noise; nats. */
export interface Expected {
  readonly loss: number
  readonly sd: number
}

/** All that a plan may depend on: equal situations have equal plans. */
export interface Situation {
  readonly runs: readonly CampaignRun[]
  /** Configurations that were refused; they are not asked again. */
  readonly refused: readonly Config[]
  /** Configurations that were asked for and whose outcome is not known: they count as spent, and are not asked again. */
  readonly pending: readonly Config[]
  /** Runs that are out and whose outcome is to come: they count as spent, and plans allow for what they will tell. None by default. */
  readonly running?: readonly RunningRun[]
  /** FLOPs that may be spent in all, and have been. */
  readonly budget: number
  readonly spent: number
  /** FLOPs of the run to predict. */
  readonly target: number
  readonly seed: number
  /** 0, 1, ...: how many plans were made before. */
  readonly round: number
  readonly space: Space
}

/** A configuration to ask for. */
export interface Planned<C extends Config = Config> {
  readonly config: C
  readonly reason: string
  readonly expected?: Expected | null
}

/** A run that is out, and the round of the plan that asked for it. */
export interface RunningRun extends Planned {
  readonly round: number
}

/** What to ask next, and what is expected before it is; nothing before outcomes are told where `wait` says why, nothing more once `stop` does. */
export type Plan<C extends Config = Config> =
  | {
      readonly kind: 'ask'
      readonly title: string
      readonly queries: readonly Planned<C>[]
      /** Null before there are enough runs. */
      readonly estimate: ShortForecast<C> | null
      /** How far each law is believed; left out where there is one, or none. */
      readonly beliefs?: readonly LawBelief[]
      /** Whether these are for machines that would be idle while what comes next is open: a free machine takes one, the others are planned anew. */
      readonly isMeanwhile?: boolean
    }
  | { readonly kind: 'wait' | 'stop'; readonly reason: string }

/** A forecast in short. */
export type ShortForecast<C extends Config = Config> = Pick<Forecast<C>, 'config' | 'parameters' | 'loss' | 'interval'>

/** How far a law is believed. */
export interface LawBelief {
  readonly name: string
  /** Posterior weight; 1 where there is only one law. */
  readonly weight: number
}

/** A fitted law in words and numbers, and how far it is believed. */
export interface NamedLaw extends LawBelief {
  readonly coefficients: Readonly<Record<string, number>>
}

/** A configuration at the target that was weighed: the best of each of several sizes. */
export interface Alternative<C extends Config = Config> {
  readonly config: C
  readonly parameters: number
  readonly loss: number
  /** Expected loss beyond the best configuration's, nats. */
  readonly excess: number
  /** 95 % interval of the law's loss there, without the noise of a run. */
  readonly interval: Interval
}

/**
 * What the runs tell where the best rate is put beyond all that they may have: the best configuration at a rate that was measured,
 * and what the higher rate is inferred to gain.
 */
export interface AtCap<C extends Config = Config> {
  readonly config: C
  readonly parameters: number
  readonly tokens: number
  /** Nats per token, noise-free, and its 95 % interval. */
  readonly loss: number
  readonly interval: Interval
  /** By how much the forecast's configuration is expected to be better, with the 95 % interval of the law; nats. */
  readonly gain: { readonly loss: number; readonly interval: Interval }
}

/** What is expected at the target. */
export interface Forecast<C extends Config = Config> {
  /** With `trainFlops` at the target. */
  readonly config: C
  /** Non-embedding parameters. */
  readonly parameters: number
  readonly tokens: number
  /** Nats per token, noise-free. */
  readonly loss: number
  /** 95 % intervals: of that loss, and of the best size and rate. Null: the strategy has none. */
  readonly interval: {
    readonly loss: Interval | null
    readonly parameters: Interval | null
    readonly learningRate: Interval | null
  }
  /** Null where the rate of `config` is one that runs may have, and for strategies without a law of the rate. */
  readonly atCap: AtCap<C> | null
  readonly alternatives: readonly Alternative<C>[]
  readonly laws: readonly NamedLaw[]
  /** What would narrow the interval, most important first. */
  readonly narrowing: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

/** What a strategy makes of a situation. The law is fitted once, when it is first needed. */
export interface Judgement {
  /** What to do next. */
  ask(): Plan
  /** What to expect at the target. Errors: TOO_FEW_RUNS. */
  conclude(): Forecast
  /** What the fitted law says beside the forecast, for a report; null of strategies without a law of single runs. Errors: TOO_FEW_RUNS. */
  evidence(): CampaignEvidence | null
}

/** What a strategy does, in words for people who read its report. */
export interface StrategyWords {
  /** Which runs it buys. */
  readonly design: string
  /** How it fits the law. */
  readonly law: string
  /** The model that its laws' coefficients are relative to; null where there is none. */
  readonly reference: { readonly parameters: number; readonly tokens: number } | null
}

/** What runs cost. */
export const totalFlops = (list: readonly { readonly config: Config }[]): number =>
  list.reduce((sum, { config }) => sum + config.trainFlops, 0)

/** How to spend a budget and what to conclude from it. Pure: no clock, no random numbers but from the situation's seed. */
export interface Strategy {
  readonly name: string
  readonly words: StrategyWords
  /** Whether it plans while runs are out; others wait until all outcomes are told. */
  readonly plansAhead?: boolean
  consider(situation: Situation): Judgement
}

/** Work that is done once, when its result is first asked for. */
export function once<Result extends object>(work: () => Result): () => Result {
  let result: Result | null = null
  return () => (result ??= work())
}
