import { trainFlops } from '../../core/flops.ts'
import { groupBy } from '../../core/group-by.ts'
import type { Runs } from '../../core/run.ts'
import { type RepeatsLaw, type RepeatsPoint, taughtTokens } from '../../law/repeats.ts'
import { type NormData, normData } from '../norm/problem.ts'

/** Runs as the data-constrained law sees them: as `norm` does, with their unique tokens. */
export interface RepeatsData extends NormData {
  readonly runs: Runs
  /** About the centre of `norm`; `[n]`. */
  readonly points: readonly RepeatsPoint[]
  /** Tokens of each run that differ, at most D; `[n]`. */
  readonly unique: Float64Array
  /** The runs of each pair of N and unique tokens: they differ in epochs alone, and err together. */
  readonly groups: readonly (readonly number[])[]
}

/** Less than this share of its tokens is a repeat. */
const repeated = 0.999

/** An empty cell of unique tokens means that nothing was repeated. */
export function uniqueTokens({ tokens, tuning }: Runs): Float64Array {
  const column = tuning?.unique
  return tokens.map((D, i) => (column && column[i] > 0 && column[i] < repeated * D ? column[i] : D))
}

export function repeatsData(runs: Runs): RepeatsData {
  const base = normData(runs)
  const unique = uniqueTokens(runs)
  const points = Array.from({ length: runs.size }, (_, i) => ({
    size: base.x[i],
    tokens: base.y[i],
    unique: Math.log(unique[i]) - base.centre.y,
  }))
  const indices = Array.from({ length: runs.size }, (_, i) => i)
  const groups = [...groupBy(indices, (i) => `${runs.parameters[i]} ${unique[i]}`).values()]
  return { ...base, runs, points, unique, groups }
}

/** Epochs of each run. */
export const epochsOf = ({ runs, unique }: RepeatsData): Float64Array => runs.tokens.map((D, i) => D / unique[i])

/** ln 6ND of the largest run. */
export const mostWork = ({ work }: NormData): number => work.reduce((high, value) => Math.max(high, value))

/** The most FLOPs, 6ND, that any run is worth with its repeats as fresh tokens: beyond that nothing was seen. */
export const mostTaught = ({ runs, unique }: RepeatsData, law: RepeatsLaw): number =>
  runs.tokens.reduce((most, D, i) => Math.max(most, trainFlops(runs.parameters[i], taughtTokens(law, D, unique[i]))), 0)
