import { type Diagnostic, warning } from '../../core/diagnostic.ts'
import { unitsOf } from '../../core/run.ts'
import type { Subject } from './subject.ts'

/** An interval of E wider than this share of the lowest loss says nothing. */
const vague = 0.5

/** A plateau E that the runs do not show. */
export function ofPlateau({ runs, headline, methods, bootstrap }: Subject): Diagnostic[] {
  if (!headline.determined) return []
  const led = methods.find(({ law, lawIntervals }) => law && lawIntervals?.E)
  const interval = led?.lawIntervals?.E
  if (!led?.law || !interval) return []
  const lowest = runs.loss.reduce((low, L) => Math.min(low, L))
  if (interval[0] > 1e-6 * lowest && interval[1] - interval[0] <= vague * lowest) return []
  return [
    warning(
      'asymptote-not-identified',
      `The plateau E could be anything from ${interval[0].toFixed(3)} to ${interval[1].toFixed(3)} ${unitsOf(runs).difference} (${led.method}: ${led.law.E.toFixed(3)}).`,
      { interval, fitted: led.law.E, method: led.method, confidence: bootstrap.confidence },
      'Trust the best size more than the loss far beyond the data; larger budgets narrow E.',
    ),
  ]
}
