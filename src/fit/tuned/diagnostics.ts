import { type Diagnostic, info, short, warning } from '../../core/diagnostic.ts'
import type { Runs } from '../../core/run.ts'
import type { TunedResult } from './result.ts'

/** A run has seen its data again where it has fewer unique tokens than this share of its tokens. */
const repeated = 0.999
/** The law's best within this factor of the last value tried is at the end of the range. */
const atEnd = 1.05
/** With fewer runs for each free coefficient the priors speak as loudly as the runs. */
const fewestPerCoefficient = 2

const nameOf = { rate: 'learning rate', batch: 'batch' } as const

/** What the reader of a fit by N and D alone should know of the settings that its table has. */
export function unusedSettings({ tuning, tokens, size }: Runs): Diagnostic[] {
  if (!tuning) return []
  const found: Diagnostic[] = []
  const { rate, batch, unique } = tuning
  const varying = [rate && varies(rate) ? 'learning rates' : '', batch && varies(batch) ? 'batches' : ''].filter(
    Boolean,
  )
  if (varying.length > 0)
    found.push(
      info(
        'settings-unused',
        `The runs differ in ${varying.join(' and ')}, which the methods by N and D take for scatter.`,
        { settings: varying },
        '--method joint fits them too and names the best ones as formulas.',
      ),
    )
  const seenAgain = unique?.reduce((count, U, i) => count + Number(U < repeated * tokens[i]), 0) ?? 0
  if (seenAgain > 0)
    found.push(
      warning(
        'repeats-counted-fresh',
        `${seenAgain} of ${size} runs saw their data more than once; the methods by N and D count repeats as fresh tokens.`,
        { runs: seenAgain },
        '--repeats fits what they are worth (--method joint, together with rates and batches).',
      ),
    )
  return found
}

const varies = (column: Float64Array): boolean => {
  const known = column.filter((value) => value > 0)
  return known.some((value) => value !== known[0])
}

/** What the reader of the joint law should know. */
export function tunedDiagnostics(joint: TunedResult): Diagnostic[] {
  if (joint.unavailable !== null) return []
  return [...rangeDiagnostics(joint), ...dataDiagnostics(joint)]
}

/** Settings whose best lies at the end of what was tried, or beyond it. */
function rangeDiagnostics({ tried }: TunedResult): Diagnostic[] {
  return tried.flatMap(({ setting, low, high, best }) => {
    const side = best > high / atEnd ? 'highest' : best < low * atEnd ? 'lowest' : null
    if (side === null) return []
    const end = side === 'highest' ? high : low
    return [
      warning(
        'setting-at-end',
        `At the largest compute the best ${nameOf[setting]}, ${short(best)}, is at or beyond the ${side} that was tried there, ${short(end)}.`,
        { setting, low, high, best },
        `Try ${side === 'highest' ? 'higher' : 'lower'} ones there: beyond the end the formula is the law's, not the runs'.`,
      ),
    ]
  })
}

function dataDiagnostics({ fixed, incomplete, every, runs, coefficients, converged }: TunedResult): Diagnostic[] {
  const found: Diagnostic[] = []
  if (every > 1)
    found.push(
      info(
        'runs-thinned',
        `Of so many runs the joint law is fitted to one in ${every}.`,
        { every, runs },
        'If other runs matter more, fit a file of those.',
      ),
    )
  if (fixed.length > 0)
    found.push(
      info(
        'setting-fixed',
        `All runs have the same ${fixed.map((setting) => nameOf[setting]).join(' and the same ')}: nothing can be said of a better one.`,
        { settings: fixed },
        'Train some runs with a third and with three times of it.',
      ),
    )
  if (incomplete > 0)
    found.push(
      info(
        'settings-incomplete',
        `${incomplete} runs lack a learning rate or a batch that the others have; the joint law leaves them out.`,
        { runs: incomplete },
        'Fill in these cells, or leave out the column with --columns.',
      ),
    )
  if (runs < fewestPerCoefficient * coefficients)
    found.push(
      warning(
        'few-for-settings',
        `${runs} runs for a law of ${coefficients} coefficients: the priors speak as loudly as the runs.`,
        { runs, coefficients },
        'The intervals allow for it; add runs that differ in one setting at a time.',
      ),
    )
  if (!converged)
    found.push(
      warning(
        'not-converged',
        'The fit of the joint law stopped before it converged.',
        {},
        'Look for rows that are no runs.',
      ),
    )
  return found
}
