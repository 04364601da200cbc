import { useState } from 'preact/hooks'
import { tokensFor } from '../../core/flops.ts'
import { nonEmbeddingParameters } from '../../cs336/parameters.ts'
import { compact, nats, percent, significant } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { checkQuery, type Draft, type QueryName } from './check.ts'
import { Field } from './field.tsx'
import { answered, me, nameOf, sums } from './me.ts'
import { type AskedRun, askRun, openRuns } from './open-runs.ts'
import { AsProgram, querySnippets } from './snippets.tsx'
import { type CourseWire, modelText, type Wire } from './wire.ts'

const names = ['d_model', 'num_layers', 'num_heads', 'batch_size', 'learning_rate', 'train_flops'] as const
const hints: Partial<Record<QueryName, string>> = {
  d_model: '64–1024',
  num_layers: '2–24',
  num_heads: '2–16',
  learning_rate: '1e-4–1e-3',
}

/** Asks for a run: what is typed is checked and priced before it is sent. */
export function QueryForm() {
  const flops = me.value!.trainFlops.map(Number)
  const [draft, setDraft] = useState<Draft<QueryName>>({
    ...{ d_model: '256', num_layers: '4', num_heads: '4', batch_size: '128', learning_rate: '0.001' },
    train_flops: compact(flops.includes(1e14) ? 1e14 : flops[0], 17),
  })
  const [told, setTold] = useState<{ readonly text: string; readonly isFault: boolean } | null>(null)
  const { faults, meant } = checkQuery(draft, flops)
  const known = meant === null ? undefined : answered.value.get(nameOf(meant))
  const [isBusy, setBusy] = useState(false)
  const isAsked = isBusy || (meant !== null && openRuns.value.some((one) => nameOf(one) === nameOf(meant)))
  const isTooMuch = meant !== null && known === undefined && meant.train_flops > sums.value.left
  const choices: Partial<Record<QueryName, readonly string[]>> = {
    batch_size: ['128', '256'],
    train_flops: flops.map((one) => compact(one, 17)),
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    if (meant === null || isTooMuch || isAsked) return
    setTold(null)
    setBusy(true)
    try {
      setTold(toldOf(await askRun(meant)))
    } catch (error) {
      setTold({ text: (error as Error).message, isFault: true })
    }
    setBusy(false)
  }
  return (
    <form class="card query" onSubmit={submit} aria-labelledby="query">
      <h2 id="query">{say.class.query}</h2>
      <div class="fields">
        {names.map((name) => (
          <Field
            key={name}
            name={name}
            value={draft[name]}
            fault={(faults as Partial<Record<QueryName, string>>)[name]}
            hint={hints[name] ?? ''}
            {...(choices[name] && { choices: choices[name] })}
            onInput={(value) => setDraft({ ...draft, [name]: value })}
          />
        ))}
      </div>
      {/* Heard at the button, and not at every letter that is typed; what cannot be had is said at once. */}
      <p class="price" id="price">
        <span class="fault" aria-live="polite">
          {meant !== null && isTooMuch && say.class.tooMuch(compact(meant.train_flops), compact(sums.value.left))}
        </span>{' '}
        {meant !== null && <Price config={meant} known={known} isTooMuch={isTooMuch} />}
      </p>
      <div class="controls">
        <button
          type="submit"
          class="main"
          disabled={meant === null || isTooMuch}
          aria-disabled={isAsked}
          aria-describedby="price"
        >
          {isAsked ? say.class.asking : known === undefined ? say.class.ask : say.class.askAgain}
        </button>
        {told && (
          <span role={told.isFault ? 'alert' : 'status'} class={told.isFault ? 'fault' : 'answer-line'}>
            {told.text}
          </span>
        )}
      </div>
      <AsProgram snippets={meant && querySnippets({ ...meant })} />
    </form>
  )
}

function Price({ config, known, isTooMuch }: { config: CourseWire; known: number | undefined; isTooMuch: boolean }) {
  const { all, left } = sums.value
  const N = nonEmbeddingParameters(config.d_model, config.num_layers)
  const D = tokensFor(config.train_flops, N)
  const size = say.class.size(significant(N), significant(D), significant(D / N))
  if (known !== undefined) return <>{`${say.class.free(nats(known))} ${size}`}</>
  const cost = say.class.cost(
    compact(config.train_flops),
    percent(all > 0 ? config.train_flops / all : 0),
    compact(Math.max(0, left - config.train_flops)),
  )
  return <>{isTooMuch ? size : `${cost} ${size}`}</>
}

/** What came of a run, or that it goes on. */
function toldOf(run: AskedRun): { readonly text: string; readonly isFault: boolean } {
  if (run.loss !== null) return { text: say.class.answer(nats(run.loss), shortOf(run)), isFault: false }
  if (run.state === 'waiting' || run.state === 'running') return { text: say.class.goesOn, isFault: false }
  return { text: run.error?.message ?? say.class.ends[run.state as 'diverged' | 'failed' | 'cancelled'], isFault: true }
}

const shortOf = (config: Wire): string => `${modelText(config)}, ${compact(config.train_flops)} FLOPs`
