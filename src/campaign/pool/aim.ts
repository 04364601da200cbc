import { IsoflopError } from '../../core/errors.ts'
import { type Runs, unitsOf } from '../../core/run.ts'
import { type PoolData, type ReadOptions, readPool } from '../../input/read.ts'
import type { PoolTarget } from '../../plan/pool/pool.ts'
import type { PoolTable } from './table.ts'

/** What a pool is to predict: the best run of a budget, or the runs of some files. */
export type PoolAim =
  | { readonly kind: 'budget'; readonly flops: number }
  /** `data.runs` has the loss of those that are on record. */
  | { readonly kind: 'runs'; readonly data: PoolData }

/** Reads the runs that a pool is to predict. Errors: those of `readPool`. */
export async function readAim(files: readonly string[], options: ReadOptions): Promise<PoolAim> {
  return { kind: 'runs', data: await readPool(files, { ...options, purpose: 'target' }) }
}

/** The target as planners take it. Errors: BAD_OPTION where its batches or losses are in another unit than the pool's. */
export function targetOf(aim: PoolAim, { runs }: PoolTable): PoolTarget {
  if (aim.kind === 'budget') return { bestAt: aim.flops }
  const target = aim.data.runs
  if (runs.tuning?.batch && target.tuning?.batch && runs.tuning.batchUnit !== target.tuning.batchUnit)
    throw new IsoflopError(
      'BAD_OPTION',
      `The pool has its batches in ${runs.tuning.batchUnit}, the runs to predict in ${target.tuning.batchUnit}.`,
      'Give both tables their batches in tokens, or both in sequences; a sequence_length in both makes tokens of sequences.',
    )
  const [own, other] = [unitsOf(runs).loss, unitsOf(target).loss]
  if (own !== other && target.loss.some(Number.isFinite))
    throw new IsoflopError(
      'BAD_OPTION',
      `The pool has its losses in ${own}, the runs to predict in ${other}.`,
      'Give both tables their losses in one unit, or name columns of one with --columns.',
    )
  const { loss: _hidden, ...settings } = target
  return settings
}

/** The losses of the target that are on record; null where no run has one. */
export const truthOf = (aim: PoolAim): Float64Array | null =>
  aim.kind === 'runs' && aim.data.runs.loss.some(Number.isFinite) ? aim.data.runs.loss : null

/** Largest compute that a target has. */
export const largestOf = (aim: PoolAim): number => (aim.kind === 'budget' ? aim.flops : mostOf(aim.data.runs))

export const mostOf = ({ flops }: Pick<Runs, 'flops'>): number => flops.reduce((a, b) => Math.max(a, b))
