import type { Interval } from '../../core/interval.ts'
import { answerBudget, predictionAt, resultOf } from '../../report/fit/facts.ts'
import { compact, exponent, type Format, nats, percent, significant } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import { say } from '../words/words.ts'
import { first, fitted } from './state.ts'
import { lossName } from './unit.ts'

/** What the fit says, in numbers that are read across a room; or that the runs do not say it. */
export function Answer() {
  const { analysis } = fitted.value!.findings
  const { headline } = analysis
  const C = answerBudget(analysis)
  if (!headline.determined || headline.method === null)
    return (
      <section class="answer card" aria-labelledby="answer">
        <h2 id="answer">{say.fit.undetermined}</h2>
        <ul>
          {[...headline.reasons, ...headline.told].map((reason) => (
            <li key={reason}>{words().elsewhere(reason)}</li>
          ))}
        </ul>
      </section>
    )
  const result = resultOf(analysis, headline.method)
  const at = predictionAt(analysis, headline.method, C)
  const level = percent(analysis.bootstrap.confidence)
  return (
    <section class="answer card" aria-labelledby="answer">
      <h2 id="answer">
        {say.expected(compact(C))} <span class="hint">{say.fit.by(headline.method)}</span>
      </h2>
      <dl>
        {at && (
          <Quantity
            name={say.fit.size}
            value={at.parameters}
            ends={at.interval.parameters}
            format={significant}
            level={level}
          />
        )}
        {at && (
          <Quantity
            name={say.fit.tokens}
            value={at.tokens}
            ends={at.interval.tokens}
            format={significant}
            level={level}
          />
        )}
        {at?.loss != null && (
          <Quantity name={lossName()} value={at.loss} ends={at.interval.loss} format={nats} level={level} />
        )}
        {result?.modelSize && (
          <Quantity
            name={say.fit.sizeExponent}
            value={result.modelSize.exponent}
            ends={result.modelSize.interval}
            format={exponent}
            level={level}
          />
        )}
        {result?.datasetSize && (
          <Quantity
            name={say.fit.tokensExponent}
            value={result.datasetSize.exponent}
            ends={result.datasetSize.interval}
            format={exponent}
            level={level}
          />
        )}
      </dl>
    </section>
  )
}

/** The numbers while their intervals are made. */
export function First() {
  const { method, flops, parameters, tokens, loss, sizeExponent, tokensExponent } = first.value!.estimate
  const rows: [name: string, value: number, format: Format][] = [
    [say.fit.size, parameters, significant],
    [say.fit.tokens, tokens, significant],
    [lossName(), loss, nats],
    [say.fit.sizeExponent, sizeExponent, exponent],
    [say.fit.tokensExponent, tokensExponent, exponent],
  ]
  return (
    <section class="answer card" aria-labelledby="answer">
      <h2 id="answer">
        {say.expected(compact(flops))} <span class="hint">{say.fit.by(method)}</span>
      </h2>
      <dl>
        {rows.map(([name, value, format]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <strong>{format(value)}</strong>
              <span class="interval">{say.fit.intervalComes}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

interface QuantityProps {
  readonly name: string
  readonly value: number
  readonly ends: Interval | null
  readonly format: Format
  readonly level: string
}

const Quantity = ({ name, value, ends, format, level }: QuantityProps) => (
  <div>
    <dt>{name}</dt>
    <dd>
      <strong>{format(value)}</strong>
      {ends && <span class="interval">{say.fit.interval(level, format(ends[0]), format(ends[1]))}</span>}
    </dd>
  </div>
)
