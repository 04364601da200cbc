import { useMemo } from 'preact/hooks'
import { compact } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { data, dropped } from './state.ts'

/** More budgets than this are no profiles. */
const mostShown = 60
/** Budgets that differ by less are one, as in the fit. */
const near = 0.01

/** The budgets of the runs: a click leaves all of one out, or takes them back. */
export function Budgets() {
  const { runs } = data.value!
  const budgets = useMemo(() => budgetsOf(runs.flops as readonly number[]), [runs])
  const out = dropped.value
  const turn = (members: readonly number[], isIn: boolean) => () => {
    const next = new Set(out)
    for (const i of members) {
      if (isIn) next.add(i)
      else next.delete(i)
    }
    dropped.value = next
  }
  return (
    <section class="card" aria-labelledby="budgets">
      <div class="bar">
        <h2 id="budgets">
          {say.fit.budgets} <span class="hint">{say.fit.kept(runs.loss.length - out.size, runs.loss.length)}</span>
        </h2>
        {out.size > 0 && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              dropped.value = new Set()
            }}
          >
            {say.fit.all}
          </button>
        )}
      </div>
      {budgets.length > mostShown ? (
        <p class="hint">{say.fit.manyBudgets(budgets.length)}</p>
      ) : (
        <ul class="chips">
          {budgets.map(({ flops, members }) => {
            const left = members.filter((i) => !out.has(i)).length
            return (
              <li key={flops}>
                <button type="button" class="chip" aria-pressed={left > 0} onClick={turn(members, left > 0)}>
                  {compact(flops)}{' '}
                  <span class="hint">{left === members.length ? left : `${left}/${members.length}`}</span>
                </button>
              </li>
            )
          })}
        </ul>
      )}
      <p class="hint said-of-screen">{say.fit.budgetsHint}</p>
    </section>
  )
}

interface Budget {
  readonly flops: number
  readonly members: readonly number[]
}

function budgetsOf(flops: readonly number[]): Budget[] {
  const order = flops.map((_, i) => i).sort((i, j) => flops[i] - flops[j])
  const budgets: { flops: number; members: number[] }[] = []
  for (const i of order) {
    const last = budgets[budgets.length - 1]
    if (last !== undefined && flops[i] <= last.flops * (1 + near)) last.members.push(i)
    else budgets.push({ flops: flops[i], members: [i] })
  }
  return budgets
}
