import { selectRuns } from '../core/run.ts'
import type { Exclusion, RunData } from './read.ts'

/**
 * Keeps the lowest loss of runs with equal N and D, as when a learning rate was swept; the others are listed as excluded, each naming the
 * run that beat it. Runs of other data sets, or that repeated other numbers of unique tokens, are not compared.
 */
export function bestOfEach(data: RunData): RunData {
  const { runs } = data
  const group = (i: number) => data.groups?.of[i] ?? 0
  const unique = (i: number) => runs.tuning?.unique?.[i] || 0
  const order = Array.from({ length: runs.size }, (_, i) => i).sort(
    (i, j) =>
      group(i) - group(j) ||
      runs.parameters[i] - runs.parameters[j] ||
      runs.tokens[i] - runs.tokens[j] ||
      unique(i) - unique(j) ||
      runs.loss[i] - runs.loss[j] ||
      i - j,
  )
  const isSame = (i: number, j: number) =>
    group(i) === group(j) &&
    unique(i) === unique(j) &&
    runs.parameters[i] === runs.parameters[j] &&
    runs.tokens[i] === runs.tokens[j]
  const kept: number[] = []
  const beaten: Exclusion[] = []
  let best = -1
  for (const i of order) {
    if (best >= 0 && isSame(i, best)) {
      const winner = data.origin(best)
      const here = data.origin(i)
      const file = winner.source === here.source ? '' : ` of ${winner.source}`
      beaten.push({ ...here, reason: `row ${winner.row}${file} has the same N and D and a loss at most as high` })
    } else {
      best = i
      kept.push(i)
    }
  }
  kept.sort((i, j) => i - j)
  return {
    ...data,
    runs: selectRuns(runs, kept),
    groups: data.groups && { ...data.groups, of: Int32Array.from(kept, (i) => data.groups!.of[i]) },
    allParameters: data.allParameters && Float64Array.from(kept, (i) => data.allParameters![i]),
    excluded: [...data.excluded, ...beaten],
    origin: (i) => data.origin(kept[i]),
  }
}
