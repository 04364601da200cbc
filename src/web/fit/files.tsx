import { useEffect, useRef, useState } from 'preact/hooks'
import { say } from '../words/words.ts'
import { ReadAs } from './read-as.tsx'
import { add, readWith, remove } from './reading.ts'
import { data, fault, files, flags, isReading, table } from './state.ts'

/** The files, how they are grouped, and where others are dropped: anywhere on the page. */
export function Files() {
  const [isOver, setOver] = useState(false)
  const picker = useRef<HTMLInputElement>(null)
  const [isBeside, setBeside] = useState(false)
  useEffect(() => {
    const ending = new AbortController()
    const { signal } = ending
    addEventListener(
      'dragover',
      (event) => {
        event.preventDefault()
        setOver(true)
      },
      { signal },
    )
    addEventListener(
      'dragleave',
      (event) => {
        if (event.relatedTarget === null) setOver(false)
      },
      { signal },
    )
    addEventListener(
      'drop',
      (event) => {
        event.preventDefault()
        setOver(false)
        const given = [...(event.dataTransfer?.files ?? [])]
        if (given.length > 0) void add(given, false)
      },
      { signal },
    )
    return () => ending.abort()
  }, [])
  const pick = (beside: boolean) => () => {
    setBeside(beside)
    picker.current!.click()
  }
  return (
    <section class={isOver ? 'card sources over-page' : 'card sources'} aria-label={say.fit.files}>
      <ul class="chips">
        {files.value.map((name) => (
          <li key={name} class="file">
            {name}
            {files.value.length > 1 && (
              <button type="button" class="quiet" aria-label={say.fit.remove(name)} onClick={() => void remove(name)}>
                ×
              </button>
            )}
          </li>
        ))}
      </ul>
      <input
        ref={picker}
        type="file"
        hidden
        multiple
        onChange={(event) => {
          const given = [...(event.currentTarget.files ?? [])]
          event.currentTarget.value = ''
          if (given.length > 0) void add(given, isBeside)
        }}
      />
      <div class="controls">
        <button type="button" onClick={pick(false)}>
          {say.fit.open}
        </button>
        {table.value?.kind === 'read' && (
          <button type="button" onClick={pick(true)}>
            {say.fit.compare}
          </button>
        )}
        {table.value?.kind === 'read' && <GroupBy />}
        <span class="hint">{isOver ? say.fit.dropNow : say.fit.dropHint}</span>
      </div>
      {table.value !== null && <ReadAs />}
      {isReading.value && <p role="status">{say.fit.reading}</p>}
      {fault.value !== '' && (
        <p class="lost" role="alert">
          {fault.value}
        </p>
      )}
    </section>
  )
}

/** Which column's values are fitted alone and compared. */
function GroupBy() {
  const answer = table.value
  if (answer?.kind !== 'read') return null
  const now = flags.value.groupBy ?? ''
  const isFiles = data.value!.sources.length > 1
  const columns = [...(isFiles ? ['file'] : []), ...answer.columns]
  if (columns.length === 0) return null
  return (
    <label class="inline">
      {say.fit.groupBy}
      <select value={now} onChange={(event) => void readWith({ groupBy: event.currentTarget.value })}>
        <option value="">{say.fit.noGroups}</option>
        {columns.map((column) => (
          <option key={column} value={column}>
            {column}
          </option>
        ))}
      </select>
    </label>
  )
}
