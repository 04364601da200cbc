import { IsoflopError } from '../../core/errors.ts'
import { type Runs, selectRuns } from '../../core/run.ts'
import { type Exclusion, type PoolData, type ReadOptions, readPool } from '../../input/read.ts'
import { completeRuns } from '../../plan/pool/complete.ts'
import type { Pool } from '../../plan/pool/pool.ts'

/** A pool as it was read. */
export interface PoolTable {
  /** The loss is NaN where a run has none yet, Infinity where it diverged. */
  readonly runs: Runs
  readonly pool: Pool
  /** What the costs are in: the name of their column, or FLOPs. */
  readonly unit: string
  /** Whether every run has its outcome on record. */
  readonly isRecorded: boolean
  /** What was read, with every row that is left out. */
  readonly data: PoolData
  /** Settings that fewer than half of the rows say, which were left out. */
  readonly dropped: readonly ('rate' | 'batch')[]
  origin(index: number): { source: string; row: number }
}

/** Reads the runs of a pool, and leaves out those of which nothing can be learned or bought. Errors: those of `readPool`. */
export async function readPoolTable(files: readonly string[], options: ReadOptions): Promise<PoolTable> {
  const read = await readPool(files, options)
  const { runs, kept, incomplete, dropped } = completeRuns(read.runs)
  const lacking = incomplete.map(({ index, lacks }) => ({
    ...read.origin(index),
    reason: `has no ${lacks === 'rate' ? 'learning rate' : 'batch size'}, which the other runs have`,
  }))
  const cost = Float64Array.from(kept, (i) => read.cost[i])
  const isRecorded = !runs.loss.some(Number.isNaN)
  // A run that was made may have been made for nothing; one that is to be bought has its price.
  const isFree = (k: number) => !isRecorded && !Number.isNaN(runs.loss[k])
  const priced = [...kept.keys()].filter((k) => cost[k] > 0 || isFree(k))
  const unpriced = [...kept.keys()].flatMap((k) =>
    cost[k] > 0 || isFree(k) ? [] : [{ ...read.origin(kept[k]), reason: noPrice(read, cost[k]) }],
  )
  const excluded = inOrder([...read.excluded, ...lacking, ...unpriced], read)
  if (priced.length === 0) throw noneLeft(excluded)
  const own = priced.length < kept.length ? selectRuns(runs, priced) : runs
  const { loss: _hidden, ...settings } = own
  return {
    runs: own,
    pool: { settings, cost: Float64Array.from(priced, (k) => cost[k] || 0) },
    unit: read.costColumn ?? 'FLOPs',
    isRecorded,
    data: { ...read, excluded },
    dropped,
    origin: (i) => read.origin(kept[priced[i]]),
  }
}

const noPrice = ({ costColumn }: PoolData, cost: number): string =>
  Number.isNaN(cost) ? `${costColumn} is missing` : `${costColumn} is ${cost}, expected a positive number`

/** By file, then by row. */
function inOrder(excluded: readonly Exclusion[], { sources }: PoolData): Exclusion[] {
  const place = new Map(sources.map(({ name }, k) => [name, k]))
  return excluded.toSorted((a, b) => place.get(a.source)! - place.get(b.source)! || a.row - b.row)
}

function noneLeft(excluded: readonly Exclusion[]): IsoflopError {
  const [{ source, row, reason }] = excluded
  return new IsoflopError(
    'NO_USABLE_RUNS',
    `None of ${excluded.length} rows is a run to choose, the first being ${source} row ${row}: ${reason}.`,
    'Check these rows, and with --columns that the right columns are read.',
  )
}
