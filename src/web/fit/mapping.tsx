import { useState } from 'preact/hooks'
import type { Preview } from '../../input/preview.ts'
import { words } from '../../report/words/words.ts'
import { say } from '../words/words.ts'
import {
  type Choice,
  choiceOf,
  columnsText,
  type Factor,
  factors,
  isCounted,
  type Role,
  roles,
  withFactor,
  withRole,
} from './columns.ts'
import { readWith } from './reading.ts'
import { data, flags, isMapping, isReading, table } from './state.ts'

/** A choice of what each column is, beside the first rows: of a file that was not understood, and of any other where it is asked for. */
export function Mapping() {
  const answer = table.value
  if (answer === null || (answer.kind === 'read' && !isMapping.value)) return null
  const { preview } = answer
  return (
    <section class="card" aria-labelledby="mapping">
      <h2 id="mapping">{answer.kind === 'fault' ? say.fit.notUnderstood : say.fit.columnsTitle}</h2>
      {answer.kind === 'fault' && (
        <p class="lost" role="alert">
          {words().elsewhere(answer.message)} {words().elsewhere(answer.advice)}
        </p>
      )}
      {preview !== null && <Columns key={preview.columns.join()} preview={preview} />}
    </section>
  )
}

function Columns({ preview }: { readonly preview: Preview }) {
  const found = choiceOf(data.value?.columns[0]?.chosen ?? [])
  const [choice, setChoice] = useState<Choice>(found)
  const text = columnsText(choice, found, table.value?.told)
  return (
    <>
      <p class="hint">{say.fit.whichColumn}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <section class="scroll" tabIndex={0} aria-label={say.fit.firstRows}>
        <table class="preview">
          <thead>
            <tr>
              {preview.columns.map((name) => (
                <Head key={name} name={name} choice={choice} setChoice={setChoice} />
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.rows.map((row, k) => (
              <tr key={k}>
                {row.map((cell, column) => (
                  <td key={preview.columns[column]}>{cell ?? ''}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div class="controls">
        <button
          type="button"
          class="main"
          disabled={text === '' || text === flags.value.columns || isReading.value}
          onClick={() => void readWith({ columns: text })}
        >
          {say.fit.readSo}
        </button>
        {flags.value.columns !== undefined && (
          <button type="button" onClick={() => void readWith({ columns: undefined })}>
            {say.fit.readPlain}
          </button>
        )}
        {data.value !== null && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              isMapping.value = false
            }}
          >
            {say.close}
          </button>
        )}
        {text !== '' && <code>--columns '{text}'</code>}
      </div>
    </>
  )
}

interface HeadProps {
  readonly name: string
  readonly choice: Choice
  readonly setChoice: (choice: Choice) => void
}

function Head({ name, choice, setChoice }: HeadProps) {
  const { role = '', factor = '' } = choice[name] ?? {}
  return (
    <th scope="col">
      {name}
      <select
        aria-label={say.fit.columnIs(name)}
        value={role}
        onChange={(event) => setChoice(withRole(choice, name, event.currentTarget.value as Role | ''))}
      >
        <option value="">{say.fit.nothing}</option>
        {roles.map((one) => (
          <option key={one} value={one}>
            {say.fit.roles[one]}
          </option>
        ))}
      </select>
      {isCounted(role) && (
        <select
          aria-label={say.fit.columnIn(name)}
          value={factor}
          onChange={(event) => setChoice(withFactor(choice, name, event.currentTarget.value as Factor))}
        >
          {factors.map((one) => (
            <option key={one} value={one}>
              {say.fit.factors[one]}
            </option>
          ))}
        </select>
      )}
    </th>
  )
}
