import { configText } from '../../report/campaign/configuration.ts'
import { compact, nats, percent } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { expectedText } from './numbers.ts'
import { news, view } from './state.ts'

const mostShown = 12

/** The runs that are bought next: why, what they cost, what is expected of them. */
export function Next() {
  const { open, space } = view.value!
  const { capacity, running, state } = news.value!
  if (state === 'ended' || (state === 'broken' && open.length === 0)) return null
  const shown = open.slice(0, mostShown)
  return (
    <section class="next card" aria-labelledby="next">
      <h2 id="next">
        {say.next} <span class="hint">{open.length > 0 && say.nextCount(shown.length, open.length)}</span>
      </h2>
      {running.length > 0 && (
        <ul class="running">
          {running.map(({ id, share, loss }) => (
            <li key={id}>
              <code>{id}</code>
              <progress max={1} value={share ?? 0} aria-label={id} />
              <span>
                {share !== null && say.share(percent(Math.floor(100 * share) / 100))} {loss !== null && nats(loss)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {shown.length === 0 ? (
        <p class="hint">{say.nextNone}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        <section class="scroll" tabIndex={0} aria-label={say.next}>
          <table>
            <thead>
              <tr>
                <th scope="col">{say.columns.config}</th>
                <th scope="col" class="number">
                  {say.columns.cost}
                </th>
                <th scope="col" class="number">
                  {say.columns.expected}
                </th>
                <th scope="col">{say.columns.reason}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((run, k) => (
                <tr key={JSON.stringify(run.config)} class={k < capacity && state !== 'broken' ? 'now' : ''}>
                  <td>{configText(space, run.config)}</td>
                  <td class="number">{compact(run.config.trainFlops)}</td>
                  <td class="number">{expectedText(run)}</td>
                  <td>{run.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}
