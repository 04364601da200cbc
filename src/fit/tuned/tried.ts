import { groupBy } from '../../core/group-by.ts'
import { largest } from './data.ts'
import type { TunedFit } from './fit.ts'
import { lnBatch, lnRate } from './formulas.ts'
import type { Tried } from './result.ts'

/** A setting was swept where at least so many of its values were tried. */
const fewestTried = 3

/**
 * The range of each setting at the largest compute, and the law's best there: at the N and D of the largest compute where it was
 * swept, else among the largest runs.
 */
export function triedSettings(fit: TunedFit): Tried[] {
  const { runs, features, compute, reference } = fit.data
  return (['rate', 'batch'] as const).flatMap((setting) => {
    const column = runs.tuning?.[setting]
    if (!column || !features.has(setting)) return []
    const groups = groupBy(
      Array.from({ length: runs.size }, (_, i) => i),
      (i) => `${runs.parameters[i]} ${runs.tokens[i]}`,
    )
    const swept = [...groups.values()]
      .filter((group) => new Set(group.map((i) => column[i])).size >= fewestTried)
      .reduce<number[] | null>(
        (best, group) => (best && runs.flops[best[0]] >= runs.flops[group[0]] ? best : group),
        null,
      )
    const tried = swept ?? Array.from({ length: runs.size }, (_, i) => i).filter((i) => compute[i] >= -largest)
    const middle = (values: Float64Array, unit: number) =>
      tried.reduce((sum, i) => sum + Math.log(values[i] / unit), 0) / tried.length
    const [size, tokens] = [middle(runs.parameters, reference.parameters), middle(runs.tokens, reference.tokens)]
    const values = tried.map((i) => column[i])
    const logarithm = setting === 'rate' ? lnRate(fit, size, tokens) : lnBatch(fit, tokens)
    const best = Math.exp(fit.modes.reduce((sum, { theta, weight }) => sum + weight * logarithm(theta), 0))
    return [{ setting, low: Math.min(...values), high: Math.max(...values), best }]
  })
}
