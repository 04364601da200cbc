import type { Measuring } from '../space/space.ts'
import type { StoredRun } from './store/store.ts'

/** Within so long a loop that nobody looks at spends a budget, ms. */
const busyMs = 10 * 60_000

/** When a key's first run was settled, ms since 1970, and the greatest share of its budget that went within ten minutes. */
export interface Pace {
  readonly firstAt: number | null
  readonly busiestShare: number
}

export function paceOf(budget: bigint, runs: readonly StoredRun[]): Pace {
  const timed = runs
    .flatMap(({ settledAt, cost }) => (settledAt === null ? [] : [{ at: settledAt, cost: Number(cost) }]))
    .sort((p, q) => p.at - q.at)
  let [from, spent, most] = [0, 0, 0]
  for (const { at, cost } of timed) {
    spent += cost
    for (; timed[from].at <= at - busyMs; from++) spent -= timed[from].cost
    most = Math.max(most, spent)
  }
  return { firstAt: timed[0]?.at ?? null, busiestShare: budget > 0n ? most / Number(budget) : 0 }
}

/** Runs that are drawn of a class at most: more are no plainer to see. */
const mostDrawn = 4000

/** A class's runs in columns, `key` being the place in `keys`; evenly thinned over budgets, sizes and losses where they are too many. */
export interface DrawnRuns {
  readonly keys: readonly string[]
  readonly total: number
  readonly key: readonly number[]
  readonly flops: readonly number[]
  readonly parameters: readonly number[]
  readonly loss: readonly number[]
}

export function drawnRuns(
  runs: ReadonlyMap<string, readonly StoredRun[]>,
  { measure }: Pick<Measuring, 'measure'>,
  most: number = mostDrawn,
): DrawnRuns {
  const keys = [...runs.keys()]
  const all = keys.flatMap((id, key) =>
    runs.get(id)!.map(({ config, loss }) => ({
      ...{ key, flops: config.trainFlops, loss },
      parameters: measure(config, 'none').core,
    })),
  )
  all.sort((p, q) => p.flops - q.flops || p.parameters - q.parameters || p.loss - q.loss)
  const step = Math.max(1, all.length / most)
  const drawn = Array.from({ length: Math.floor(all.length / step) }, (_, k) => all[Math.floor(k * step)])
  return {
    ...{ keys, total: all.length, key: drawn.map(({ key }) => key), flops: drawn.map(({ flops }) => flops) },
    ...{ parameters: drawn.map(({ parameters }) => parameters), loss: drawn.map(({ loss }) => loss) },
  }
}
