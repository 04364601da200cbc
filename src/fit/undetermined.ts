import { short } from '../core/diagnostic.ts'
import type { Interval } from '../core/interval.ts'
import type { Runs } from '../core/run.ts'
import { lineOf, lineText } from './headline.ts'

/** An interval of the best N at the largest compute that spans more than this is no answer. */
const mostWidth = 10

/** Why runs do not determine the best size, of which they allow this interval at their largest compute; null where they do. */
export function undeterminedSize(runs: Runs, [low, high]: Interval): string | null {
  const line = lineOf(runs)
  if (line) return `the runs ${lineText(line)}, so the effects of N and of D cannot be told apart`
  return high > mostWidth * low
    ? `at the largest compute the best N may be anything from ${short(low)} to ${short(high)}`
    : null
}
