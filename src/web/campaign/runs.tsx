import { useMemo, useState } from 'preact/hooks'
import type { ViewedRun } from '../../campaign/view.ts'
import { batchText, modelCell } from '../../report/campaign/configuration.ts'
import { compact, signedNats, significant } from '../../report/number.ts'
import { words } from '../../report/words/words.ts'
import { type Column, Table } from '../parts/table.tsx'
import { say } from '../words/words.ts'
import { filtered, filterOf } from './filter.ts'
import { expectedText, lossText } from './numbers.ts'
import { pointed, residuals, selected, view } from './state.ts'

interface Row {
  readonly number: number
  readonly run: ViewedRun
  readonly residual: number | undefined
}

/** Every run there is: sorted, filtered, picked. */
export function Runs() {
  const [text, setText] = useState('')
  const { runs, space } = view.value!
  const left = residuals.value
  const all = useMemo(() => runs.map((run, number): Row => ({ number, run, residual: left.get(run) })), [runs, left])
  const rows = useMemo(() => {
    if (text.trim() === '') return all
    const test = filterOf(text)
    return all.filter(({ run, number, residual }) => test(filtered(run, number, residual)))
  }, [all, text])
  const columns = useMemo((): readonly Column<Row>[] => {
    const { columns } = say
    return [
      {
        key: 'number',
        title: columns.number,
        isNumber: true,
        cell: ({ number }) => String(number + 1),
        sort: ({ number }) => number,
      },
      {
        key: 'round',
        title: columns.round,
        isNumber: true,
        cell: ({ run }) => (run.round < 0 ? say.given : String(run.round)),
        sort: ({ run }) => run.round,
      },
      {
        key: 'flops',
        title: columns.flops,
        isNumber: true,
        cell: ({ run }) => compact(run.config.trainFlops),
        sort: ({ run }) => run.config.trainFlops,
      },
      {
        key: 'parameters',
        title: columns.parameters,
        isNumber: true,
        cell: ({ run }) => significant(run.parameters),
        sort: ({ run }) => run.parameters,
      },
      {
        key: 'model',
        title: space.words.head,
        cell: ({ run }) => modelCell(space, run.config),
        sort: ({ run }) => run.parameters,
      },
      {
        key: 'batch',
        title: 'batch',
        isNumber: true,
        cell: ({ run }) => batchText(space, run.config.batchSize),
        sort: ({ run }) => run.config.batchSize,
      },
      {
        key: 'rate',
        title: say.rate,
        isNumber: true,
        cell: ({ run }) => compact(run.config.learningRate),
        sort: ({ run }) => run.config.learningRate,
      },
      {
        key: 'loss',
        title: columns.loss,
        isNumber: true,
        cell: ({ run }) => lossText(run),
        sort: ({ run }) => run.loss,
      },
      {
        key: 'expected',
        title: columns.expected,
        isNumber: true,
        cell: ({ run }) => expectedText(run),
        sort: ({ run }) => run.expected?.loss ?? null,
      },
      {
        key: 'residual',
        title: columns.residual,
        isNumber: true,
        cell: ({ residual }) => (residual === undefined ? '' : signedNats(residual)),
        sort: ({ residual }) => residual ?? null,
      },
      {
        key: 'reason',
        title: columns.reason,
        cell: ({ run }) => words().elsewhere(run.reason),
        sort: ({ run }) => run.reason,
      },
    ]
  }, [space.name])
  return (
    <section class="runs card" id="runs" aria-labelledby="runs-title">
      <div class="bar">
        <h2 id="runs-title">
          {say.runs}{' '}
          <span class="hint">
            {say.runsShown(rows.length, runs.length)} · {say.lossUnit}
          </span>
        </h2>
        <label>
          {say.filter}
          <input
            type="search"
            placeholder={say.filterHint}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      </div>
      {rows.length === 0 && runs.length > 0 ? (
        <p class="hint">{say.noRuns}</p>
      ) : (
        <Table
          label={say.runs}
          columns={columns}
          rows={rows}
          keyOf={numberOf}
          selected={selected.value}
          pointed={pointed.value}
          onSelect={(run) => {
            selected.value = run
          }}
          onPoint={(run) => {
            pointed.value = run
          }}
        />
      )}
    </section>
  )
}

const numberOf = ({ number }: Row): number => number
