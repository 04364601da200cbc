import { compact } from '../../report/number.ts'
import { Bar } from '../parts/gauge.tsx'
import { say } from '../words/words.ts'
import { shareText } from './header.tsx'
import { runs, sums } from './me.ts'

/** What the key has, has spent, and has out. */
export function Budget() {
  const { all, spent, out, left } = sums.value
  const parts = [
    { name: 'spent', flops: spent, text: say.spent(compact(spent), shareText(all > 0 ? spent / all : 0)) },
    ...(out > 0 ? [{ name: 'reserved', flops: out, text: say.class.reserved(compact(out)) }] : []),
    { name: 'left', flops: left, text: say.left(compact(left)) },
  ]
  return (
    <section class="gauge card" aria-label={say.budget}>
      <h2>
        {say.budget} <span class="hint">{say.ofBudget(compact(all))}</span>
      </h2>
      <Bar parts={parts} all={all} />
      <ul class="counts">
        <li>
          <strong>{runs.value.length}</strong> {say.class.runsDone(runs.value.length)}
        </li>
      </ul>
    </section>
  )
}
