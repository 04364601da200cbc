import { random } from '../../core/random.ts'
import type { Pool, Settings } from './pool.ts'

/** Runs that the opening takes at least, and the share of the budget that this many should cost at most. */
const opening = { runs: 8, share: 0.1 } as const
/** So many of the cheapest runs are candidates whatever they cost. */
const fewestCheap = 21

/**
 * Cheap runs of a pool in the order of an opening: a random one first, then each time the one that is farthest from all before it
 * in the logarithms of its settings, each setting's range counting as 1 (E89). `taken` are before the first; only runs that `may`
 * be made come. Equal seeds give equal orders.
 */
export function* spreadOver(
  { settings, cost }: Pool,
  budget: number,
  seed: number,
  { taken = [], may = () => true }: { taken?: readonly number[]; may?: (index: number) => boolean } = {},
): Generator<number> {
  const before = new Set(taken)
  const open = [...cost.keys()].filter((i) => may(i) && !before.has(i))
  if (open.length === 0) return
  const sorted = Float64Array.from(open, (i) => cost[i]).sort()
  const share = Number.isFinite(budget) ? (opening.share * budget) / opening.runs : 0
  const most = Math.max(share, sorted[Math.min(fewestCheap, sorted.length) - 1])
  const cheap = open.filter((i) => cost[i] <= Math.min(most, budget))
  const columns = scaledColumns(settings)
  const distance = (i: number, j: number) => columns.reduce((sum, column) => sum + (column[i] - column[j]) ** 2, 0)
  const nearest = new Map(cheap.map((i) => [i, Number.POSITIVE_INFINITY]))
  const leave = (last: number) => {
    nearest.delete(last)
    for (const [i, before] of nearest) nearest.set(i, Math.min(before, distance(i, last)))
  }
  for (const i of taken) leave(i)
  let next: number | undefined = taken.length > 0 ? farthest(nearest) : cheap[random(seed).integer(cheap.length)]
  while (next !== undefined) {
    yield next
    leave(next)
    next = farthest(nearest)
  }
}

function farthest(nearest: ReadonlyMap<number, number>): number | undefined {
  let found: number | undefined
  let most = Number.NEGATIVE_INFINITY
  for (const [i, distance] of nearest)
    if (distance > most) {
      most = distance
      found = i
    }
  return found
}

/** The logarithms of each setting that every run has, between 0 and 1. */
function scaledColumns({ parameters, tokens, tuning }: Settings): Float64Array[] {
  const columns = [parameters, tokens, tuning?.rate, tuning?.batch, tuning?.unique]
  return columns.flatMap((column) => {
    if (!column?.every((value) => value > 0)) return []
    const logs = column.map(Math.log)
    const low = logs.reduce((a, b) => Math.min(a, b))
    const range = logs.reduce((a, b) => Math.max(a, b)) - low
    return range > 0 ? [logs.map((value) => (value - low) / range)] : []
  })
}
