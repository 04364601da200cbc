import { useMemo } from 'preact/hooks'
import { withShortNames } from '../../core/groups.ts'
import { type SurfaceLaw, surfaceLoss } from '../../law/surface.ts'
import { surfaceOf } from '../../report/fit/facts.ts'
import { compact, type Format, nats, signedNats, significant } from '../../report/number.ts'
import { type Column, Table } from '../parts/table.tsx'
import { say } from '../words/words.ts'
import { compared, data, dropped, first, fitted, pointed, selected } from './state.ts'
import { lossName } from './unit.ts'

export interface Row {
  readonly number: number
  readonly name: string
  readonly row: number
  readonly parameters: number
  readonly tokens: number
  readonly flops: number
  readonly loss: number
  readonly group: string | null
  readonly residual: number | null
  readonly isOut: boolean
}

/** A run as it was read, with what the leading law says of it. */
export function rowsOf(): readonly Row[] {
  const { runs, rows, files, sources, groups } = data.value!
  const lawFor = lawsOf()
  return rows.map((row, i) => {
    const law = lawFor(i)
    const [parameters, tokens, loss] = [runs.parameters[i]!, runs.tokens[i]!, runs.loss[i]!]
    return {
      ...{ number: i, row, name: sources[files[i]], parameters, tokens, flops: runs.flops[i]!, loss },
      group: groups === null || groups.of[i] < 0 ? null : groups.names[groups.of[i]],
      residual: law ? loss - surfaceLoss(law, parameters, tokens) : null,
      isOut: dropped.value.has(i),
    }
  })
}

/** The law that leads, or that leads in the group of a run; null where there is none. */
function lawsOf(): (run: number) => SurfaceLaw | null {
  const { groups } = data.value!
  if (compared.value === null || groups === null) {
    const shown = first.value ?? fitted.value
    const law = shown && surfaceOf(shown.findings.analysis)
    return () => law
  }
  const { names } = withShortNames({ ...groups, of: Int32Array.from(groups.of) })
  const own = new Map(compared.value.groups.map(({ name, analysis }) => [name, surfaceOf(analysis)]))
  return (run) => own.get(names[groups.of[run]]) ?? null
}

/** Every run that was read: sorted, picked, left out. */
export function Runs() {
  const shown = data.value!
  const [out, soon, law, laws] = [dropped.value, first.value, fitted.value, compared.value]
  const rows = useMemo(rowsOf, [shown, out, soon, law, laws])
  const columns = useMemo((): readonly Column<Row>[] => {
    const number = (key: 'parameters' | 'tokens' | 'flops', title: string, format: Format): Column<Row> => ({
      ...{ key, title, isNumber: true },
      cell: (row) => format(row[key]),
      sort: (row) => row[key],
    })
    return [
      { key: 'row', title: say.fit.row, isNumber: true, cell: ({ row }) => String(row), sort: ({ number }) => number },
      ...(shown.sources.length > 1
        ? [{ key: 'file', title: say.fit.file, cell: ({ name }: Row) => name, sort: ({ name }: Row) => name }]
        : []),
      ...(shown.groups !== null && shown.groups.column !== 'file'
        ? [
            {
              ...{ key: 'group', title: shown.groups.column },
              cell: ({ group }: Row) => group ?? '',
              sort: ({ group }: Row) => group,
            },
          ]
        : []),
      number('flops', say.fit.flops, compact),
      number('parameters', 'N', significant),
      number('tokens', 'D', significant),
      {
        key: 'loss',
        title: say.columns.loss,
        isNumber: true,
        cell: ({ loss }) => nats(loss),
        sort: ({ loss }) => loss,
      },
      {
        ...{ key: 'residual', title: say.columns.residual, isNumber: true },
        cell: ({ residual }) => (residual === null ? '' : signedNats(residual)),
        sort: ({ residual }) => residual,
      },
      {
        ...{ key: 'out', title: say.fit.inFit },
        cell: ({ isOut }) => (isOut ? say.fit.isOut : ''),
        sort: ({ isOut }) => (isOut ? 0 : 1),
      },
    ]
  }, [shown])
  return (
    <section class="runs card" id="runs" aria-labelledby="runs-title">
      <div class="bar">
        <h2 id="runs-title">
          {say.runs}{' '}
          <span class="hint">
            {say.fit.kept(rows.length - out.size, rows.length)} · {lossName()}
          </span>
        </h2>
      </div>
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
      {shown.excludedCount > 0 && (
        <details class="reading">
          <summary>{say.fit.excluded(shown.excludedCount)}</summary>
          <ul>
            {shown.excluded.map(({ source, row, reason }) => (
              <li key={`${source} ${row} ${reason}`}>{say.fit.excludedRow(source, row, reason)}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}

const numberOf = ({ number }: Row): number => number
