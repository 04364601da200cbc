import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ViewedOpen } from '../../campaign/view.ts'
import { configText } from '../../report/campaign/configuration.ts'
import { send } from '../session.ts'
import { say } from '../words/words.ts'
import { news, view } from './state.ts'

/** Has a run that is planned or out given up: asked twice, as what it has used is spent. */
export function CancelRun({ run }: { readonly run: ViewedOpen }) {
  const [isAsked, setAsked] = useState(false)
  const [fault, setFault] = useState('')
  const no = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => {
    if (isAsked) no.current?.focus()
  }, [isAsked])
  const name = configText(view.value!.space, run.config)
  const { cancelling, jobsEnded, state } = news.value!
  if (cancelling.includes(run.id))
    return (
      <span class="hint">
        {jobsEnded.includes(run.id) ? say.jobEnded : state === 'detached' ? say.cancelledNext : say.cancelling}
      </span>
    )
  if (!isAsked)
    return (
      <>
        <button type="button" class="quiet cancel" aria-label={say.cancelOf(name)} onClick={() => setAsked(true)}>
          {say.cancel}
        </button>
        {fault !== '' && <span role="alert">{fault}</span>}
      </>
    )
  const cancel = () => {
    setAsked(false)
    send('control', { cancel: run.id }).then(
      () => setFault(''),
      (error: Error) => setFault(say.failed(error.message)),
    )
  }
  return (
    <fieldset class="asked" aria-label={say.cancelOf(name)}>
      <button type="button" onClick={cancel}>
        {say.cancelYes}
      </button>
      <button type="button" class="quiet" ref={no} onClick={() => setAsked(false)}>
        {say.cancelNo}
      </button>
    </fieldset>
  )
}
