import { fitAlike, fitEach, type PlainFit } from './alike.ts'
import type { NormPrior } from './prior.ts'
import { type NormData, NormProblem } from './problem.ts'

/** Where the first descents begin: E over the lowest loss, alpha and beta. Each term is a fifth of the lowest loss there. */
const starts = [0.6, 0.8].flatMap((e) =>
  [
    [0.3, 0.3],
    [0.5, 0.4],
    [0.25, 0.4],
  ].map(([alpha, beta]) => ({ e, alpha, beta })),
)

/** The same as coefficients of runs with this lowest loss. */
export const startsAt = (lowest: number): Float64Array[] =>
  starts.map(({ e, alpha, beta }) => {
    const term = Math.log(0.2 * lowest)
    return Float64Array.of(Math.log(e / (1 - e)), term, term, Math.log(alpha), Math.log(beta))
  })

/**
 * The law at q by Student's t over all runs alike, from several starts or from another fit. It tells how probable q is by all that
 * was measured, and where the valley lies before any weight leans on it.
 */
export function fitPlain(data: NormData, q: number, prior: NormPrior, from?: PlainFit): PlainFit {
  const problem = new NormProblem(data, q, prior)
  return fitAlike(problem, data.lowest, from ? { from } : { starts: startsAt(data.lowest) })
}

/** The fit of every q. */
export function fitPlains(data: NormData, qs: readonly number[], prior: NormPrior): PlainFit[] {
  return fitEach(qs, (q, from) => fitPlain(data, q, prior, from))
}
