import { columnsOf } from '../../report/campaign/configuration.ts'
import { compact, nats, signedNats, significant } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import { Copy } from '../parts/copy.tsx'
import { useDetails } from '../parts/details.ts'
import { say } from '../words/words.ts'
import { commandOf, expectedText, lossText, recordOf } from './numbers.ts'
import { dropped, selected, view } from './state.ts'

/** Everything about the run that is looked at. */
export function Details() {
  const number = selected.value
  useDetails(number, close)
  const shown = view.value!
  const run = number === null ? undefined : shown.runs[number]
  if (number === null || run === undefined) return null
  const fitted = shown.evidence?.fitted[number]
  const command = commandOf(shown, run)
  const facts: [string, string][] = [
    [say.columns.round, run.round < 0 ? say.given : String(run.round)],
    [say.columns.parameters, significant(run.parameters)],
    ...Object.entries(columnsOf(shown.space, run.config)).map(([name, value]): [string, string] => [
      name,
      typeof value === 'number' ? compact(value, 6) : value,
    ]),
    [say.columns.loss, lossText(run)],
    ...(run.expected ? [[say.columns.expected, expectedText(run)] as [string, string]] : []),
    ...(fitted?.kind === 'used' && run.loss !== null
      ? ([
          [say.fitted, nats(fitted.loss)],
          [
            say.residualOf,
            `${signedNats(run.loss - fitted.loss)} (${say.deviations(signedShort((run.loss - fitted.loss) / fitted.sd))})`,
          ],
          [say.bestRate, significant(fitted.bestRate)],
        ] as [string, string][])
      : []),
    ...(fitted?.kind === 'set-aside' ? [['', say.setAside(words().elsewhere(fitted.reason))] as [string, string]] : []),
    [say.columns.reason, words().elsewhere(run.reason)],
  ]
  const isDropped = dropped.value.has(number)
  const turn = () => {
    const next = new Set(dropped.value)
    if (!next.delete(number)) next.add(number)
    dropped.value = next
  }
  return (
    <aside class="details card" aria-labelledby="details">
      <div class="bar">
        <h2 id="details" tabIndex={-1}>
          {say.run(number + 1)}
        </h2>
        <button type="button" class="quiet" onClick={close}>
          {say.close}
        </button>
      </div>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name} class={value.length > 24 ? 'long' : ''}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="controls">
        {command !== null && <Copy text={command} name={say.copyCommand} />}
        <Copy text={recordOf(shown, run)} name={say.copyRecord} />
        {run.loss !== null && (
          <button type="button" aria-pressed={isDropped} onClick={turn}>
            {isDropped ? say.keep : say.drop}
          </button>
        )}
      </div>
    </aside>
  )
}

const close = () => {
  selected.value = null
}

const signedShort = (x: number): string => `${x < 0 ? '\u2212' : '+'}${significant(Math.abs(x), 2)}`
