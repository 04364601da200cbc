import { useState } from 'preact/hooks'
import { say } from '../words/words.ts'
import { changeClass } from './students.ts'
import { useTold } from './told.tsx'

interface Made {
  readonly made: readonly { readonly id: string; readonly key: string; readonly label: string }[]
  readonly csv: string
  readonly known: number
  readonly twice: number
}

/** Keys for a pasted class list, which are shown once. */
export function AddKeys() {
  const [list, setList] = useState('')
  const [budget, setBudget] = useState('2e18')
  const [made, setMade] = useState<Made | null>(null)
  const [isBusy, setBusy] = useState(false)
  const told = useTold()
  const submit = async (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setMade(null)
    told.say('')
    try {
      const answer = await changeClass<Made>('keys', { list, budget })
      setMade(answer)
      setList('')
      told.say(say.class.made(answer.made.length, answer.known, answer.twice))
    } catch (error) {
      told.fault(error)
    }
    setBusy(false)
  }
  return (
    <section class="card add-keys" aria-labelledby="add-keys">
      <h2 id="add-keys">{say.class.addKeys}</h2>
      <form onSubmit={submit}>
        <label for="list">{say.class.list}</label>
        <textarea
          id="list"
          rows={4}
          spellcheck={false}
          placeholder={say.class.listExample}
          value={list}
          onInput={(event) => setList(event.currentTarget.value)}
        />
        <div class="controls">
          <label>
            {say.class.budgetEach}{' '}
            <input
              class="short"
              name="budget"
              autocomplete="off"
              value={budget}
              onInput={(event) => setBudget(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="main" disabled={list.trim() === '' && !isBusy} aria-disabled={isBusy}>
            {say.class.make}
          </button>
          {told.line}
        </div>
      </form>
      {made !== null && made.made.length > 0 && <MadeKeys {...made} />}
      <details class="program">
        <summary>{say.class.asCommand}</summary>
        <code>isoflop keys add --from names.csv --out keys.csv</code>
      </details>
    </section>
  )
}

/** Nobody has these keys again: they are taken along now. */
function MadeKeys({ made, csv }: Made) {
  const [isCopied, setCopied] = useState(false)
  const save = () => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }))
    link.download = 'keys-with-secrets.csv'
    link.click()
    URL.revokeObjectURL(link.href)
  }
  const copy = async () => {
    await navigator.clipboard?.writeText(csv)
    setCopied(true)
  }
  return (
    <div class="made">
      <p>
        <strong>{say.class.onlyNow}</strong>
      </p>
      <div class="controls">
        <button type="button" class="main" onClick={save}>
          {say.class.saveCsv}
        </button>
        {navigator.clipboard !== undefined && (
          <button type="button" onClick={copy}>
            {isCopied ? say.copied : say.class.copy('CSV')}
          </button>
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <section class="scroll long" tabIndex={0} aria-label={say.class.onlyNow}>
        <table>
          <tbody>
            {made.map(({ id, key, label }) => (
              <tr key={id}>
                <td>{label}</td>
                <td>
                  <code>{key}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}
