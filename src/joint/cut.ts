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

/**
 * Losses at which it is asked whether the runs above them obey the law of those below, and the log odds that they have to reach.
 * Runs above 5.5 nats have to prove it: where training has stages, a law that believes them is off by 0.2 to 0.5 nats at the target. When it was
 * first asked, 54 of 56 campaigns in such worlds had log odds below 4 (median -0.5) and 30 of 38 in drawn worlds that were hard to tell from
 * them above it (median 6.8); with ten runs below, all of the latter. With 5.5 seven more of those would have been taken for staged; with 3 four
 * fewer, at a regret that differs by noise, but seven of the 56 come that near.
 */
const splits = [
  { loss: 5.5, odds: 4 },
  { loss: 4.7, odds: -1 },
] as const
const fewest = { below: 4, above: 2 } as const

/**
 * The loss below which runs obey one law. At each split two beliefs are compared: all runs obey one, or those below are what worlds
 * that learn in stages have and those above say nothing of them. Runs above it that do not prove the first are left out (E51).
 */
export function cutOf(runs: readonly TrainedRun[], evidence: Evidences): number {
  let kept = { runs, evidence: Number.NaN, cut: mostUsableLoss as number }
  for (const { loss: split, odds } of splits) {
    const [below, above] = [kept.runs.filter(({ loss }) => loss < split), kept.runs.filter(({ loss }) => loss >= split)]
    if (below.length < fewest.below || above.length < fewest.above) continue
    if (Number.isNaN(kept.evidence)) kept = { ...kept, evidence: evidence.usual(kept.runs) }
    const low = evidence.staged(below)
    if (kept.evidence < low + evidence.usual(above) + odds) kept = { runs: below, evidence: low, cut: split }
  }
  return kept.cut
}
