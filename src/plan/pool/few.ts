import { short } from '../../core/diagnostic.ts'
import { IsoflopError } from '../../core/errors.ts'
import { fewestForTuned } from '../../fit/tuned/assessment.ts'
import type { Pool } from './pool.ts'
import type { Purchases } from './purchases.ts'

/** TOO_FEW_RUNS for a pool of which no law can be learned, however much is spent. */
export const tooSmall = (size: number): IsoflopError =>
  new IsoflopError(
    'TOO_FEW_RUNS',
    `The pool has ${size === 1 ? 'one run' : `${size} runs`}, and a law needs ${fewestForTuned} that finished.`,
    'Add runs to the pool: those that you have with their loss, those that could be made without.',
  )

/** TOO_FEW_RUNS for a budget that does not buy what a first law needs. */
export function tooFewBought(
  { settings, cost }: Pool,
  { known, made, spent }: Purchases,
  budget: number,
): IsoflopError {
  if (settings.size < fewestForTuned) return tooSmall(settings.size)
  const cheapest = cost.toSorted().subarray(0, fewestForTuned)
  const least = cheapest.reduce((a, b) => a + b)
  return new IsoflopError(
    'TOO_FEW_RUNS',
    `A first law needs ${fewestForTuned} cheap runs that finish: of the budget of ${short(budget)} ${made.length} were bought for ${short(spent)}, and ${known.length} finished. The cheapest run costs ${short(cheapest[0])}, the ${fewestForTuned} cheapest ${short(least)}.`,
    made.length < fewestForTuned
      ? `Raise the budget well above ${short(least)}, or add cheaper runs to the pool.`
      : 'Add runs that finish: those that diverge tell no law.',
  )
}
