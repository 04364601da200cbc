import type { Diagnostic } from '../../core/diagnostic.ts'
import { remarksOf } from '../../report/fit/words.ts'
import { sentence } from '../../report/prose.ts'
import { words } from '../../report/words/words.ts'
import { say } from '../words/words.ts'
import { readWith } from './reading.ts'
import { askJoint, askWith, dropped, fitted, isGrouped, selected, standing } from './state.ts'

/** What is to be known before the answer is relied on: warnings, and, closed, the rest. Beside each stands what the page can do about it. */
export function Remarks({ diagnostics }: { readonly diagnostics: readonly Diagnostic[] }) {
  const all = remarksOf({ diagnostics })
  const warnings = all.filter(({ severity }) => severity === 'warning')
  const others = all.filter(({ severity }) => severity !== 'warning')
  if (all.length === 0) return null
  return (
    <section class="card remarks" aria-labelledby="remarks">
      <h2 id="remarks">{say.fit.remarks}</h2>
      {warnings.length > 0 ? (
        <List remarks={warnings} />
      ) : (
        standing.value.kind === 'fitted' && <p class="hint">{say.fit.noWarnings}</p>
      )}
      {others.length > 0 && (
        <details class="reading">
          <summary>{say.fit.notes(others.length)}</summary>
          <List remarks={others} />
        </details>
      )}
    </section>
  )
}

const List = ({ remarks }: { readonly remarks: readonly Diagnostic[] }) => (
  <ul>
    {remarks.map((remark) => (
      <li key={remark.code + remark.message}>
        <strong>{remark.code}</strong> {sentence(words().elsewhere(remark.message))}{' '}
        <span class="hint">{words().elsewhere(remark.advice)}</span>
        <Remedy remark={remark} />
      </li>
    ))}
  </ul>
)

function Remedy({ remark }: { readonly remark: Diagnostic }) {
  const found = remedyOf(remark)
  return (
    found && (
      <button type="button" class="small" onClick={found.take}>
        {found.name}
      </button>
    )
  )
}

/** What a click can do about a remark; null where there is nothing. */
function remedyOf({ code, evidence }: Diagnostic): { readonly name: string; take(): void } | null {
  switch (code) {
    case 'data-sets-pooled': {
      const column = String(evidence.column)
      return { name: say.fit.groupByColumn(column), take: () => void readWith({ groupBy: column }) }
    }
    case 'outliers':
      return outliersOut(evidence.runs as readonly { readonly run: number }[])
    case 'repeats-counted-fresh':
      return isGrouped.value ? null : { name: say.fit.askRepeats, take: () => askWith({ repeats: true }) }
    case 'settings-unused':
      return isGrouped.value ? null : { name: say.fit.askJoint, take: () => askJoint(true) }
    default:
      return null
  }
}

function outliersOut(runs: readonly { readonly run: number }[]) {
  const { numbers } = fitted.value!
  const take = () => {
    dropped.value = new Set([...dropped.value, ...runs.map(({ run }) => numbers[run])])
    selected.value = null
  }
  return { name: say.fit.outliersOut(runs.length), take }
}
