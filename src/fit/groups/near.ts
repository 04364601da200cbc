import { type Runs, selectRuns } from '../../core/run.ts'
import { norms } from '../norm/fit.ts'
import { fitPlains } from '../norm/plain.ts'
import type { NormPrior } from '../norm/prior.ts'
import { normData } from '../norm/problem.ts'

/** A run so many spreads from the law of its group by Student's t says nothing of what groups share. */
const farthest = 6
/** The spread is not believed to be less than this share of the loss: losses of real runs scatter by more. */
const leastSpread = 0.001

/** The runs of a group without those far from its law. */
export function nearRuns(runs: Runs, prior: NormPrior): Runs {
  const data = normData(runs)
  const fits = fitPlains(data, prior.q.sd === 0 ? [prior.q.mean] : norms, prior)
  const { residual, spread } = fits.reduce((best, fit) => (fit.evidence > best.evidence ? fit : best))
  const limit = farthest * Math.max(spread, leastSpread * data.lowest)
  const near = Array.from(residual.keys()).filter((i) => Math.abs(residual[i]) <= limit)
  return near.length < runs.size ? selectRuns(runs, near) : runs
}
