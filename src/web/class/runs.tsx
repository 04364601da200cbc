import { useMemo, useState } from 'preact/hooks'
import { profiles } from '../../report/class/figures/profiles.ts'
import { compact, nats, significant } from '../../report/number.ts'
import { type Filtered, filterOf } from '../campaign/filter.ts'
import { LiveFigure } from '../parts/figure.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { say } from '../words/words.ts'
import { timeText } from './header.tsx'
import type { Run } from './me.ts'
import { modelWithHeads, type Wire } from './wire.ts'

interface Props {
  readonly runs: readonly Run[]
  readonly selected: number | null
  readonly pointed: number | null
  readonly onSelect: (run: number | null) => void
  readonly onPoint: (run: number | null) => void
}

/** Runs of one key as profiles. */
export function Profiles({ runs, ...marks }: Props) {
  const subject = useMemo(() => ({ runs, total: runs.length }), [runs])
  const numbers = useMemo(() => runs.map(({ number }) => number), [runs])
  if (runs.length === 0) return null
  return <LiveFigure figure={profiles} subject={subject} numbers={numbers} tell={(run) => tell(runs[run])} {...marks} />
}

const tell = (run: Run | undefined): string[] =>
  run === undefined
    ? []
    : [
        `${say.columns.loss} ${nats(run.loss)} nats/token`,
        `N ${significant(run.parameters)} · ${compact(run.flops)} FLOPs`,
        modelWithHeads(run.config, say.class.heads),
        `${say.rate} ${significant(run.config.learning_rate)}, ${say.class.batch} ${run.config.batch_size}`,
      ]

/** All runs of a key: sorted, filtered, picked. */
export function RunsTable({ runs, selected, pointed, onSelect, onPoint }: Props) {
  const [text, setText] = useState('')
  const rows = useMemo(() => {
    if (text.trim() === '') return runs
    const test = filterOf(text)
    return runs.filter((run) => test(filtered(run)))
  }, [runs, text])
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
            placeholder={say.class.filterHint}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      </div>
      {rows.length === 0 ? (
        <p class="hint">{runs.length === 0 ? `${say.class.noRunsYet} ${say.class.howToBegin}` : say.noRuns}</p>
      ) : (
        <Table
          label={say.runs}
          columns={columns}
          rows={rows}
          keyOf={({ number }) => number}
          {...{ selected, pointed, onSelect, onPoint }}
        />
      )}
    </section>
  )
}

const numberColumn = (key: string, title: string, value: (run: Run) => number, cell: (x: number) => string) => ({
  ...{ key, title, isNumber: true, sort: value },
  cell: (run: Run) => cell(value(run)),
})

const columns: readonly Column<Run>[] = [
  numberColumn('number', '#', ({ number }) => number + 1, String),
  numberColumn(
    'flops',
    'FLOPs',
    ({ flops }) => flops,
    (x) => compact(x),
  ),
  numberColumn('loss', say.columns.loss, ({ loss }) => loss, nats),
  numberColumn(
    'parameters',
    'N',
    ({ parameters }) => parameters,
    (x) => significant(x),
  ),
  {
    key: 'model',
    title: say.class.model,
    cell: ({ config }) => modelWithHeads(config, say.class.heads),
    sort: ({ config }) => ('model' in config ? config.model : config.num_layers * 1e4 + config.d_model),
  },
  numberColumn('batch_size', say.class.batch, ({ config }) => config.batch_size, String),
  numberColumn(
    'learning_rate',
    say.rate,
    ({ config }) => config.learning_rate,
    (x) => compact(x),
  ),
  {
    key: 'when',
    title: say.class.when,
    cell: ({ settledAt }) => timeText(settledAt),
    sort: ({ settledAt }) => settledAt,
  },
]

/** A model's name is no number: it is found by the text. */
const numbersIn = (config: Wire): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value] as const] : [])),
  )

const filtered = ({ number, flops, parameters, loss, config }: Run): Filtered => ({
  numbers: { '#': number + 1, n: parameters, c: flops, flops, loss, ...numbersIn(config) },
  text: Object.values(config).join(' '),
})
