import type { TrainedRun } from '../core/trainer.ts'

/** Runs above this loss, nats, tell more about the beginning of training than about its end; they are never used. */
export const mostUsableLoss = 7
/** Whether a run learned enough to say something of the law; one that diverged did not. */
export const isUsable = ({ loss }: { readonly loss: number }): boolean => Number.isFinite(loss) && loss < mostUsableLoss

/** Log evidence of runs under what is believed of runs that obey one law, and of those that are left where early ones obey another. */
export interface Evidences {
  usual(part: readonly TrainedRun[]): number
  staged(part: readonly TrainedRun[]): number
}

/** The loss, nats, at or above which runs are left out, and how much that is believed. */
export interface Cut {
  readonly cut: number
  readonly belief: number
}

interface Split {
  readonly loss: number
  readonly odds: number
}

/**
 * Losses at which it is asked whether the runs above them obey the law of those below, and the log odds of evenly divided belief.
 * Runs above 5.5 nats have to prove it: where training has stages, a law that believes them is off by 0.2 to 0.5 nats at the target. When it was
 * first asked, 54 of 56 campaigns in such worlds had log odds below 4 (median -0.5) and 30 of 38 in drawn worlds that were hard to tell from
 * them above it (median 6.8); with ten runs below, all of the latter. With 5.5 seven more of those would have been taken for staged; with 3 four
 * fewer, at a regret that differs by noise, but seven of the 56 come that near.
 */
const early: Split = { loss: 5.5, odds: 4 }
const late: Split = { loss: 4.7, odds: -1 }
const fewest = { below: 4, above: 2 } as const
/** What is believed less is not fitted. */
const leastBelief = 0.05

/** Runs that may be all, and their log evidence. */
interface Kept {
  readonly runs: readonly TrainedRun[]
  readonly cut: number
  readonly evidence: () => number
}

/** Those of them below a split, and by how much the log odds that the others obey their law exceed those asked; null where too few tell. */
function below(kept: Kept, { loss: split, odds }: Split, evidence: Evidences): (Kept & { margin: number }) | null {
  const [runs, others] = [kept.runs.filter(({ loss }) => loss < split), kept.runs.filter(({ loss }) => loss >= split)]
  if (runs.length < fewest.below || others.length < fewest.above) return null
  const own = evidence.staged(runs)
  const margin = kept.evidence() - own - evidence.usual(others) - odds
  return { runs, cut: split, evidence: () => own, margin }
}

/**
 * The losses below which runs may obey one law, the likeliest first. Two beliefs are compared: all runs obey one, or those below a
 * split are what worlds that learn in stages have and those above say nothing of them (E51).
 */
export function cutsOf(runs: readonly TrainedRun[], evidence: Evidences): Cut[] {
  let known = Number.NaN
  const evidenceOfAll = () => {
    if (Number.isNaN(known)) known = evidence.usual(runs)
    return known
  }
  const all: Kept = { runs, cut: mostUsableLoss, evidence: evidenceOfAll }
  const learned = below(all, early, evidence)
  const kept = learned !== null && learned.margin < 0 ? learned : all
  const last = below(kept, late, evidence)
  const least = last !== null && last.margin < 0 ? last : kept
  // Of the second split the belief is not divided.
  if (learned === null || (kept === all && least !== all)) return [{ cut: least.cut, belief: 1 }]
  const belief = 1 / (1 + Math.exp(-learned.margin))
  const other = kept === all ? learned : least
  return shared([
    { cut: all.cut, belief },
    { cut: other.cut, belief: 1 - belief },
  ])
}

/** Those that are believed enough, the likeliest first; their beliefs sum to 1. */
function shared(cuts: readonly Cut[]): Cut[] {
  const kept = cuts.filter(({ belief }) => belief >= leastBelief)
  const total = kept.reduce((sum, { belief }) => sum + belief, 0)
  return kept.map(({ cut, belief }) => ({ cut, belief: belief / total })).sort((a, b) => b.belief - a.belief)
}
