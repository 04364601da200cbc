import { nextFromPool, type PoolAdvice, usualNext } from '../../plan/pool/next.ts'
import { type PoolAim, targetOf } from './aim.ts'
import { deviations, viewedPlan, viewedPrediction } from './rows.ts'
import type { PoolTable } from './table.ts'
import type { Asked } from './task.ts'
import type { Advised } from './view.ts'

/** Names the runs to make next, given those that have a loss. */
export function advised(table: PoolTable, aim: PoolAim, asked: Asked): Advised {
  const { pool, runs } = table
  const most = asked.next ?? usualNext
  const advice = nextFromPool(pool, runs.loss, targetOf(aim, table), { ...asked, most })
  const next =
    advice.kind === 'opening'
      ? advice.runs.map((index) => viewedPlan(table, index, null))
      : advice.plan.runs.map((run) => viewedPlan(table, run.index, run))
  const spent = pool.cost.reduce((sum, cost, i) => (Number.isNaN(runs.loss[i]) ? sum : sum + cost), 0)
  return {
    kind: 'advised',
    spent,
    next,
    stopped: stoppedBy(table, advice, { ...asked, most, spent }),
    ...(advice.kind === 'round'
      ? {
          ...deviations(advice.plan.before, advice.plan.after),
          prediction: viewedPrediction(advice.prediction, aim, {
            runs: advice.fit.data.runs.size,
            features: [...advice.fit.data.features],
          }),
        }
      : { sdBefore: null, sdAfter: null, prediction: null }),
  }
}

/** Why no run or fewer than asked for are named; null where as many are. */
function stoppedBy(
  { pool, runs }: PoolTable,
  advice: PoolAdvice,
  { budget, most, spent }: { budget?: number | undefined; most: number; spent: number },
): Advised['stopped'] {
  const named = advice.kind === 'opening' ? advice.runs : advice.plan.runs.map(({ index }) => index)
  if (named.length >= most) return null
  const left = [...runs.loss.keys()].filter((i) => Number.isNaN(runs.loss[i]) && !named.includes(i))
  if (left.length === 0) return { kind: 'none-left' }
  const own = named.reduce((sum, i) => sum + pool.cost[i], 0)
  const cheapest = left.reduce((low, i) => Math.min(low, pool.cost[i]), Number.POSITIVE_INFINITY)
  if (budget !== undefined && spent + own + cheapest > budget)
    return { kind: 'budget', left: Math.max(0, budget - spent - own), cheapest }
  if (advice.kind === 'opening') return { kind: 'opening' }
  if (advice.allowance !== null && own >= advice.allowance) return { kind: 'round', allowance: advice.allowance }
  return { kind: 'no-gain' }
}
