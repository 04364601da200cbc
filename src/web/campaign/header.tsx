import { useState } from 'preact/hooks'
import { hasProcess, isStudy, type LiveState, type Wish } from '../../campaign/live.ts'
import type { CampaignView } from '../../campaign/view.ts'
import { isProgram, sourceText } from '../../report/campaign/facts.ts'
import { Copy } from '../parts/copy.tsx'
import { send, session } from '../session.ts'
import { isConnected } from '../stream.ts'
import { say } from '../words/words.ts'
import { news, view } from './state.ts'

/** What is looked at, how it stands, and what may be asked of it. */
export function Header() {
  const told = news.value!
  const { state } = told
  document.title = `${say.states[state]} · ${told.folder}`
  return (
    <header>
      <div class="what">
        <h1>{say.title(nameOf(view.value!, told.folder))}</h1>
        <p class="state" role="status">
          <span class={`dot ${state}`} aria-hidden="true" />
          {say.states[state]}
          {say.stateHints[state] !== '' && <span class="hint"> {say.stateHints[state]}</span>}
          {!isConnected.value && <span class="hint lost"> {say.lost}</span>}
        </p>
        {hasLeft(state) && told.command !== '' && (
          <p class="command">
            <code>{told.command}</code> <Copy text={told.command} name={say.copyNext} />
          </p>
        )}
      </div>
      <Controls />
    </header>
  )
}

/** Campaigns with a program of one's own are told apart by their folders. */
const nameOf = (shown: CampaignView, folder: string): string =>
  isProgram(shown.task.source) ? folder : sourceText(shown)

/** Whether its next call is waited for. */
const hasLeft = (state: LiveState): boolean => state === 'detached' || state === 'broken'

function Controls() {
  const [fault, setFault] = useState('')
  const { state, hasReport } = news.value!
  const { value } = session
  const canWrite = value !== null && value !== 'none' && value.canWrite
  const wish = (wanted: Wish) => () => {
    setFault('')
    send('control', { wish: wanted }).catch((error: Error) => setFault(say.failed(error.message)))
  }
  const goesOn = hasProcess(state)
  return (
    <div class="controls">
      {goesOn && canWrite && (
        <>
          {state === 'running' ? (
            <button type="button" onClick={wish('pause')}>
              {say.pause}
            </button>
          ) : (
            <button type="button" class="main" onClick={wish('go')}>
              {say.goOn}
            </button>
          )}
          {state !== 'stopping' && (
            <button type="button" onClick={wish('stop')}>
              {say.stop}
            </button>
          )}
        </>
      )}
      {goesOn && !canWrite && <span class="hint">{say.readOnly}</span>}
      {hasReport && !goesOn && !isStudy(state) && (
        <a class="button" href="/api/report" target="_blank" rel="noreferrer">
          {say.report}
        </a>
      )}
      {fault !== '' && <p role="alert">{fault}</p>}
    </div>
  )
}
