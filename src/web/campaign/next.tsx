import { hasProcess, isStudy, type LiveState, mayBeOut } from '../../campaign/live.ts'
import type { ViewedOpen, ViewedTraining } from '../../campaign/view.ts'
import { configText } from '../../report/campaign/configuration.ts'
import { compact, nats, percent } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import { session } from '../session.ts'
import { say } from '../words/words.ts'
import { CancelRun } from './cancel-run.tsx'
import { expectedText } from './numbers.ts'
import { news, view } from './state.ts'

const mostShown = 8

/** The runs that are bought next: why, what they cost, what is expected of them. */
export function Next() {
  const { open, space, training } = view.value!
  const { capacity, state, cancels = false } = news.value!
  if (state === 'ended' || (state === 'broken' && open.length === 0)) return null
  const shown = open.slice(0, Math.max(mostShown, mayBeOut(state) ? capacity : 0))
  const mayCancel = (run: ViewedOpen, k: number) => {
    const isHeld = k >= capacity || state === 'paused'
    return mayWrite(state) && run.id !== undefined && (cancels || isHeld)
  }
  const hasCancel = shown.some(mayCancel)
  const told = new Map(mayBeOut(state) ? training.map((one) => [JSON.stringify(one.config), progressText(one)]) : [])
  return (
    <section class="next card" aria-labelledby="next">
      <h2 id="next">
        {say.next} <span class="hint">{open.length > 0 && say.nextCount(shown.length, open.length)}</span>
      </h2>
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
                {hasCancel && <td />}
              </tr>
            </thead>
            <tbody>
              {shown.map((run, k) => (
                <tr key={JSON.stringify(run.config)} class={k < capacity && mayBeOut(state) ? 'now' : ''}>
                  <td>
                    {isStudy(state) && <span class="hint">{run.id} </span>}
                    {configText(space, run.config)} <span class="hint">{told.get(JSON.stringify(run.config))}</span>
                  </td>
                  <td class="number" data-title={say.columns.cost}>
                    {compact(run.config.trainFlops)}
                  </td>
                  <td class="number" data-title={say.columns.expected}>
                    {expectedText(run)}
                  </td>
                  <td>{words().elsewhere(run.reason)}</td>
                  {hasCancel && <td class="number">{mayCancel(run, k) && <CancelRun run={run} />}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}

function mayWrite(state: LiveState): boolean {
  const { value } = session
  return (hasProcess(state) || state === 'detached') && value !== null && value !== 'none' && value.canWrite
}

/** How far a run is: `45 %, 4.213`. */
function progressText({ curve, ahead }: ViewedTraining): string {
  const last = curve.at(-1)
  if (last) return `${percent(Math.floor(100 * last.share) / 100)}, ${nats(last.loss)}`
  return ahead === null ? say.isRunning : say.behind(ahead)
}
