import { useEffect, useState } from 'preact/hooks'
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
  const [batches, setBatches] = useState<readonly Made[]>([])
  const [isBusy, setBusy] = useState(false)
  const told = useTold()
  const submit = async (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    told.say('')
    try {
      const answer = await changeClass<Made>('keys', { list, budget })
      // Those of an earlier list stay: nobody has them again.
      if (answer.made.length > 0) setBatches((before) => [answer, ...before])
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
      {batches.map((batch) => (
        <MadeKeys key={batch.made[0].id} {...batch} />
      ))}
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
  const [isSaved, setSaved] = useState(false)
  // Whoever leaves with keys that nobody has is asked first.
  useEffect(() => {
    if (isSaved) return
    const ask = (event: Event) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [isSaved])
  const save = () => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob(['\ufeff', csv], { type: 'text/csv' }))
    link.download = 'keys-with-secrets.csv'
    link.click()
    URL.revokeObjectURL(link.href)
    setSaved(true)
  }
  const copy = async () => {
    await navigator.clipboard?.writeText(csv)
    setCopied(true)
    setSaved(true)
  }
  return (
    <div class="made">
      <p>
        <strong>{isSaved ? say.class.saved : say.class.onlyNow}</strong>
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
      <section class="scroll long" tabIndex={0} aria-label={`${say.class.onlyNow} ${made[0].label} (${made.length})`}>
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
