import { type Diagnostic, info, short, warning } from '../../core/diagnostic.ts'
import { unitsOf } from '../../core/run.ts'
import type { Limit } from './limit.ts'
import type { FittedRepeats, RepeatsResult } from './result.ts'

/** What the reader of the data-constrained law should know. */
export function repeatsDiagnostics(result: RepeatsResult): Diagnostic[] {
  if (result.kind === 'unavailable') return []
  return [...openDiagnostics(result), ...lateDiagnostics(result), ...fitDiagnostics(result)]
}

/** So many times the most epochs of the runs would tell more: 49 of 60 worlds were closed with 32 epochs, 21 with 8. */
const moreEpochs = [4, 8] as const

function openDiagnostics({ tokens, mostEpochs, withheld }: FittedRepeats): Diagnostic[] {
  if (tokens.kind === 'between') return []
  const { length } = withheld
  const rest =
    length > 0 ? `; the best run of ${length === 1 ? 'one budget' : `${length} budgets`} has more and is not told` : ''
  return [
    warning(
      'repeats-open',
      `Up to ${short(mostEpochs)} epochs the runs ${openText(tokens)}${rest}.`,
      { tokens, mostEpochs, withheld: length },
      `Train the sizes of the table with their unique tokens seen ${moreEpochs.map((more) => short(more * mostEpochs)).join(' and ')} times.`,
    ),
  ]
}

function openText(tokens: Exclude<Limit, { kind: 'between' }>): string {
  if (tokens.kind === 'at-least')
    return `do not tell where repeats stop to teach: R* is at least ${short(tokens.least)}, and may be without end`
  if (tokens.kind === 'at-most') return `allow that repeats teach nothing: R* is at most ${short(tokens.most)}`
  return 'do not tell what repeats are worth'
}

/**
 * Memorizing of so many standard deviations and nats is no accident: their standard deviations are wide, so that of 320 simulated worlds
 * without memorizing none had as many, and of 40 with it and 64 epochs 37.
 */
const memorized = { deviations: 2, nats: 0.005 } as const

function lateDiagnostics({ late, lossUnit }: FittedRepeats): Diagnostic[] {
  if (late === null || late.deviations < memorized.deviations || late.most < memorized.nats) return []
  return [
    warning(
      'repeats-memorized',
      `Runs of many epochs rise above the law, the more the larger the model, by up to ${late.most.toFixed(3)} ${unitsOf({ lossUnit }).difference}: so many repeats harm, which it has no term for.`,
      { ...late },
      'Do not plan for so many epochs; --method joint has a term for memorizing.',
    ),
  ]
}

function fitDiagnostics({ every, runs, converged }: FittedRepeats): Diagnostic[] {
  const found: Diagnostic[] = []
  if (every > 1)
    found.push(
      info(
        'runs-thinned',
        `Of so many runs the data-constrained law is fitted to one in ${every}.`,
        { every, runs },
        'If other runs matter more, fit a file of those.',
      ),
    )
  if (!converged)
    found.push(
      warning(
        'not-converged',
        'The fit of the data-constrained law stopped before it converged.',
        {},
        'Look for rows that are no runs.',
      ),
    )
  return found
}
