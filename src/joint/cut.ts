import type { TrainedRun } from '../core/trainer.ts'

/** Runs above this loss, nats, tell more about the beginning of training than about its end; they are never used. */
export const mostUsableLoss = 7
/** Whether a run learned enough to say something of the law; one that diverged did not. */
export const isUsable = ({ loss }: { readonly loss: number }): boolean => Number.isFinite(loss) && loss < mostUsableLoss

/**
 * Losses at which it is asked whether the runs above them obey the law of those below, and the log odds that they have to reach.
 * Runs above 5.5 nats have to prove it: where a law holds throughout, as in drawn worlds, 5 runs below and 10 above reach 10 to
 * 60; where training has stages they reach at most 6, and the law that believes them is off by 0.2 to 0.5 nats at the target.
 */
const splits = [
  { loss: 5.5, odds: 7 },
  { loss: 4.7, odds: -1 },
] as const
const fewest = { below: 4, above: 2 } as const

/**
 * The loss below which runs obey one law. At each split the evidence of all runs together is compared with that of the two parts
 * apart: runs above it that do not make those below more probable are left out (E51).
 */
export function cutOf(runs: readonly TrainedRun[], evidenceOf: (part: readonly TrainedRun[]) => number): number {
  let kept = { runs, evidence: Number.NaN, cut: mostUsableLoss as number }
  for (const { loss: split, odds } of splits) {
    const [below, above] = [kept.runs.filter(({ loss }) => loss < split), kept.runs.filter(({ loss }) => loss >= split)]
    if (below.length < fewest.below || above.length < fewest.above) continue
    if (Number.isNaN(kept.evidence)) kept = { ...kept, evidence: evidenceOf(kept.runs) }
    const [low, high] = [below, above].map(evidenceOf)
    if (kept.evidence < low + high + odds) kept = { runs: below, evidence: low, cut: split }
  }
  return kept.cut
}
