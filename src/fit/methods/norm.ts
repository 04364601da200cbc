import { everyNth } from '../../core/run.ts'
import { estimateOf } from '../estimate.ts'
import { drawNorms } from '../norm/draws.ts'
import { fewestForNorm, fitNorm, type NormFit } from '../norm/fit.ts'
import { type Fitted, inFlops, type Method, plain } from './method.ts'

/** Beyond this many runs, `norm` is fitted to every nth: its law is as certain, and the fit stays within seconds. */
const mostForNorm = 5_000

/** The law in N and D with a norm q, by its posterior (norm/fit.ts). */
export const norm: Method<'norm', Fitted & { readonly norm: NormFit }> = {
  name: 'norm',
  isQuick: true,
  fit(data, { prior }) {
    const { runs } = data
    const nth = Math.ceil(runs.size / mostForNorm)
    const norm = fitNorm(nth > 1 ? everyNth(runs, nth) : runs, prior)
    if (norm === null) return `${runs.size} runs, norm needs ${fewestForNorm}`
    const { law, residual, converged } = norm
    const rmse = Math.sqrt(residual.reduce((sum, r) => sum + r * r, 0) / residual.length)
    const fitError = { rmse, of: 'loss' } as const
    const part = `fitted to ${residual.length} of ${runs.size} runs, every ${nth}th`
    const fitted = {
      ...plain,
      norm,
      converged,
      estimate: estimateOf(law, fitError),
      excluded: nth > 1 ? [{ budget: null, reason: part }] : [],
      replicas: {
        kind: 'draws',
        draw: (count: number, seed: number) =>
          drawNorms(norm, count, seed).map(({ law, drift }) => ({ ...estimateOf(law, fitError), drift })),
      },
    } as const
    return inFlops(fitted, data)
  },
}
