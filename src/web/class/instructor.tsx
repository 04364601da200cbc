import { useEffect, useMemo, useState } from 'preact/hooks'
import { profiles } from '../../report/class/figures/profiles.ts'
import { type ClassSpending, spending, spendingPoints } from '../../report/class/figures/spending.ts'
import { momentText } from '../../report/draw/time.ts'
import { compact, nats, significant } from '../../report/number.ts'
import { LiveFigure } from '../parts/figure.tsx'
import { say } from '../words/words.ts'
import { AddKeys } from './add-keys.tsx'
import { FirstSteps } from './first-steps.tsx'
import { Header, shareText } from './header.tsx'
import { keepLooking } from './me.ts'
import { QueueCard } from './queue.tsx'
import { SettingsCard } from './settings.tsx'
import { StudentCard } from './student.tsx'
import { StudentTable } from './student-table.tsx'
import {
  choose,
  chosenLine,
  conditionOf,
  conditions,
  drawn,
  followClass,
  goToStudent,
  lookAtClass,
  news,
  spent,
  student,
} from './students.ts'

/** The class at a glance, for who teaches it. */
export function InstructorPage() {
  useEffect(() => {
    const ends = [keepLooking(lookAtClass), followClass()]
    return () => {
      for (const end of ends) end()
    }
  }, [])
  return (
    <>
      <a class="skip" href="#students">
        {say.class.skip}
      </a>
      <Header title={say.class.instructorTitle} />
      {news.value === null ? (
        <main class="message">
          <p role="status">{say.class.loading}</p>
        </main>
      ) : (
        <main>
          <Glance />
          <div class="columns class-columns">
            <div class="column">
              <FirstSteps />
              <StudentTable />
              <Spending />
              <ClassProfiles />
            </div>
            <div class="column">
              {student.value && <StudentCard key={student.value.id} />}
              <QueueCard />
              <Forms />
              <Exports />
            </div>
          </div>
        </main>
      )}
    </>
  )
}

/** Whoever has no students yet makes keys first; nothing moves while the page is open. */
function Forms() {
  const [isNew] = useState(() => news.value!.keys.every(({ revoked }) => revoked))
  return isNew ? (
    <>
      <AddKeys />
      <SettingsCard />
    </>
  ) : (
    <>
      <SettingsCard />
      <AddKeys />
    </>
  )
}

/** Counts that are looked for first, and how much of all budgets is spent. */
function Glance() {
  const { keys, running, trainings } = news.value!
  const counts = useMemo(() => {
    const all = new Map(conditions.map((one) => [one, 0]))
    for (const one of keys) all.set(conditionOf(one), all.get(conditionOf(one))! + 1)
    return [...all].filter(([, n]) => n > 0)
  }, [keys])
  const used = keys.reduce((sum, one) => sum + Number(one.used), 0)
  const budget = keys.reduce((sum, one) => sum + Number(one.budget), 0)
  return (
    <section class="card glance" aria-label={say.class.glance}>
      <ul class="counts">
        <li>
          <strong>{keys.length}</strong> {say.class.students(keys.length)}
        </li>
        {counts.map(([name, n]) => (
          <li key={name}>
            <span class={`mark ${name}`} aria-hidden="true" />
            <strong>{n}</strong> {say.class.conditions[name]}
          </li>
        ))}
      </ul>
      <p class="hint">
        {say.class.classSpent(compact(used), compact(budget), shareText(budget > 0 ? used / budget : 0))}{' '}
        {trainings === null ? say.class.running(running) : say.class.queue(trainings.running, trainings.waiting)}
      </p>
    </section>
  )
}

/** How far the reader's clock is ahead of UTC, ms, at a time. */
const zoneAt = (time: number): number => -60_000 * new Date(time).getTimezoneOffset()

/** Who has spent what and when; a click on a student's line chooses them. */
function Spending() {
  const [pointed, setPointed] = useState<number | null>(null)
  const [seen, line] = [spent.value, chosenLine.value]
  const { keys, deadline } = news.value!
  const subject = useMemo((): ClassSpending | null => {
    // One moment has no before and after.
    if (seen === null || seen.times.length === 0 || seen.times[0] === seen.until) return null
    const until = deadline === null ? null : Date.parse(deadline)
    return { ...seen, students: keys.length, chosen: line, deadline: until, zoneMs: zoneAt(seen.until) }
  }, [seen, line, keys.length, deadline])
  const points = useMemo(() => (subject === null ? [] : spendingPoints(subject)), [subject])
  const numbers = useMemo(() => points.map((_, k) => k), [points])
  if (subject === null) return null
  const tell = (point: number): string[] => {
    const { line, share, time } = points[point]
    return [line?.label ?? say.class.median, shareText(share), momentText(time, zoneAt(time))]
  }
  const select = (point: number | null) => {
    const line = point === null ? null : points[point].line
    if (line !== null) choose(line.key)
  }
  return (
    <LiveFigure
      figure={spending}
      {...{ subject, numbers, pointed, tell }}
      selected={null}
      onPoint={setPointed}
      onSelect={select}
      onOpen={goToStudent}
    />
  )
}

/** The runs of everybody; whose one is, where it is pointed at. */
function ClassProfiles() {
  const [pointed, setPointed] = useState<number | null>(null)
  const subject = drawn.value
  const numbers = useMemo(() => subject.runs.map((_, k) => k), [subject])
  if (subject.runs.length === 0) return null
  const tell = (run: number): string[] => {
    const { key, loss, parameters, flops } = subject.runs[run]
    const label = news.value?.keys.find(({ id }) => id === key)?.label ?? key
    return [
      label,
      `${say.columns.loss} ${nats(loss)} nats/token`,
      `N ${significant(parameters)} · ${compact(flops)} FLOPs`,
    ]
  }
  return (
    <LiveFigure
      figure={profiles}
      subject={subject}
      numbers={numbers}
      selected={null}
      pointed={pointed}
      tell={tell}
      onPoint={setPointed}
      onSelect={(run) => run !== null && choose(subject.runs[run].key)}
      onOpen={goToStudent}
    />
  )
}

const files = ['class', 'predictions', 'runs', 'keys'] as const

function Exports() {
  return (
    <section class="card exports" aria-labelledby="exports">
      <h2 id="exports">{say.class.exports}</h2>
      <ul>
        {files.map((name) => (
          <li key={name}>
            <a href={`/web/class/${name}.csv`} download={`${name}.csv`}>
              {name}.csv
            </a>{' '}
            <span class="hint">{say.class.files[name]}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
