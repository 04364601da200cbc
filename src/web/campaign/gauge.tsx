import { mayBeOut } from '../../campaign/live.ts'
import { compact } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import { Bar } from '../parts/gauge.tsx'
import { say } from '../words/words.ts'
import { share } from './numbers.ts'
import { news, view } from './state.ts'

/** The budget: what is spent, what is out, what is left; and how many runs came to what. */
export function Gauge() {
  const { task, spentFlops, open, refused, lost, runs, rounds } = view.value!
  const { capacity, state } = news.value!
  const goesOn = mayBeOut(state)
  const running = goesOn ? Math.min(capacity, open.length) : 0
  const reserved = open.slice(0, running).reduce((sum, { config }) => sum + config.trainFlops, 0)
  const left = Math.max(0, task.budget - spentFlops - reserved)
  const parts = [
    { name: 'spent', flops: spentFlops, text: say.spent(compact(spentFlops), share(spentFlops, task.budget)) },
    ...(reserved > 0 ? [{ name: 'reserved', flops: reserved, text: say.reserved(compact(reserved)) }] : []),
    { name: 'left', flops: left, text: say.left(compact(left)) },
  ]
  const all = Math.max(task.budget, spentFlops + reserved)
  const counts = [
    ['done', runs.length],
    ['running', running],
    ['waiting', goesOn ? open.length - running : 0],
    ['diverged', runs.filter(({ loss }) => loss === null).length],
    ['refused', refused.length],
    ['lost', lost.length],
  ] as const
  return (
    <section class="gauge card" aria-label={say.budget}>
      <h2>
        {say.budget} <span class="hint">{say.ofBudget(compact(task.budget))}</span>
      </h2>
      <Bar parts={parts} all={all} />
      <ul class="counts">
        {counts
          .filter(([name, count]) => count > 0 || name === 'done')
          .map(([name, count]) => (
            <li key={name}>
              <strong>{count}</strong> {say.counts[name]}
            </li>
          ))}
      </ul>
      {goesOn && rounds.length > 0 && <p class="hint">{words().elsewhere(rounds[rounds.length - 1].title)}</p>}
    </section>
  )
}
