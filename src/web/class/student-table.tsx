import { useMemo, useState } from 'preact/hooks'
import { compact, nats, significant } from '../../report/number.ts'
import { filterOf } from '../campaign/filter.ts'
import { type Column, Table } from '../parts/table.tsx'
import { say } from '../words/words.ts'
import { shareText, timeText } from './header.tsx'
import { choose, chosen, conditionOf, goToStudent, news, type Student, shareOf } from './students.ts'

interface Row extends Student {
  readonly number: number
}

const condition = (row: Student): string => say.class.conditions[conditionOf(row)]

/** Every student: who has spent what and when, sorted and filtered. */
export function StudentTable() {
  const [text, setText] = useState('')
  const { keys, isGraded } = news.value!
  const all = useMemo(() => keys.map((one, number): Row => ({ ...one, number })), [keys])
  const rows = useMemo(() => {
    if (text.trim() === '') return all
    const test = filterOf(text)
    return all.filter((row) => test(filtered(row)))
  }, [all, text])
  const columns = useMemo(() => columnsOf(isGraded), [isGraded])
  const selected = all.find(({ id }) => id === chosen.value)?.number ?? null
  const [pointed, setPointed] = useState<number | null>(null)
  return (
    <section class="runs card" id="students" aria-labelledby="students-title">
      <div class="bar">
        <h2 id="students-title">
          {say.class.studentsTitle} <span class="hint">{say.runsShown(rows.length, all.length)}</span>
        </h2>
        {all.length > 0 && (
          <label>
            {say.filter}
            <input
              type="search"
              placeholder={say.class.studentFilter}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      {rows.length === 0 ? (
        <p class="hint">{all.length === 0 ? say.class.noStudents : say.class.noneFits}</p>
      ) : (
        <Table
          label={say.class.studentsTitle}
          columns={columns}
          rows={rows}
          keyOf={({ number }) => number}
          selected={selected}
          pointed={pointed}
          onSelect={(number) => choose(number === null ? null : all[number].id)}
          onPoint={setPointed}
          onOpen={goToStudent}
        />
      )}
    </section>
  )
}

const columnsOf = (isGraded: boolean): readonly Column<Row>[] => [
  { key: 'label', title: say.class.name, cell: ({ label, id }) => label || id, sort: ({ label }) => label },
  { key: 'condition', title: say.class.condition, cell: condition, sort: condition },
  { key: 'share', title: say.class.share, isNumber: true, cell: (row) => shareText(shareOf(row)), sort: shareOf },
  {
    key: 'runs',
    title: say.class.runsColumn,
    isNumber: true,
    cell: ({ runs }) => String(runs),
    sort: ({ runs }) => runs,
  },
  {
    ...{ key: 'best', title: say.class.best, isNumber: true },
    cell: ({ bestLoss }) => (bestLoss === null ? '–' : nats(bestLoss)),
    sort: ({ bestLoss }) => bestLoss,
  },
  {
    key: 'seen',
    title: say.class.lastSeen,
    cell: ({ lastSeen }) => timeText(lastSeen),
    sort: ({ lastSeen }) => lastSeen,
  },
  {
    ...{ key: 'attempts', title: say.class.attempts, isNumber: true },
    cell: ({ attempts }) => String(attempts),
    sort: ({ attempts }) => attempts,
  },
  {
    ...{ key: 'predicted', title: say.class.predicted, isNumber: true },
    cell: ({ predicted }) => (predicted === null ? '–' : nats(predicted)),
    sort: ({ predicted }) => predicted,
  },
  ...(isGraded
    ? [
        {
          ...{ key: 'regret', title: say.class.regret, isNumber: true },
          cell: ({ grade }: Row) => (grade === null ? '–' : significant(grade.regret)),
          sort: ({ grade }: Row) => grade?.regret ?? null,
        },
      ]
    : []),
  {
    key: 'budget',
    title: say.budget,
    isNumber: true,
    cell: ({ budget }) => compact(Number(budget)),
    sort: ({ budget }) => Number(budget),
  },
  { key: 'id', title: say.class.keyName, cell: ({ id }) => id, sort: ({ id }) => id },
]

const filtered = (row: Row) => ({
  numbers: {
    ...{
      used: 100 * shareOf(row),
      runs: row.runs,
      loss: row.bestLoss,
      attempts: row.attempts,
      budget: Number(row.budget),
    },
    regret: row.grade?.regret ?? null,
  },
  text: `${row.label} ${row.id} ${condition(row)}`.toLowerCase(),
})
