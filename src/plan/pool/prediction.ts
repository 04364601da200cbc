import type { Runs } from '../../core/run.ts'
import { lineOf, lineText } from '../../fit/headline.ts'
import { tunedResult } from '../../fit/tuned/assessment.ts'
import { driftPerFold, type Estimated, estimated } from '../../fit/tuned/estimate.ts'
import type { TunedFit } from '../../fit/tuned/fit.ts'
import type { TunedTarget } from '../../fit/tuned/result.ts'
import { tunedLoss, tunedSize } from '../../law/tuned.ts'
import { aimsOf, regionOf } from './aims.ts'
import { isBudget, type PoolTarget, type Settings } from './pool.ts'

/** What is expected of a target. */
export interface PoolPrediction {
  /** The runs that the target is; about the best where it is a budget. */
  readonly region: Settings
  /** The loss to expect of each, nats; where it is the rate's or batch's best, with that best unknown. */
  readonly losses: readonly Estimated[]
  /** What to train with the target's budget; null where runs are the target, or the runs do not determine it. */
  readonly best: TunedTarget | null
  /** Why the law's runs do not determine what is asked; null where they do. */
  readonly undetermined: string | null
}

/** Predicts a target by a law, with intervals of this confidence (E88). */
export function predictedBy(fit: TunedFit, target: PoolTarget, confidence: number): PoolPrediction {
  const region = regionOf(target, fit)
  const losses = lossesOf(fit, region, confidence)
  if (!isBudget(target)) return { region, losses, best: null, undetermined: lineReason(fit.data.runs) }
  const { predictions, undetermined } = tunedResult(fit.data.runs, [target.bestAt], confidence)
  return { region, losses, best: predictions[0] ?? null, undetermined }
}

function lossesOf(fit: TunedFit, region: Settings, confidence: number): Estimated[] {
  const most = fit.data.runs.flops.reduce((a, b) => Math.max(a, b))
  const scratch = new Float64Array(tunedSize)
  return aimsOf(region, fit.data).map((aim, i) => {
    const folds = Math.max(0, Math.log(region.flops[i] / most))
    const drift = (loss: number) => driftPerFold * loss * folds
    return estimated(fit, (theta) => tunedLoss(theta, aim(theta), scratch), { confidence, drift })
  })
}

function lineReason(runs: Runs): string | null {
  const line = lineOf(runs)
  return line && `the runs ${lineText(line)}, so the effects of N and of D cannot be told apart`
}
