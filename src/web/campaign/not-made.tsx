import { configText } from '../../report/campaign/configuration.ts'
import { words } from '../../report/words/words.ts'
import { say } from '../words/words.ts'
import { view } from './state.ts'

/** More than these are not listed: the report has them. */
const mostShown = 50

/** Runs that came to nothing, and why. */
export function NotMade() {
  const { refused, lost, space } = view.value!
  const all = [
    ...lost.map((one) => ({ ...one, kind: say.counts.lost })),
    ...refused.map((one) => ({ ...one, kind: say.counts.refused })),
  ]
  if (all.length === 0) return null
  return (
    <details class="card">
      <summary>{say.notMade(all.length)}</summary>
      <ul>
        {all.slice(0, mostShown).map(({ config, message, kind }) => (
          <li key={JSON.stringify(config)}>
            {configText(space, config)} <span class="hint">{kind}</span> {words().elsewhere(message)}
          </li>
        ))}
      </ul>
    </details>
  )
}
