import { supportedSize } from '../../law/repeats.ts'
import { invertPositive } from '../../numeric/cholesky.ts'
import { dot, times } from '../../numeric/matrix.ts'
import { epochsOf, type RepeatsData } from './data.ts'
import type { RepeatsFit } from './fit.ts'
import { RepeatsProblem } from './problem.ts'
import type { FittedRepeats } from './result.ts'

/** Repeats from which memorizing is looked for, as in the joint law's prior; fewer runs beyond it than this tell nothing. */
const late = { repeats: 10, runs: 4 } as const

/**
 * Whether runs of many epochs rise above the law, the more the larger their model: it knows repeats that teach nothing, but none that
 * harm. What memorizing would add (E83) is fitted beside the law's own coefficients, to first order: how many nats at most, and how
 * many standard deviations that is from none (E119).
 */
export function lateRuns({ data, lead, prior, relevance, scale }: RepeatsFit): FittedRepeats['late'] {
  const shape = memorizing(data, new RepeatsProblem(data, lead.q, prior).law(lead.theta).fresh)
  const runs = shape.filter((value) => value > 0).length
  if (runs < late.runs) return null
  const problem = new RepeatsProblem(data, lead.q, prior)
  problem.precision.set(relevance.map((w) => Math.sqrt(w) / scale))
  problem.cost(Float64Array.from(lead.theta))
  const covariance = invertPositive(problem.slope().normal, problem.size)
  if (covariance === null) return null
  // What of the shape the law's own coefficients cannot imitate, and how much of the residuals it explains.
  const { jacobian, precision, residual, size } = problem
  const weigh = (values: Float64Array) => values.map((value, i) => precision[i] ** 2 * value)
  const along = (values: Float64Array) =>
    Float64Array.from({ length: size }, (_, k) =>
      values.reduce((sum, value, i) => sum + value * jacobian[i * size + k], 0),
    )
  const imitated = times(covariance, along(weigh(shape)))
  const rest = shape.map((value, i) => value - dot(jacobian.subarray(i * size, (i + 1) * size), imitated))
  const information = dot(weigh(shape), rest)
  const amount = -dot(weigh(residual), rest) / information
  if (!Number.isFinite(amount)) return null
  return { runs, most: amount * shape.reduce((a, b) => Math.max(a, b)), deviations: amount * Math.sqrt(information) }
}

/** What memorizing would add to each run, up to a factor. */
function memorizing(data: RepeatsData, fresh: RepeatsFit['law']['fresh']): Float64Array {
  const epochs = epochsOf(data)
  return data.runs.parameters.map((N, i) => {
    const onset = Math.log(Math.max(1, epochs[i] - 1) / late.repeats)
    return onset > 0 ? Math.sqrt(N / supportedSize(fresh, data.unique[i])) * onset ** 2 : 0
  })
}
