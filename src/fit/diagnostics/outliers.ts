import { type Diagnostic, short, warning } from '../../core/diagnostic.ts'
import { unitsOf } from '../../core/run.ts'
import { besideOthers } from '../norm/outliers.ts'
import { isOfAll, type Subject } from './subject.ts'

/**
 * A residual this many times the typical one is an outlier: 5, or more where so many normal residuals would be expected to
 * reach farther than that once in a hundred data sets;
 */
const outlierScale = (count: number) => Math.max(5, Math.sqrt(2 * Math.log(100 * count)))
/** and larger than this, relative to the loss. */
const outlierLeast = 1e-3
/** More are counted and not named. */
const mostNamed = 20

/** Runs far from the law that the others follow. */
export function ofOutliers({ runs, laws: { norm } }: Subject): Diagnostic[] {
  if (norm === null || !isOfAll(norm, runs)) return []
  const { residual, sd, spread } = besideOthers(norm)
  const far = outlierScale(runs.size)
  const found = Array.from({ length: runs.size }, (_, i) => i)
    .filter((i) => Math.abs(residual[i]) > Math.max(far * sd[i], outlierLeast * runs.loss[i]))
    .sort((i, j) => Math.abs(residual[j]) - Math.abs(residual[i]))
  if (found.length === 0) return []
  const unit = unitsOf(runs).difference
  const named = found.slice(0, 3).map((i) => {
    const side = residual[i] > 0 ? 'above' : 'below'
    return `${short(Math.abs(residual[i]))} ${unit} ${side} at N = ${short(runs.parameters[i])}, D = ${short(runs.tokens[i])}`
  })
  const rest = found.length - named.length
  return [
    warning(
      'outliers',
      `${found.length} of ${runs.size} runs lie more than ${far.toFixed(1)} standard deviations from the law that the others follow ` +
        `(they scatter by ${short(spread)} ${unit}): ${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`,
      {
        count: found.length,
        typical: spread,
        runs: found.slice(0, mostNamed).map((run) => ({
          run,
          residual: residual[run],
          parameters: runs.parameters[run],
          tokens: runs.tokens[run],
          loss: runs.loss[run],
        })),
      },
      'Look at these runs: a crash or a wrong number looks like this. norm and huber give them little weight, surface its full one.',
    ),
  ]
}
