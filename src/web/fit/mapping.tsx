import { useState } from 'preact/hooks'
import { words } from '../../report/words/words.ts'
import { say } from '../words/words.ts'
import { columnsText, type Role, roles } from './columns.ts'
import { readWith } from './reading.ts'
import { flags, isReading, table } from './state.ts'

/** A file that was not understood: why, its first rows, and a choice of what each column is. */
export function Mapping() {
  const answer = table.value
  const [chosen, setChosen] = useState<Readonly<Record<string, Role | ''>>>({})
  if (answer?.kind !== 'fault') return null
  const { message, advice, preview } = answer
  const text = columnsText(chosen)
  return (
    <section class="card" aria-labelledby="mapping">
      <h2 id="mapping">{say.fit.notUnderstood}</h2>
      <p class="lost" role="alert">
        {words().elsewhere(message)} {words().elsewhere(advice)}
      </p>
      {preview !== null && (
        <>
          <p class="hint">{say.fit.whichColumn}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
          <section class="scroll" tabIndex={0} aria-label={say.fit.firstRows}>
            <table class="preview">
              <thead>
                <tr>
                  {preview.columns.map((name) => (
                    <th key={name} scope="col">
                      {name}
                      <select
                        aria-label={say.fit.columnIs(name)}
                        value={chosen[name] ?? ''}
                        onChange={(event) => setChosen({ ...chosen, [name]: event.currentTarget.value as Role | '' })}
                      >
                        <option value="">{say.fit.nothing}</option>
                        {roles.map((role) => (
                          <option key={role} value={role}>
                            {say.fit.roles[role]}
                          </option>
                        ))}
                      </select>
                    </th>
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
              disabled={text === '' || isReading.value}
              onClick={() => void readWith({ columns: text })}
            >
              {say.fit.readSo}
            </button>
            {text !== '' && <code>--columns '{text}'</code>}
            {flags.value.columns !== undefined && text === '' && (
              <button type="button" onClick={() => void readWith({ columns: undefined })}>
                {say.fit.readPlain}
              </button>
            )}
          </div>
        </>
      )}
    </section>
  )
}
