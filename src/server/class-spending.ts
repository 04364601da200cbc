import type { KeyRecord, StoredRun } from './store/store.ts'

/** Moments of the whole time at which shares are told: more are no plainer to see. */
const moments = 160
/** Students whose own lines are told: more would be one grey. */
const mostLines = 150

/** Who spends what and when: shares of budgets at some moments, of the whole class and, where it is not too large, of each student. */
export interface Spending {
  /** Moments from the first run to the last one, ms since 1970; none without runs. */
  readonly times: readonly number[]
  /** At each moment the share that a tenth, a quarter, half, three quarters and nine tenths of the students have spent at most. */
  readonly shares: readonly (readonly [number, number, number, number, number])[]
  /** At which moments (places in `times`) a student's share has grown, and to what; null of a class that is too large. */
  readonly lines:
    | readonly { readonly key: string; readonly at: readonly number[]; readonly share: readonly number[] }[]
    | null
}

/** One student's runs in the order of time, as shares of the budget; what has no time was spent before all of them. */
interface Spender {
  readonly key: string
  readonly from: number
  readonly spent: readonly { readonly at: number; readonly share: number }[]
}

export function spendingOf(keys: readonly KeyRecord[], runs: ReadonlyMap<string, readonly StoredRun[]>): Spending {
  const spenders = keys.filter(({ budget }) => budget > 0n).map((key) => spenderOf(key, runs.get(key.id) ?? []))
  const times = momentsOf(spenders)
  const lines = spenders.map((spender) => sharesAt(spender, times))
  const column = new Float64Array(spenders.length)
  const shares = times.map((_, k) => {
    for (let n = 0; n < lines.length; n++) column[n] = lines[n][k]
    column.sort()
    const at = (part: number) => rounded(column[Math.min(column.length - 1, Math.floor(part * column.length))])
    return [at(0.1), at(0.25), at(0.5), at(0.75), at(0.9)] as const
  })
  return {
    times,
    shares,
    lines: spenders.length > mostLines ? null : lines.map((line, n) => steps(spenders[n].key, line)),
  }
}

function spenderOf({ id, budget }: KeyRecord, runs: readonly StoredRun[]): Spender {
  const shareOf = (cost: bigint) => Number(cost) / Number(budget)
  const timed = runs.flatMap(({ settledAt, cost }) =>
    settledAt === null ? [] : [{ at: settledAt, share: shareOf(cost) }],
  )
  const untimed = runs.reduce((sum, { settledAt, cost }) => (settledAt === null ? sum + cost : sum), 0n)
  return { key: id, from: shareOf(untimed), spent: timed.sort((p, q) => p.at - q.at) }
}

function momentsOf(spenders: readonly Spender[]): number[] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { spent } of spenders) {
    if (spent.length === 0) continue
    first = Math.min(first, spent[0].at)
    last = Math.max(last, spent[spent.length - 1].at)
  }
  if (first > last) return []
  return Array.from({ length: moments + 1 }, (_, k) => Math.ceil(first + ((last - first) * k) / moments))
}

/** What was spent by each moment. */
function sharesAt({ from, spent }: Spender, times: readonly number[]): Float64Array {
  const shares = new Float64Array(times.length)
  let [share, next] = [from, 0]
  for (const [k, time] of times.entries()) {
    for (; next < spent.length && spent[next].at <= time; next++) share += spent[next].share
    shares[k] = share
  }
  return shares
}

function steps(key: string, line: Float64Array) {
  const at = [...line.keys()].filter((k) => line[k] > (k === 0 ? 0 : line[k - 1]))
  return { key, at, share: at.map((k) => rounded(line[k])) }
}

/** A ten-thousandth is less than a pixel. */
const rounded = (share: number): number => Math.round(1e4 * share) / 1e4
