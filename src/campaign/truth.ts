import type { Config } from '../core/config.ts'
import type { Interval } from '../core/interval.ts'
import { regret } from '../core/regret.ts'
import type { Forecast } from '../plan/strategy.ts'

/** What is true of a campaign's prediction, which only a simulated world knows. Losses in nats per token, noise-free. */
export interface CampaignTruth {
  /** The best configuration at the target, its size and its loss. */
  readonly config: Config
  readonly parameters: number
  readonly loss: number
  /** True loss of the predicted configuration beyond the best. */
  readonly regret: number
  /** Predicted minus true loss of the predicted configuration. */
  readonly lossError: number
  /** Whether the interval of the loss holds the true one; null where there is no interval. */
  readonly covered: boolean | null
}

/** Judges a prediction by the truth: the best configuration's loss, and what the predicted one truly reaches. */
export function judged(
  prediction: Forecast,
  best: { readonly config: Config; readonly parameters: number; readonly loss: number },
  trueLoss: number,
): CampaignTruth {
  return {
    ...best,
    regret: regret(trueLoss, best.loss),
    lossError: prediction.loss - trueLoss,
    covered: prediction.interval.loss && within(trueLoss, prediction.interval.loss),
  }
}

const within = (x: number, [low, high]: Interval): boolean => x >= low && x <= high
