import { fewestForTuned, thinnedForTuned } from '../../fit/tuned/assessment.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import { fitTuned, type TunedFit } from '../../fit/tuned/fit.ts'
import { tooFewBought } from './few.ts'
import { spreadOver } from './opening.ts'
import { checkPool, type Pool, type PoolTarget } from './pool.ts'
import { type PoolPrediction, predictedBy } from './prediction.ts'
import { type Buy, type Purchase, Purchases } from './purchases.ts'
import { planRound } from './round.ts'

/** Times that the law is fitted anew before the budget is spent. */
export const poolRounds = 8

export interface PoolOptions {
  /** In the unit of the costs; never passed. */
  readonly budget: number
  /** Default 0. */
  readonly seed?: number | undefined
  /** Of the intervals; default 0.95. */
  readonly confidence?: number | undefined
  /** Told of the number of each round that is about to be bought, 0 being the opening, and of how many follow it. */
  readonly onRound?: ((round: number, rounds: number) => void) | undefined
}

/** What a round was planned to do: squared nats of the variance of the law's loss at the target, before it and after it. */
export interface PoolRound {
  readonly round: number
  readonly before: number
  readonly after: number
}

export interface PoolChoice {
  /** Indices of the runs that were spent on, in the order in which they were bought. */
  readonly bought: readonly number[]
  /** The same with why, and what came of it. */
  readonly purchases: readonly Purchase[]
  /** Those in which something was bought; without the opening. */
  readonly rounds: readonly PoolRound[]
  readonly spent: number
  /** The law of the runs that finished. */
  readonly fit: TunedFit
  /** Of each run of the target region the loss to expect, nats. */
  readonly predictions: readonly Estimated[]
  /** The same with the region itself, and the best run of a target that is a budget. */
  readonly prediction: PoolPrediction
}

/**
 * Buys runs from a pool within a budget so that a target is predicted best, the losses of some runs or the best run of a budget of
 * FLOPs, and predicts it: an opening spreads over the settings of the cheap runs (E89), then in eight rounds the law of size, tokens,
 * rate, batch and repeated data is fitted, and those runs are bought that lower its variance over the target most for their cost
 * (E90). It sees no loss that `buy` did not give; runs that diverged or were lost count as spent. Equal seeds and equal outcomes give
 * equal choices.
 *
 * Errors: NO_USABLE_RUNS, BAD_OPTION, and TOO_FEW_RUNS where fewer than 8 runs of the opening finish within the budget.
 *
 * @example
 * const { predictions } = await chooseFromPool({ settings, cost: settings.flops }, target, (i) => train(i), { budget: 1e21 })
 */
export async function chooseFromPool(
  pool: Pool,
  target: PoolTarget,
  buy: Buy,
  { budget, seed = 0, confidence = 0.95, onRound = () => {} }: PoolOptions,
): Promise<PoolChoice> {
  checkPool(pool, target, budget)
  const purchases = new Purchases(pool, budget, buy)
  onRound(0, poolRounds)
  for (const i of spreadOver(pool, budget, seed)) {
    if (purchases.known.length >= fewestForTuned) break
    await purchases.buy(i, 0, null)
  }
  if (purchases.known.length < fewestForTuned) throw tooFewBought(pool, purchases, budget)
  const opened = purchases.spent
  const done: PoolRound[] = []
  let fit = fitTuned(purchases.runs())
  for (let round = 1; round <= poolRounds; round++) {
    const limit = opened + ((budget - opened) * round) / poolRounds
    if (purchases.spent >= limit) continue
    onRound(round, poolRounds)
    const { known, spent } = purchases
    const { runs, before, after } = planRound({ fit, pool: pool.settings, known, target }, pool.cost, {
      isOpen: (i, planned) => purchases.isOpen(i, planned),
      enough: limit - spent,
    })
    for (const { index, worth, before } of runs) await purchases.buy(index, round, { worth, before })
    if (runs.length === 0) continue
    done.push({ round, before, after })
    fit = fitTuned(thinnedForTuned(purchases.runs()).thinned)
  }
  const { made, spent } = purchases
  const prediction = predictedBy(fit, target, confidence)
  const bought = made.map(({ index }) => index)
  return { bought, purchases: made, rounds: done, spent, fit, predictions: prediction.losses, prediction }
}
