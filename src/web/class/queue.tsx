import { useState } from 'preact/hooks'
import { systemClock } from '../../core/clock.ts'
import { compact } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { cancelQueued, choose, labelOf, type Queued, queue } from './students.ts'
import { useTold } from './told.tsx'
import { modelText } from './wire.ts'

/** Lines that are shown before somebody asks for the rest. */
const shownFirst = 8

/** What waits and runs, of everybody: whose it is, since when, how many are before it, and an end to what nobody holds the line for. */
export function QueueCard() {
  const [isAll, setAll] = useState(false)
  const told = useTold()
  const { queued, total } = queue.value
  if (total === 0) return null
  const shown = isAll ? queued : queued.slice(0, shownFirst)
  return (
    <section class="card queue" aria-labelledby="queue">
      <h2 id="queue">
        {say.class.openRuns} <span class="hint">{total}</span>
      </h2>
      <ul class="running">
        {shown.map((one) => (
          <Line
            key={`${one.key} ${one.run.id}`}
            one={one}
            onCancel={() => {
              told.say('')
              cancelQueued(one).then(() => told.say(say.class.ends.cancelled), told.fault)
            }}
          />
        ))}
      </ul>
      {queued.length > shown.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          {say.class.more(queued.length - shown.length)}
        </button>
      )}
      {isAll && total > queued.length && <p class="hint">{say.class.notShown(total - queued.length)}</p>}
      {told.line}
    </section>
  )
}

function Line({ one, onCancel }: { readonly one: Queued; readonly onCancel: () => void }) {
  const { key, run, state, ahead, askedAt, startedAt } = one
  const what = `${modelText(run)}, ${compact(run.train_flops)} FLOPs`
  return (
    <li>
      <span class={`dot ${state === 'waiting' ? '' : 'running'}`} aria-hidden="true" />
      <button type="button" class="link" onClick={() => choose(key)}>
        {labelOf(key)}
      </button>
      <span>{what}</span>
      <span class="hint">
        {state === 'running' ? say.counts.running : state === 'query' ? say.class.isHeld : say.class.waits(ahead)} ·{' '}
        {say.class.since(agoText(startedAt ?? askedAt))}
      </span>
      {state !== 'query' && (
        <button
          type="button"
          class="quiet"
          aria-label={`${say.class.cancel}: ${what}, ${labelOf(key)}`}
          onClick={onCancel}
        >
          {say.class.cancel}
        </button>
      )}
    </li>
  )
}

/** How long ago something was, in its largest unit. */
export function agoText(iso: string, now: number = systemClock.now()): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000)
  const [size, unit] = (
    [
      [86_400, 'd'],
      [3600, 'h'],
      [60, 'min'],
    ] as const
  ).find(([size]) => seconds >= size) ?? [1, 's']
  return `${Math.floor(seconds / size)} ${unit}`
}
