import { type StrategyName, strategyNames } from '../../plan/strategy-names.ts'
import { batchText } from '../../report/campaign/configuration.ts'
import { largestBudget } from '../../report/campaign/facts.ts'
import { compact, nats, significant, withInterval } from '../../report/number.ts'
import { Copy } from '../parts/copy.tsx'
import { say } from '../words/words.ts'
import { Held } from './held.tsx'
import { dropped, news, view } from './state.ts'
import { supposedCommand } from './suppose-command.ts'
import { answered, isAsked, isFitting, law, pins, reset, target } from './what-if.ts'

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
    <section class={`supposing card ${isAsked.value ? '' : 'unasked'}`} aria-labelledby="what-if">
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
            if (!hasRates(value)) pins.value = {}
          }}
        >
          {strategyNames.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {hasRates(law.value ?? task.strategy) ? <Held /> : <p class="hint">{say.whatIfNoRates}</p>}
      <p class="hint">
        {dropped.value.size === 0 ? say.whatIfNone : say.whatIfDropped(dropped.value.size)}
        {isFitting.value && answered.value?.kind !== 'fitting' && ` · ${say.whatIfFitting}`}
      </p>
      <div aria-live="polite">
        <Outcome />
      </div>
      <Kept />
    </section>
  )
}

/** Of these methods the loss depends on the rate and the batch; the others take them from a rule. */
const hasRates = (strategy: string): boolean => strategy === 'adaptive'

/** What is asked for here is kept where somebody takes it along. */
function Kept() {
  const answer = answered.value
  if (answer?.kind !== 'fitted') return null
  const { task, estimate } = view.value!
  const left = [...dropped.value].sort((a, b) => a - b)
  const asked = { target: target.value, strategy: law.value, pins: pins.value, dropped: left.length }
  const command = supposedCommand(news.value!.command, asked)
  const record = {
    ...{ target: target.value ?? task.target, strategy: law.value ?? task.strategy, ...pins.value },
    left_out: left.map((run) => run + 1),
    ...{ expected: answer.refit.estimate, campaign: estimate },
  }
  return (
    <div class="controls">
      {command !== null && <Copy text={command} name={say.copyCommand} />}
      <Copy text={JSON.stringify(record)} name={say.copyRecord} />
    </div>
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
    <table class="beside">
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
            <td key={name}>
              {one ? withInterval(one.config.learningRate, one.interval.learningRate, significant) : '-'}
            </td>
          ))}
        </tr>
        <tr>
          <th scope="row">{say.batch}</th>
          {columns.map(({ name, estimate: one }) => (
            <td key={name}>{one ? batchText(view.value!.space, one.config.batchSize) : '-'}</td>
          ))}
        </tr>
      </tbody>
    </table>
  )
}
