import { selectSettings } from './pool.ts'
import { PoolProspect, type Standing } from './prospect.ts'
import type { Gain } from './purchases.ts'

/** A run that should be made, what it costs, and what it is worth given those before it. */
export interface PlannedRun extends Gain {
  readonly index: number
  readonly cost: number
}

export interface RoundLimits {
  /** Whether a run may be made when so much is planned already. */
  isOpen(index: number, planned: number): boolean
  /** Planning ends when the planned runs cost this much. */
  readonly enough?: number
  /** Or are so many. */
  readonly most?: number
  /** The power of a run's cost that its worth is divided by; default 1. Below that, fewer and larger runs are planned. */
  readonly thrift?: number
}

export interface PlannedRound {
  readonly runs: readonly PlannedRun[]
  /** Squared nats: variance of the law's loss at the target as it is, and as it would be after these runs. */
  readonly before: number
  readonly after: number
}

/** Of more runs that may be made every so many-th is considered: 100,000 would take a minute, and many are alike. */
const mostCandidates = 10_000

/** The runs to make next: each time the one that is worth most for its cost, given those before it (E90). */
export function planRound(
  standing: Standing,
  cost: Float64Array,
  { isOpen, enough = Number.POSITIVE_INFINITY, most = Number.POSITIVE_INFINITY, thrift = 1 }: RoundLimits,
): PlannedRound {
  const candidates = candidatesOf(cost, isOpen)
  const { pool, known } = standing
  const prospect = new PoolProspect({
    ...standing,
    pool: selectSettings(pool, [...candidates, ...known]),
    known: known.map((_, k) => candidates.length + k),
  })
  const before = prospect.variance
  const runs: PlannedRun[] = []
  const taken = new Set<number>()
  const price = Float64Array.from(candidates, (i) => cost[i] ** thrift)
  let planned = 0
  while (planned < enough && runs.length < most) {
    let best = -1
    let rate = 0
    for (let c = 0; c < candidates.length; c++) {
      if (taken.has(c) || !isOpen(candidates[c], planned)) continue
      const own = prospect.worth(c) / price[c]
      if (own > rate) {
        rate = own
        best = c
      }
    }
    if (best < 0) break
    const index = candidates[best]
    runs.push({ index, cost: cost[index], worth: prospect.worth(best), before: prospect.variance })
    prospect.take(best)
    taken.add(best)
    planned += cost[index]
  }
  return { runs, before, after: prospect.variance }
}

/** The runs that may be made, thinned where they are very many. */
function candidatesOf(cost: Float64Array, isOpen: RoundLimits['isOpen']): number[] {
  const open = [...cost.keys()].filter((i) => isOpen(i, 0))
  const every = Math.ceil(open.length / mostCandidates)
  return every > 1 ? open.filter((_, k) => k % every === 0) : open
}
