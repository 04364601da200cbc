import { compact, nats, signedNats, significant } from '../../report/number.ts'
import { useDetails } from '../parts/details.ts'
import { DetailsCard, type Fact } from '../parts/details-card.tsx'
import { say } from '../words/words.ts'
import { rowsOf } from './runs.tsx'
import { data, dropped, selected } from './state.ts'
import { units } from './unit.ts'

/** Everything about the run that is looked at. */
export function Details() {
  const number = selected.value
  useDetails(number, close)
  if (number === null) return null
  const row = rowsOf()[number]
  if (row === undefined) return null
  const turn = () => {
    const next = new Set(dropped.value)
    if (!next.delete(number)) next.add(number)
    dropped.value = next
  }
  const facts: readonly Fact[] = [
    ['N', significant(row.parameters, 4)],
    ['D', significant(row.tokens, 4)],
    [say.fit.flops, compact(row.flops, 4)],
    [say.fit.ratio, significant(row.tokens / row.parameters)],
    [say.columns.loss, `${nats(row.loss)} ${units().loss}`],
    ...(row.residual === null
      ? []
      : [[say.columns.residual, `${signedNats(row.residual)} ${units().difference}`] as Fact]),
    ...(row.group === null ? [] : [[data.value!.groups!.column, row.group] as Fact]),
  ]
  return (
    <DetailsCard id="details" title={say.fit.run(row.row, row.name)} facts={facts} onClose={close}>
      <div class="controls">
        <button type="button" aria-pressed={row.isOut} onClick={turn}>
          {row.isOut ? say.keep : say.drop}
        </button>
      </div>
    </DetailsCard>
  )
}

const close = () => {
  selected.value = null
}
