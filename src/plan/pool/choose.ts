import { IsoflopError } from '../../core/errors.ts'
import { fewestForTuned } from '../../fit/tuned/assessment.ts'
import { pointsOf } from '../../fit/tuned/data.ts'
import { driftPerFold, type Estimated, estimated } from '../../fit/tuned/estimate.ts'
import { fitTuned, type TunedFit } from '../../fit/tuned/fit.ts'
import { tunedLoss, tunedSize } from '../../law/tuned.ts'
import { spreadOver } from './opening.ts'
import { checkPool, type Pool, type Settings } from './pool.ts'
import { PoolProspect } from './prospect.ts'
import { type Buy, Purchases } from './purchases.ts'

/** Times that the law is fitted anew before the budget is spent. */
const rounds = 8

export interface PoolOptions {
  /** In the unit of the costs; never passed. */
  readonly budget: number
  /** Default 0. */
  readonly seed?: number
  /** Of the intervals; default 0.95. */
  readonly confidence?: number
}

export interface PoolChoice {
  /** Indices of the runs that were spent on, in the order in which they were bought. */
  readonly bought: readonly number[]
  readonly spent: number
  /** The law of the runs that finished. */
  readonly fit: TunedFit
  /** Of each run of the target region the loss to expect, nats. */
  readonly predictions: readonly Estimated[]
}

/**
 * Buys runs from a pool within a budget so that the losses of a target region are predicted best, and predicts them: an opening
 * spreads over the settings of the cheap runs (E89), then in eight rounds the law of size, tokens, rate, batch and repeated data is
 * fitted, and those runs are bought that lower its variance over the target most for their cost (E90). It sees no loss that `buy`
 * did not give; runs that diverged or were lost count as spent. Equal seeds and equal outcomes give equal choices.
 *
 * Errors: NO_USABLE_RUNS, BAD_OPTION, and TOO_FEW_RUNS where fewer than 8 runs of the opening finish within the budget.
 *
 * @example
 * const { predictions } = await chooseFromPool({ settings, cost: settings.flops }, target, (i) => train(i), { budget: 1e21 })
 */
export async function chooseFromPool(
  pool: Pool,
  target: Settings,
  buy: Buy,
  { budget, seed = 0, confidence = 0.95 }: PoolOptions,
): Promise<PoolChoice> {
  checkPool(pool, target, budget)
  const purchases = new Purchases(pool, budget, buy)
  for (const i of spreadOver(pool, budget, seed)) {
    if (purchases.known.length >= fewestForTuned) break
    await purchases.buy(i)
  }
  if (purchases.known.length < fewestForTuned) throw tooFew(purchases, budget)
  const opened = purchases.spent
  let fit = fitTuned(purchases.runs())
  for (let round = 1; round <= rounds; round++) {
    const limit = opened + ((budget - opened) * round) / rounds
    const plan = planRound(pool, target, purchases, fit, limit)
    for (const i of plan) await purchases.buy(i)
    if (plan.length > 0) fit = fitTuned(purchases.runs())
  }
  const { bought, spent } = purchases
  return { bought, spent, fit, predictions: predict(fit, target, confidence) }
}

/** The runs to buy next until so much is spent: each time the one that is worth most for its cost, given those before it. */
function planRound(pool: Pool, target: Settings, purchases: Purchases, fit: TunedFit, limit: number): number[] {
  const { settings, cost } = pool
  const prospect = new PoolProspect({ fit, pool: settings, known: purchases.known, target })
  const plan = new Set<number>()
  let planned = 0
  while (purchases.spent + planned < limit) {
    let best = -1
    let most = 0
    for (let i = 0; i < settings.size; i++) {
      if (plan.has(i) || !purchases.isOpen(i, planned)) continue
      const worth = prospect.worth(i) / cost[i]
      if (worth > most) {
        most = worth
        best = i
      }
    }
    if (best < 0) break
    prospect.take(best)
    plan.add(best)
    planned += cost[best]
  }
  return [...plan]
}

function predict(fit: TunedFit, target: Settings, confidence: number): Estimated[] {
  const most = fit.data.runs.flops.reduce((a, b) => Math.max(a, b))
  const scratch = new Float64Array(tunedSize)
  return pointsOf(target, fit.data).map((point, i) => {
    const folds = Math.max(0, Math.log(target.flops[i] / most))
    const drift = (loss: number) => driftPerFold * loss * folds
    return estimated(fit, (theta) => tunedLoss(theta, point, scratch), { confidence, drift })
  })
}

function tooFew({ known, bought, spent }: Purchases, budget: number): IsoflopError {
  return new IsoflopError(
    'TOO_FEW_RUNS',
    `Choosing from a pool needs ${fewestForTuned} cheap runs that finish to begin with; ${bought.length} were bought for ${spent} of a budget of ${budget}, and ${known.length} finished.`,
    'Raise the budget, or add cheaper runs to the pool.',
  )
}
