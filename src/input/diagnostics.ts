import type { Diagnostic } from '../core/diagnostic.ts'
import type { RunData, RunGroups } from './read.ts'

/** What the reader of a fit should know about how its data were read. */
export function dataDiagnostics({ notes, excluded, checkpoints, read, groups }: RunData): Diagnostic[] {
  const found: Diagnostic[] = []
  if (notes.length > 0)
    found.push({
      code: 'columns-inferred',
      severity: 'info',
      message: notes.join('; '),
      evidence: { notes },
      advice: 'If a column was taken for the wrong quantity, name it with --columns.',
    })
  if (excluded.length > 0) {
    const [{ source, row, reason }] = excluded
    found.push({
      code: 'runs-excluded',
      severity: 'warning',
      message: `${excluded.length} of ${read} rows are in no fit, the first being ${source} row ${row}: ${reason}.`,
      evidence: { count: excluded.length },
      advice: 'The report and --json list every one.',
    })
  }
  if (groups !== null && !groups.isAsked) found.push(pooled(groups))
  if (checkpoints > 0)
    found.push({
      code: 'checkpoints-set-aside',
      severity: 'info',
      message: `${checkpoints} rows are earlier checkpoints of a run; only envelope uses them.`,
      evidence: { checkpoints },
      advice: 'Before its learning rate has decayed a run is above what its N and D can reach.',
    })
  return found
}

/** Values of a column that are named, at most. */
const mostNamed = 8

function pooled({ column, names, ratio }: RunGroups): Diagnostic {
  const shown = names.slice(0, mostNamed).map((name) => JSON.stringify(name))
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ''
  return {
    code: 'data-sets-pooled',
    severity: 'warning',
    message:
      `Several data sets were fitted as one: at equal N and D the losses of the values of "${column}" ` +
      `(${shown.join(', ')}${more}) differ by up to a factor of ${ratio?.toPrecision(3)}.`,
    evidence: { column, names: names.slice(0, mostNamed), ratio },
    advice: `Fit each by itself with --group-by '${column}', or one of them with --where '${column}=${names[0]}'.`,
  }
}
