import { bestRepeated, type RepeatsLaw, repeatsLoss } from '../../law/repeats.ts'
import { halfAt, weighting } from '../tuned/weights.ts'
import { mostWork, type RepeatsData } from './data.ts'

/**
 * How much each run counts: (C / Cmax)^(1/2), halved where its size costs 5 % of the loss of the best one at its compute and unique
 * tokens (E116). The weights of the joint law, not chosen anew: simulated worlds were indifferent (docs/log.md).
 */
export function relevanceOf(data: RepeatsData, law: RepeatsLaw): Float64Array {
  const { runs, unique, work } = data
  const most = mostWork(data)
  return work.map((w, i) => {
    const best = bestRepeated(law, Math.exp(w), unique[i]).loss
    const here = repeatsLoss(law, runs.parameters[i], runs.tokens[i], unique[i])
    return Math.exp(weighting.computeRepeated * (w - most)) * halfAt(here / best - 1, weighting.valley)
  })
}
