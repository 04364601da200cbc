import { outcomeOf } from '../../core/trainer.ts'
import { chooseFromPool, type PoolChoice } from '../../plan/pool/choose.ts'
import type { PoolPrediction } from '../../plan/pool/prediction.ts'
import { hindsight } from '../../plan/pool/verdict.ts'
import { type PoolAim, targetOf } from './aim.ts'
import { deviations, viewedPlan, viewedPrediction } from './rows.ts'
import type { PoolTable } from './table.ts'
import type { Asked } from './task.ts'
import type { Played, ViewedPurchase, ViewedRound } from './view.ts'

/** Buys within the budget, looks up what was paid for, then looks at the rest. */
export async function played(
  table: PoolTable,
  aim: PoolAim,
  asked: Asked & { readonly budget: number },
): Promise<Played> {
  const { pool, runs } = table
  const target = targetOf(aim, table)
  const buy = (i: number) => outcomeOf(runs.loss[i])
  const choice = await chooseFromPool(pool, target, buy, asked)
  const {
    rest,
    all,
    runs: finished,
  } = hindsight(runs, choice.bought, target, { fit: choice.fit, confidence: asked.confidence })
  const { features } = choice.fit.data
  const predicted = (prediction: PoolPrediction, count: number) =>
    viewedPrediction(prediction, aim, { runs: count, features: [...features] })
  return {
    kind: 'played',
    spent: choice.spent,
    purchases: choice.purchases.map((purchase): ViewedPurchase => {
      const { index, round, gain, outcome } = purchase
      const loss = outcome === 'finished' ? runs.loss[index] : null
      return { ...viewedPlan(table, index, gain), round, outcome, loss }
    }),
    rounds: roundsOf(choice, table),
    prediction: predicted(choice.prediction, choice.fit.data.runs.size),
    hindsight: { rest, all: predicted(all, finished) },
  }
}

function roundsOf({ purchases, rounds }: PoolChoice, { pool }: PoolTable): ViewedRound[] {
  const of = (round: number) => {
    const own = purchases.filter((purchase) => purchase.round === round)
    return { round, runs: own.length, cost: own.reduce((sum, { index }) => sum + pool.cost[index], 0) }
  }
  return [
    { ...of(0), sdBefore: null, sdAfter: null },
    ...rounds.map(({ round, before, after }) => ({ ...of(round), ...deviations(before, after) })),
  ]
}
