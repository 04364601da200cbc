import type { Interval } from '../../core/interval.ts'
import { truthOf } from '../../report/campaign/facts.ts'
import { compact, type Format, nats, significant } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { view } from './state.ts'

/** What is expected at the target, in numbers that are read across a room. */
export function Answer() {
  const shown = view.value!
  const { estimate, task } = shown
  const truth = truthOf(shown)
  return (
    <section class="answer card" aria-label={say.expected(compact(task.target))}>
      <h2>{say.expected(compact(task.target))}</h2>
      {estimate === null ? (
        <p class="hint">{say.notYet}</p>
      ) : (
        <dl>
          <Quantity
            name={say.loss}
            value={estimate.loss}
            ends={estimate.interval.loss}
            format={nats}
            truth={truth?.loss}
          />
          <Quantity
            name={say.size}
            value={estimate.parameters}
            ends={estimate.interval.parameters}
            format={significant}
            truth={truth?.parameters}
          />
          <Quantity
            name={say.rate}
            value={estimate.config.learningRate}
            ends={estimate.interval.learningRate}
            format={significant}
            truth={truth?.config.learningRate}
          />
        </dl>
      )}
    </section>
  )
}

interface QuantityProps {
  readonly name: string
  readonly value: number
  readonly ends: Interval | null
  readonly format: Format
  readonly truth?: number | undefined
}

const Quantity = ({ name, value, ends, format, truth }: QuantityProps) => (
  <div>
    <dt>{name}</dt>
    <dd>
      <strong>{format(value)}</strong>
      {ends && <span class="interval">{say.interval(format(ends[0]), format(ends[1]))}</span>}
      {truth !== undefined && <span class="truth">{say.truth(format(truth))}</span>}
    </dd>
  </div>
)
