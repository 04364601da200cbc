import { type StrategyName, strategyNames } from '../../plan/strategy-names.ts'
import { largestBudget } from '../../report/campaign/facts.ts'
import { compact, nats, significant, withInterval } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { dropped, view } from './state.ts'
import { answered, isAsked, isFitting, law, reset, target } from './what-if.ts'

/** Steps of the slider in a power of ten. */
const steps = 20

/** Another target, fewer runs, another law: what the campaign would say. */
export function Supposing() {
  const shown = view.value!
  const { task, runs } = shown
  if (runs.length === 0) return null
  const chosen = target.value ?? task.target
  const low = Math.floor(steps * Math.log10(Math.min(largestBudget(runs), task.target)))
  const high = Math.ceil(steps * (Math.log10(task.target) + 3))
  return (
    <section class="supposing card" aria-labelledby="what-if">
      <div class="bar">
        <h2 id="what-if">{say.whatIf}</h2>
        {isAsked.value && (
          <button type="button" onClick={reset}>
            {say.whatIfReset}
          </button>
        )}
      </div>
      <p class="hint">{say.whatIfHint}</p>
      <label>
        <span>
          {say.whatIfTarget} <strong>{compact(chosen)}</strong>
        </span>
        <input
          type="range"
          min={low}
          max={high}
          value={Math.round(steps * Math.log10(chosen))}
          aria-valuetext={compact(chosen)}
          onInput={({ currentTarget }) => {
            target.value = Number((10 ** (Number(currentTarget.value) / steps)).toPrecision(2))
          }}
        />
      </label>
      <label>
        <span>{say.whatIfLaw}</span>
        <select
          value={law.value ?? task.strategy}
          onChange={({ currentTarget: { value } }) => {
            law.value = value === task.strategy ? null : (value as StrategyName)
          }}
        >
          {strategyNames.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <p class="hint">
        {dropped.value.size === 0 ? say.whatIfNone : say.whatIfDropped(dropped.value.size)}
        {isFitting.value && answered.value?.kind !== 'fitting' && ` · ${say.whatIfFitting}`}
      </p>
      <Outcome />
    </section>
  )
}

function Outcome() {
  const answer = answered.value
  const { estimate } = view.value!
  if (answer === null) return null
  if (answer.kind === 'fitting') return <p role="status">{say.whatIfFitting}</p>
  if (answer.kind === 'fault') return <p role="status">{say.whatIfUnavailable(answer.message)}</p>
  const columns = [
    { name: say.whatIfCampaign, estimate },
    { name: say.whatIfHere, estimate: answer.refit.estimate },
  ]
  return (
    <table class="beside" aria-live="polite">
      <thead>
        <tr>
          <td />
          {columns.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">{say.loss}</th>
          {columns.map(({ name, estimate: one }) => (
            <td key={name}>{one ? withInterval(one.loss, one.interval.loss, nats) : '-'}</td>
          ))}
        </tr>
        <tr>
          <th scope="row">{say.size}</th>
          {columns.map(({ name, estimate: one }) => (
            <td key={name}>{one ? withInterval(one.parameters, one.interval.parameters) : '-'}</td>
          ))}
        </tr>
        <tr>
          <th scope="row">{say.rate}</th>
          {columns.map(({ name, estimate: one }) => (
            <td key={name}>{one ? significant(one.config.learningRate) : '-'}</td>
          ))}
        </tr>
      </tbody>
    </table>
  )
}
