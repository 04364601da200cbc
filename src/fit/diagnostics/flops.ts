import { type Diagnostic, short, warning } from '../../core/diagnostic.ts'
import { trainFlops } from '../../core/flops.ts'
import type { Subject } from './subject.ts'

/** C over 6ND may differ by this factor among runs of large compute without a word. */
const mostSpread = 1.25
/** Runs with at least this share of the largest compute. */
const share = 0.2

/** That C is not the same multiple of 6ND in all runs, as where it counts embeddings: predictions keep one multiple. */
export function ofFlops({ runs, flopsRatio, headline }: Subject): Diagnostic[] {
  if (!headline.determined) return []
  const { size, flops, parameters, tokens } = runs
  const largest = flops.reduce((high, C) => Math.max(high, C))
  let [low, high] = [Number.POSITIVE_INFINITY, 0]
  for (let i = 0; i < size; i++) {
    if (flops[i] < share * largest) continue
    const ratio = flops[i] / trainFlops(parameters[i], tokens[i])
    low = Math.min(low, ratio)
    high = Math.max(high, ratio)
  }
  if (!(high > mostSpread * low)) return []
  return [
    warning(
      'flops-uneven',
      `C is ${short(low)} to ${short(high)} times 6ND among the largest runs, so it counts more than N does, such as embeddings; predictions take ${short(flopsRatio)} times everywhere.`,
      { low, high, taken: flopsRatio },
      "Give N as C counts it, or leave C out, so that it is 6ND: --columns 'flops=-'.",
    ),
  ]
}
