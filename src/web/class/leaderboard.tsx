import { useEffect, useMemo, useState } from 'preact/hooks'
import { nats, significant } from '../../report/number.ts'
import { type Column, Table } from '../parts/table.tsx'
import { say } from '../words/words.ts'
import { ask } from './api.ts'
import { timeText } from './header.tsx'
import { me } from './me.ts'

/** Who has predicted; what is true of it from the deadline on. */
interface Entry {
  readonly key: string
  readonly label: string
  readonly submitted_at: string
  readonly rank?: number
  readonly predictedLoss?: number
  readonly trueLoss?: number
  readonly regret?: number
}

interface Row extends Entry {
  readonly number: number
}

/** How often others' predictions are looked for, ms. */
const lookMs = 60_000

const number = (key: string, title: string, value: (row: Row) => number | undefined, text = nats): Column<Row> => ({
  ...{ key, title, isNumber: true },
  cell: (row) => {
    const x = value(row)
    return x === undefined ? '–' : text(x)
  },
  sort: (row) => value(row) ?? null,
})

const who: readonly Column<Row>[] = [
  { key: 'label', title: say.class.name, cell: ({ label, key }) => label || key, sort: ({ label }) => label },
  {
    key: 'when',
    title: say.class.when,
    cell: ({ submitted_at }) => timeText(submitted_at),
    sort: ({ submitted_at }) => submitted_at,
  },
]
const judged: readonly Column<Row>[] = [
  number('rank', say.class.rank, ({ rank }) => rank, String),
  ...who,
  number('predicted', say.class.predicted, ({ predictedLoss }) => predictedLoss),
  number('true', say.class.trueLoss, ({ trueLoss }) => trueLoss),
  number('regret', say.class.regret, ({ regret }) => regret, significant),
]

/** The leaderboard, where it is published: one's own line is marked. */
export function Leaderboard() {
  const { leaderboard, isOpen, attempts, key } = me.value!
  const [entries, setEntries] = useState<readonly Entry[]>([])
  useEffect(() => {
    if (!leaderboard) return setEntries([])
    const look = () =>
      ask<{ leaderboard: readonly Entry[] }>('GET', '/leaderboard').then(
        (answer) => setEntries(answer.leaderboard),
        () => {}, // said by the page as a whole
      )
    void look()
    const timer = setInterval(look, lookMs)
    return () => clearInterval(timer)
  }, [leaderboard, isOpen, attempts])
  const rows = useMemo(() => entries.map((entry, number): Row => ({ ...entry, number })), [entries])
  if (!leaderboard) return null
  return (
    <section class="runs card leaderboard" aria-labelledby="leaderboard">
      <h2 id="leaderboard">
        {say.class.leaderboard} <span class="hint">{say.class.predictedBy(rows.length)}</span>
      </h2>
      {rows.length > 0 && (
        <Table
          label={say.class.leaderboard}
          columns={rows[0].rank === undefined ? who : judged}
          rows={rows}
          keyOf={(row) => row.number}
          selected={rows.find((row) => row.key === key.id)?.number ?? null}
          pointed={null}
          onSelect={() => {}}
          onPoint={() => {}}
        />
      )}
      {rows.length > 0 && rows[0].rank === undefined && <p class="hint">{say.class.judgedLater}</p>}
    </section>
  )
}
