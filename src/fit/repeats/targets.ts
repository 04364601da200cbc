import { tokensFor } from '../../core/flops.ts'
import { bestRepeated, type RepeatedOptimum, type RepeatsLaw, repeatsLoss } from '../../law/repeats.ts'
import { distanceBeyond } from '../estimate.ts'
import type { Estimated } from '../tuned/estimate.ts'
import type { RepeatsDraw } from './draws.ts'
import type { RepeatsFit } from './fit.ts'
import { intervalOf } from './limit.ts'
import type { FreshTarget, LossByEpochs, RepeatedTarget } from './result.ts'

/** What is asked of a fit: budgets, as many times 6ND as the table counts, and how sure to be. */
export interface Question {
  readonly fit: RepeatsFit
  readonly draws: readonly RepeatsDraw[]
  readonly confidence: number
  /** FLOPs over 6ND. */
  readonly flopsRatio: number
}

/** A law's quantity at a target and its interval over the drawn laws. */
function estimate(
  { fit, draws, confidence }: Question,
  quantity: (law: RepeatsLaw, drift: RepeatsDraw['drift'] | null) => number,
): Estimated {
  const values = draws.map(({ law, drift }) => quantity(law, drift))
  return { value: quantity(fit.law, null), interval: intervalOf(values, confidence) }
}

/** More tokens than anybody has: data that never repeat. */
const endless = Number.MAX_VALUE

/** The best run on fresh data. */
export function freshTarget(question: Question, flops: number): FreshTarget {
  const { parameters, tokens, loss } = targetOf(question, flops, endless)
  return { flops, parameters, tokens, loss }
}

/** The best run with so many unique tokens; its size drifts beyond the runs, and the tokens with it. */
export function targetOf(question: Question, flops: number, unique: number): RepeatedTarget {
  const C = flops / question.flopsRatio
  const known = new Map<RepeatsLaw, RepeatedOptimum>()
  const best = (law: RepeatsLaw) => {
    const found = known.get(law) ?? bestRepeated(law, C, unique)
    known.set(law, found)
    return found
  }
  const of = (pick: (optimum: RepeatedOptimum) => number) => estimate(question, (law) => pick(best(law)))
  const drifted = (law: RepeatsLaw, drift: RepeatsDraw['drift'] | null) =>
    best(law).parameters * Math.exp((drift?.size ?? 0) * distanceBeyond(drift, C))
  const tokens = estimate(question, (law, drift) => tokensFor(C, drifted(law, drift)))
  return {
    flops,
    unique,
    parameters: estimate(question, drifted),
    tokens,
    epochs: scaled(tokens, 1 / unique),
    loss: estimate(question, (law, drift) => best(law).loss * (1 + (drift?.loss ?? 0) * distanceBeyond(drift, C))),
    cost: of(({ cost }) => cost),
    worth: of(({ worth }) => worth),
  }
}

const scaled = ({ value, interval: [low, high] }: Estimated, by: number): Estimated => ({
  value: value * by,
  interval: [low * by, high * by],
})

/** Points of a curve for a figure, and how far beyond the best epochs it goes. */
const curve = { points: 49, beyond: 4 } as const

/** The law's loss with C FLOPs by epochs over the unique tokens; null where they are enough for fresh data. */
export function lossByEpochs(
  { fit: { law }, flopsRatio }: Pick<Question, 'fit' | 'flopsRatio'>,
  flops: number,
  unique: number,
): LossByEpochs | null {
  const C = flops / flopsRatio
  const best = bestRepeated(law, C, unique)
  if (best.epochs <= 1) return null
  const points = Array.from({ length: curve.points }, (_, k) => {
    const epochs = (curve.beyond * best.epochs) ** (k / (curve.points - 1))
    return { epochs, loss: repeatsLoss(law, tokensFor(C, epochs * unique), epochs * unique, unique) }
  })
  return { unique, points, best: { epochs: best.epochs, loss: best.loss } }
}
