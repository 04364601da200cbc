import type { Runs } from '../../core/run.ts'
import type { PoolAim } from './aim.ts'
import type { PoolTable } from './table.ts'
import type { PoolView } from './view.ts'

export interface PoolTaskOptions {
  /** In the table's unit; needed to play a purchase. */
  readonly budget?: number | undefined
  /** Runs to name at most, where some could be made; default 8. */
  readonly next?: number | undefined
  /** Default 0. */
  readonly seed?: number | undefined
  /** Default 0.95. */
  readonly confidence?: number | undefined
  /** What would be asked first, where a purchase would be played. */
  readonly isDryRun?: boolean | undefined
  readonly onRound?: ((round: number, rounds: number) => void) | undefined
}

/** The options as they are settled. */
export type Asked = PoolTaskOptions & { readonly seed: number; readonly confidence: number }

/** What was to be done. */
export function taskOf(
  { data, runs, unit }: PoolTable,
  aim: PoolAim,
  { budget, seed, confidence }: Asked,
): PoolView['task'] {
  const names = ({ sources }: { sources: readonly { name: string }[] }) => sources.map(({ name }) => name)
  return {
    sources: names(data),
    target: aim.kind === 'budget' ? aim : { kind: 'runs', sources: names(aim.data), runs: aim.data.runs.size },
    unit,
    budget: budget ?? null,
    seed,
    confidence,
    batchUnit: runs.tuning?.batchUnit ?? 'tokens',
    lossUnit: runs.lossUnit ?? 'nats/token',
  }
}

/** The pool in numbers. */
export function summaryOf({ runs, pool }: PoolTable): PoolView['pool'] {
  const count = (is: (loss: number) => boolean) => runs.loss.reduce((sum, loss) => sum + Number(is(loss)), 0)
  return {
    runs: runs.size,
    finished: count(Number.isFinite),
    diverged: count((loss) => loss === Number.POSITIVE_INFINITY),
    open: count(Number.isNaN),
    cost: pool.cost.reduce((a, b) => a + b),
    places: distinct(runs),
  }
}

/** Each N and D once. */
function distinct({ parameters, tokens, size }: Runs): PoolView['pool']['places'] {
  const seen = new Map<string, { parameters: number; tokens: number }>()
  for (let i = 0; i < size; i++)
    seen.set(`${parameters[i]} ${tokens[i]}`, { parameters: parameters[i], tokens: tokens[i] })
  return [...seen.values()]
}

/** What was read of some files, so many of whose runs are used. */
export const readOf = (
  { read, checkpoints, excluded, notes, sources }: PoolTable['data'],
  used: number,
): PoolView['read'][number] => ({
  read,
  used,
  checkpoints,
  excluded,
  notes,
  sources,
})
