import { compact, nats, significant } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { cancelRun, openRuns } from './open-runs.ts'
import { useTold } from './told.tsx'
import { modelText } from './wire.ts'

/** Runs that wait or run now, how far they are, and an end to each. */
export function OpenRuns() {
  const told = useTold()
  if (openRuns.value.length === 0) return null
  return (
    <section class="card" aria-labelledby="open-runs">
      <h2 id="open-runs">
        {say.class.openRuns} <span class="hint">{openRuns.value.length}</span>
      </h2>
      <ul class="running">
        {openRuns.value.map(({ id, state, ahead, latest, ...config }) => (
          <li key={id}>
            <span class={`dot ${state === 'running' ? 'running' : ''}`} aria-hidden="true" />
            <span>
              {modelText(config)}, {compact(config.train_flops)} FLOPs
            </span>
            <span class="hint">
              {state === 'running' ? say.counts.running : say.class.waits(ahead)}
              {latest &&
                ` · ${say.columns.loss} ${nats(latest.loss)}, ${significant(latest.tokens)} ${say.class.tokensSeen}`}
            </span>
            <button type="button" class="quiet" onClick={() => void cancelRun(id).catch(told.fault)}>
              {say.class.cancel}
            </button>
          </li>
        ))}
      </ul>
      {told.line}
    </section>
  )
}
