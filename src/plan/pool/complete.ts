import { type Runs, selectRuns } from '../../core/run.ts'

/** A setting that fewer of the runs say is no setting of the pool: it would be known of too few runs. */
const fewestShare = 0.5

/** Runs that all say the same settings. */
export interface CompleteRuns {
  readonly runs: Runs
  /** The index of each among the runs that came. */
  readonly kept: readonly number[]
  /** The others, and the setting that each lacks. */
  readonly incomplete: readonly { readonly index: number; readonly lacks: 'rate' | 'batch' }[]
  /** Settings that so few runs say that they were left out. */
  readonly dropped: readonly ('rate' | 'batch')[]
}

/** Leaves out settings that fewer than half of the runs say, then runs that do not say one of the others. */
export function completeRuns(runs: Runs): CompleteRuns {
  const names = (['rate', 'batch'] as const).filter((name) => runs.tuning?.[name])
  const said = (name: 'rate' | 'batch') => runs.tuning?.[name]?.reduce((sum, value) => sum + Number(value > 0), 0) ?? 0
  const dropped = names.filter((name) => said(name) < fewestShare * runs.size)
  const used = names.filter((name) => !dropped.includes(name))
  const kept: number[] = []
  const incomplete: { index: number; lacks: 'rate' | 'batch' }[] = []
  for (let i = 0; i < runs.size; i++) {
    const lacks = used.find((name) => !((runs.tuning?.[name]?.[i] ?? 0) > 0))
    if (lacks === undefined) kept.push(i)
    else incomplete.push({ index: i, lacks })
  }
  const without = runs.tuning && { ...runs.tuning, ...Object.fromEntries(dropped.map((name) => [name, null])) }
  const all: Runs = { ...runs, ...(without && { tuning: without }) }
  return { runs: kept.length < runs.size ? selectRuns(all, kept) : all, kept, incomplete, dropped }
}
