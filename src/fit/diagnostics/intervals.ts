import { type Diagnostic, info } from '../../core/diagnostic.ts'
import type { Subject } from './subject.ts'

/** Methods that have no interval, and why. */
export function ofIntervals({ runs, bootstrap, methods }: Subject): Diagnostic[] {
  const withheld = methods.flatMap(({ method, withheld: reason }) => (reason === null ? [] : [{ method, reason }]))
  const skipped = methods
    .filter(({ modelSize, withheld: reason }) => modelSize && modelSize.interval === null && reason === null)
    .map(({ method }) => method)
  return [
    ...withheld.map(({ method, reason }) =>
      info(
        'interval-withheld',
        `${method} has no interval: ${reason}.`,
        { method, reason },
        'Its law hangs on single runs. Take the intervals of norm.',
      ),
    ),
    ...(bootstrap.kind === 'score' && skipped.length > 0
      ? [
          info(
            'intervals-skipped',
            `With ${runs.size} runs only norm and surface have intervals; not ${skipped.join(', ')}.`,
            { methods: skipped },
            'Take the intervals of norm, or fit a sample of the runs.',
          ),
        ]
      : []),
  ]
}
