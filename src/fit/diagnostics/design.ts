import { type Diagnostic, info, short, warning } from '../../core/diagnostic.ts'
import type { Runs } from '../../core/run.ts'
import { firstEqual } from '../../numeric/equal-rows.ts'
import { lineOf, lineText, nextText } from '../headline.ts'
import type { Subject } from './subject.ts'

/** What the choice of the runs leaves open: repeats, runs on one line, a law that is not determined. */
export function ofDesign({ runs, headline }: Subject): Diagnostic[] {
  const found: Diagnostic[] = []
  const repeats = repeatedSizes(runs)
  if (repeats.runs > 0)
    found.push(
      info(
        'repeated-sizes',
        `${repeats.runs} runs repeat the N and D of another run; their losses differ by up to ${short(repeats.spread)}.`,
        repeats,
        'If they sweep a learning rate or another setting, fit the best of each with --best.',
      ),
    )
  const line = lineOf(runs)
  if (line)
    found.push(
      warning(
        'single-ray',
        `The runs ${lineText(line)}: along one line the effects of N and of D cannot be told apart.`,
        { ...line },
        'Vary the tokens per parameter, for example 5 and 80 beside 20.',
      ),
    )
  if (!headline.determined)
    found.push(
      warning(
        'not-determined',
        `No law is headlined: ${headline.reasons.join('; ')}.`,
        { reasons: headline.reasons, next: headline.next },
        headline.next ? nextText(headline.next) : 'Vary N and D more widely.',
      ),
    )
  return found
}

/** Runs whose N and D another run has too, and the largest difference of losses among equals. */
function repeatedSizes({ parameters, tokens, loss, size }: Runs): { runs: number; spread: number } {
  const first = firstEqual([parameters, tokens], size)
  const lowest = Float64Array.from(loss)
  const highest = Float64Array.from(loss)
  let repeated = 0
  let spread = 0
  for (let i = 0; i < size; i++) {
    if (first[i] === i) continue
    repeated++
    lowest[first[i]] = Math.min(lowest[first[i]], loss[i])
    highest[first[i]] = Math.max(highest[first[i]], loss[i])
    spread = Math.max(spread, highest[first[i]] - lowest[first[i]])
  }
  return { runs: repeated, spread }
}
