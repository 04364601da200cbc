import { columnsOf } from '../../report/campaign/configuration.ts'
import { compact, nats, signedNats, significant } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import { Copy } from '../parts/copy.tsx'
import { useDetails } from '../parts/details.ts'
import { DetailsCard, type Fact } from '../parts/details-card.tsx'
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
  const facts: readonly Fact[] = [
    [say.columns.round, run.round < 0 ? say.given : String(run.round)],
    [say.columns.parameters, significant(run.parameters)],
    ...Object.entries(columnsOf(shown.space, run.config)).map(
      ([name, value]): Fact => [name, typeof value === 'number' ? compact(value, 6) : value],
    ),
    [say.columns.loss, lossText(run)],
    ...(run.expected ? [[say.columns.expected, expectedText(run)] as Fact] : []),
    ...(fitted?.kind === 'used' && run.loss !== null
      ? ([
          [say.fitted, nats(fitted.loss)],
          [
            say.residualOf,
            `${signedNats(run.loss - fitted.loss)} (${say.deviations(signedShort((run.loss - fitted.loss) / fitted.sd))})`,
          ],
          [say.bestRate, significant(fitted.bestRate)],
        ] as Fact[])
      : []),
    ...(fitted?.kind === 'set-aside' ? [['', say.setAside(words().elsewhere(fitted.reason))] as Fact] : []),
    [say.columns.reason, words().elsewhere(run.reason)],
  ]
  const isDropped = dropped.value.has(number)
  const turn = () => {
    const next = new Set(dropped.value)
    if (!next.delete(number)) next.add(number)
    dropped.value = next
  }
  return (
    <DetailsCard id="details" title={say.run(number + 1)} facts={facts} onClose={close}>
      <div class="controls">
        {command !== null && <Copy text={command} name={say.copyCommand} />}
        <Copy text={recordOf(shown, run)} name={say.copyRecord} />
        {run.loss !== null && (
          <button type="button" aria-pressed={isDropped} onClick={turn}>
            {isDropped ? say.keep : say.drop}
          </button>
        )}
      </div>
    </DetailsCard>
  )
}

const close = () => {
  selected.value = null
}

const signedShort = (x: number): string => `${x < 0 ? '\u2212' : '+'}${significant(Math.abs(x), 2)}`
