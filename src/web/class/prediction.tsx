import { signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { nats, significant } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { ask } from './api.ts'
import { checkPrediction, type Draft, type PredictionName } from './check.ts'
import { Field } from './field.tsx'
import { timeText } from './header.tsx'
import { look, me } from './me.ts'
import { AsProgram, predictionSnippets } from './snippets.tsx'

interface Attempt extends Readonly<Record<PredictionName, number>> {
  readonly submitted_at: string
  readonly flops_used: number | null
}

const attempts = signal<readonly Attempt[]>([])

/** Where there are none the server refuses, which browsers call an error: it is asked only where there are some. */
async function readAttempts(made: number): Promise<void> {
  attempts.value = made === 0 ? [] : (await ask<{ attempts: readonly Attempt[] }>('GET', '/submission')).attempts
}

const names = ['d_model', 'num_layers', 'num_heads', 'batch_size', 'learning_rate', 'predicted_loss'] as const
const hints: Partial<Record<PredictionName, string>> = { learning_rate: '1e-7–1', predicted_loss: say.class.perToken }
const empty = { d_model: '', num_layers: '', num_heads: '', batch_size: '128', learning_rate: '', predicted_loss: '' }

/** The end of the assignment: what is predicted at 1e19 FLOPs, how often it may still be, and what was. */
export function PredictionCard() {
  const { attempts: made, submissions, isOpen, deadline, key } = me.value!
  useEffect(() => void readAttempts(made).catch(() => {}), [made, key.id])
  const left = isOpen ? 0 : Math.max(0, submissions - made)
  return (
    <section class="card prediction" aria-labelledby="prediction">
      <h2 id="prediction">
        {say.class.prediction} {!isOpen && <span class="hint">{say.class.attemptsLeft(left, submissions)}</span>}
      </h2>
      {left > 0 ? (
        <PredictionForm left={left} />
      ) : (
        <p class="hint">{isOpen ? say.class.closed(timeText(deadline)) : say.class.attemptsUsed}</p>
      )}
      <History />
    </section>
  )
}

function PredictionForm({ left }: { left: number }) {
  const [draft, setDraft] = useState<Draft<PredictionName>>(empty)
  const [isSure, setSure] = useState(false)
  const [told, setTold] = useState<{ readonly text: string; readonly isFault: boolean } | null>(null)
  const { faults, meant } = checkPrediction(draft)
  const isBegun = Object.entries(draft).some(([name, value]) => value !== empty[name as PredictionName])
  const submit = async (event: Event) => {
    event.preventDefault()
    if (meant === null) return
    if (!isSure) return setSure(true)
    setSure(false)
    try {
      await ask('POST', '/submission', meant)
      await look()
      setTold({ text: say.class.submitted, isFault: false })
    } catch (error) {
      setTold({ text: (error as Error).message, isFault: true })
    }
  }
  return (
    <form onSubmit={submit} aria-labelledby="prediction">
      <div class="fields">
        {names.map((name) => (
          <Field
            key={name}
            name={name}
            value={draft[name]}
            fault={isBegun ? (faults as Partial<Record<PredictionName, string>>)[name] : undefined}
            hint={hints[name] ?? ''}
            {...(name === 'batch_size' && { choices: ['128', '256'] })}
            onInput={(value) => {
              setDraft({ ...draft, [name]: value })
              setSure(false)
            }}
          />
        ))}
      </div>
      <div class="controls">
        <button type="submit" class="main" disabled={meant === null}>
          {isSure ? say.class.really(left) : say.class.submit}
        </button>
        {isSure && (
          <button type="button" onClick={() => setSure(false)}>
            {say.class.notYet}
          </button>
        )}
        {told && (
          <span role={told.isFault ? 'alert' : 'status'} class={told.isFault ? 'fault' : 'answer-line'}>
            {told.text}
          </span>
        )}
      </div>
      <AsProgram snippets={meant && predictionSnippets({ ...meant })} />
    </form>
  )
}

/** What was predicted; the last one counts. */
function History() {
  if (attempts.value.length === 0) return null
  const all = [...attempts.value].reverse()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section class="scroll history" tabIndex={0} aria-label={say.class.history}>
      <table>
        <thead>
          <tr>
            <th scope="col">{say.class.when}</th>
            <th scope="col" class="number">
              {say.class.predicted}
            </th>
            <th scope="col">{say.class.model}</th>
            <th scope="col" class="number">
              {say.rate}
            </th>
          </tr>
        </thead>
        <tbody>
          {all.map((one, k) => (
            <tr key={one.submitted_at} class={k === 0 ? 'now' : ''}>
              <td>
                {timeText(one.submitted_at)} {k === 0 && <span class="hint">{say.class.counts}</span>}
              </td>
              <td class="number">{nats(one.predicted_loss)}</td>
              <td>{modelText(one)}</td>
              <td class="number">{significant(one.learning_rate)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** A model in short: layers, width, heads, batch. */
export const modelText = (
  model: Readonly<Record<'d_model' | 'num_layers' | 'num_heads' | 'batch_size', number>>,
): string =>
  `${model.num_layers}×${model.d_model}, ${model.num_heads} ${say.class.heads}, ${say.class.batch} ${model.batch_size}`
