import { compact } from '../../report/number.ts'
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
  let from = 0
  return (
    <section class="gauge card" aria-label={say.budget}>
      <h2>
        {say.budget} <span class="hint">{say.ofBudget(compact(all))}</span>
      </h2>
      <svg
        viewBox="0 0 1000 14"
        preserveAspectRatio="none"
        role="img"
        aria-label={parts.map(({ text }) => text).join(', ')}
      >
        {parts.map(({ name, flops }) => {
          const x = from
          from += all > 0 ? (1000 * Math.max(0, flops)) / all : 0
          return <rect key={name} class={name} x={x} y="0" width={Math.max(0, from - x)} height="14" />
        })}
      </svg>
      <ul class="legend">
        {parts.map(({ name, text }) => (
          <li key={name}>
            <span class={`swatch ${name}`} aria-hidden="true" />
            {text}
          </li>
        ))}
      </ul>
      <ul class="counts">
        <li>
          <strong>{runs.value.length}</strong> {say.class.runsDone}
        </li>
      </ul>
    </section>
  )
}
