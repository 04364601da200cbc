import { useState } from 'preact/hooks'
import { Copy } from '../parts/copy.tsx'
import { askText } from '../session.ts'
import { language } from '../words/language.ts'
import { say } from '../words/words.ts'
import { command, files, isReading, question, standing, table } from './state.ts'

/** What is looked at, and how to keep it. */
export function Header() {
  const names = files.value.join(', ')
  document.title = `${names} · isoflop`
  return (
    <header>
      <div class="what">
        <h1>{say.fit.title(names)}</h1>
      </div>
      {table.value?.kind === 'read' && !isReading.value && standing.value.kind !== 'fault' && (
        <div class="controls">
          <Copy text={command.value} name={say.copyCommand} />
          <Save />
        </div>
      )}
    </header>
  )
}

/** Saves the report that `isoflop fit --report` writes of the same view. */
function Save() {
  const [state, setState] = useState<'' | 'busy' | string>('')
  const save = async () => {
    setState('busy')
    try {
      const html = await askText('report', { ...question.value, language })
      const link = document.createElement('a')
      link.href = URL.createObjectURL(new Blob([html], { type: 'text/html' }))
      link.download = 'report.html'
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
      setState('')
    } catch (error) {
      setState(say.failed((error as Error).message))
    }
  }
  return (
    <>
      <button type="button" class="main" disabled={state === 'busy'} onClick={save}>
        {state === 'busy' ? say.fit.saving : say.fit.save}
      </button>
      {state !== '' && state !== 'busy' && <p role="alert">{state}</p>}
    </>
  )
}
