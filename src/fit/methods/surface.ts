import { estimateOf } from '../estimate.ts'
import { surfaceScores } from '../scores.ts'
import { exponentRange, fewestForSurface, fitSurface, type SurfaceFit } from '../surface.ts'
import { type Fitted, inFlops, type Method, plain, type Refits } from './method.ts'

/** Exponents beyond these are the ends of the range that is searched. */
const exponentEnds = { least: 1.1 * exponentRange.least, most: 0.98 * exponentRange.most } as const

/** The additive law by least squares on all runs alike (surface.ts). */
export const surface: Method<'surface', Fitted & { readonly estimate: SurfaceFit }> = {
  name: 'surface',
  isQuick: true,
  fit(data) {
    const { runs, budgets } = data
    const estimate = fitSurface(runs)
    if (estimate === null)
      return runs.size < fewestForSurface
        ? tooFewForSurface(runs.size)
        : 'no surface with falling loss in N and in D fits the runs'
    const { law, fitError, converged } = estimate
    const replicas: Refits = {
      kind: 'refits',
      refit: (sample) => fitSurface(sample.runs, { weights: sample.weights, near: law }),
      scores: (options) =>
        new Map(
          [...(surfaceScores(runs, budgets, law, options) ?? [])].map(
            ([scheme, laws]) => [scheme, laws.map((law) => estimateOf(law, fitError!))] as const,
          ),
        ),
    }
    return inFlops({ ...plain, estimate, converged: converged && !isAtEnd(law), replicas }, data)
  },
}

export const tooFewForSurface = (runs: number): string => `${runs} runs, a surface needs ${fewestForSurface}`

const isAtEnd = ({ alpha, beta }: SurfaceFit['law']): boolean =>
  Math.max(alpha, beta) > exponentEnds.most || Math.min(alpha, beta) < exponentEnds.least
