import { type Diagnostic, warning } from '../../core/diagnostic.ts'
import type { Subject } from './subject.ts'

/** With fewer runs than this that count, the priors of norm decide with them. */
const fewRuns = 10

/** So few runs that the prior decides with them. */
export function ofFewRuns({ runs, headline }: Subject): Diagnostic[] {
  if (!headline.determined || runs.size >= fewRuns) return []
  return [
    warning(
      'few-runs',
      `With ${runs.size} runs the law has as many coefficients as runs, or nearly: its prior decides with them, and its intervals are too narrow where runs scatter.`,
      { runs: runs.size },
      'Expect a 95 % interval to hold in about 85 % of such tables; ten runs or more, at two budgets or more, speak for themselves.',
    ),
  ]
}
