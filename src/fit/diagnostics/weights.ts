import { type Diagnostic, info } from '../../core/diagnostic.ts'
import { isOfAll, type Subject } from './subject.ts'

/** A run that counts for less than this share of one at the valley's floor at the largest compute hardly counts. */
const little = 1e-3

/** How many runs hardly count for the law, and why; told where it is most of them. */
export function ofWeights({ runs, laws: { norm } }: Subject): Diagnostic[] {
  if (norm === null || !isOfAll(norm, runs)) return []
  const { relevance, data } = norm
  const most = data.work.reduce((high, value) => Math.max(high, value))
  const light = Array.from({ length: runs.size }, (_, i) => i).filter((i) => relevance[i] < little)
  const small = light.filter((i) => Math.exp(data.work[i] - most) < little)
  const high = light.length - small.length
  if (light.length < runs.size / 3) return []
  const parts = [
    ...(small.length > 0 ? [`${small.length} have less than a thousandth of the largest compute`] : []),
    ...(high > 0
      ? [`${high} lie too far from the best loss at their compute (early training, or far from the best size)`]
      : []),
  ]
  return [
    info(
      'little-weight',
      `${light.length} of ${runs.size} runs count for less than a thousandth of a run at the valley's floor at the largest compute: ${parts.join('; ')}.`,
      { count: light.length, small: small.length, high, runs: light.slice(0, 200) },
      'The law is about large compute near the best size; runs near it, at the largest budgets, narrow its interval most.',
    ),
  ]
}
