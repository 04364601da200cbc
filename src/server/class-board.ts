import { hash, randomBytes } from 'node:crypto'
import { type Pace, paceOf } from './class-runs.ts'
import { gradesOfClass } from './grade.ts'
import type { Services } from './options.ts'
import { changedSettings, settingsOf, startedSettings } from './settings.ts'
import { allRuns, isoOrNull, keyJson, standingJson } from './standing.ts'
import type { KeyRecord, Standing, StoredRun } from './store/store.ts'

/**
 * A class as instructors see it. All who look share one board, of which only the keys that have changed are read again, and whoever knows how it was at a
 * mark is told what is another now: of 1,000 students the whole is some 400 kB and a second's reading of their runs.
 */
export interface ClassBoard {
  /** Brings it up to what the database says. Errors: those of the store. */
  look(): Promise<void>
  /** How it is now: another text whenever something of it has changed. Another process has other ones, also of the same class. */
  readonly mark: string
  /** What has changed since a mark, as JSON (`mark`, `isWhole`, `keys`, and what holds for all where that has changed); all of it where the mark is not known here. */
  since(mark: string | null): string
  /** The students' keys, and runs of each. */
  students(): { readonly keys: readonly KeyRecord[]; readonly runs: ReadonlyMap<string, readonly StoredRun[]> }
}

type BoardServices = Pick<
  Services,
  'store' | 'disclosure' | 'backend' | 'ledger' | 'truth' | 'submissions' | 'leaderboard'
>

/** A key, and what is told of it. */
interface Row {
  readonly standing: Standing
  /** Another text whenever something of the key has changed, also what is not told here. */
  readonly version: string
  readonly runs: readonly StoredRun[]
  readonly pace: Pace
}

/** A text, and the number of the board when it became that. */
interface Told {
  readonly text: string
  readonly number: number
}

export function createClassBoard(services: BoardServices): ClassBoard {
  const { store, disclosure, backend, ledger, truth = null } = services
  // Numbers are of this process: a mark of another one, or of one before, says nothing here.
  const generation = randomBytes(8).toString('hex')
  let number = 0
  let [mark, keyMarks]: [string | null, ReadonlyMap<string, string>] = [null, new Map()]
  let rows: ReadonlyMap<string, Row> = new Map()
  let told: ReadonlyMap<string, Told> = new Map()
  let general: Told = { text: '', number: 0 }

  const rowOf = async (standing: Standing, mark: string): Promise<Row> => {
    const before = rows.get(standing.key.id)
    const isKnown = before !== undefined && runsMark(before.standing) === runsMark(standing)
    const runs = isKnown ? before.runs : standing.runs === 0 ? [] : await allRuns(store, standing.key.id)
    const version = hash('sha256', mark, 'hex').slice(0, 10)
    return { standing, version, runs, pace: paceOf(standing.key.budget, runs) }
  }

  /** Reads again what has changed. What changes meanwhile has another mark the next time. */
  const readRows = async (): Promise<void> => {
    const now = await store.keyMarks()
    const changed = [...now.keys()].filter((id) => now.get(id) !== keyMarks.get(id))
    const standings = await store.standings(changed.length < now.size ? changed : undefined)
    const fresh = new Map<string, Row>()
    for (const standing of standings) {
      const { id } = standing.key
      fresh.set(id, await rowOf(standing, now.get(id) ?? '')) // one by one: others ask meanwhile
    }
    rows = new Map([...now.keys()].flatMap((id) => pairOf(id, fresh.get(id) ?? rows.get(id))))
    keyMarks = now
  }

  const generalNow = async () => {
    const [{ isOpen, deadline }, settings, changed] = await Promise.all([
      ...[disclosure.now(), settingsOf(services), changedSettings(store)],
    ] as const)
    return {
      ...{ deadline: isoOrNull(deadline), isOpen, settings, changed, started: startedSettings(services) },
      ...{ isGraded: truth !== null, backend: backend.name, running: ledger.running },
      trainings: backend.trainings ?? null,
      instructors: [...rows.values()].flatMap(({ standing: { key } }) => (key.instructor ? [keyJson(key)] : [])),
    }
  }

  const again = (before: Told | undefined, text: string): Told =>
    before?.text === text ? before : { text, number: number + 1 }

  /** Says what is told of each student, which is nothing new of most. */
  const tellStudents = (deadline: string | null): void => {
    const students = [...rows.values()].filter(({ standing }) => !standing.key.instructor)
    const grades = gradesOfClass(
      students.map(({ standing }) => standing),
      truth,
    )
    const until = deadline === null ? null : Date.parse(deadline)
    told = new Map(
      students.map((row) => {
        const { id } = row.standing.key
        return [id, again(told.get(id), studentText(row, until, grades.get(id) ?? null))]
      }),
    )
  }

  const lookOnce = async (): Promise<void> => {
    const now = await store.mark()
    if (now !== mark) await readRows()
    const facts = await generalNow()
    const said = again(general, JSON.stringify(facts))
    if (now === mark && said === general) return
    tellStudents(facts.deadline)
    ;[general, mark] = [said, now]
    if ([general, ...told.values()].some((one) => one.number > number)) number++
  }
  const look = shared(lookOnce)

  return {
    look,
    get mark() {
      return `${generation}-${number}`
    },
    since(known) {
      const from = numberOf(known, generation)
      const keys = [...told.values()].filter((one) => one.number > from).map(({ text }) => text)
      const rest = general.number > from ? `,${general.text.slice(1, -1)}` : ''
      return `{"mark":"${generation}-${number}","isWhole":${from === 0},"keys":[${keys.join(',')}]${rest}}`
    },
    students() {
      const all = [...rows.values()].filter(({ standing }) => !standing.key.instructor)
      return {
        keys: all.map(({ standing }) => standing.key),
        runs: new Map(all.map(({ standing, runs }) => [standing.key.id, runs])),
      }
    },
  }
}

const pairOf = (id: string, row: Row | undefined): [string, Row][] => (row === undefined ? [] : [[id, row]])

/** What changes with every run, and with a reset. */
const runsMark = ({ key: { used }, runs, lastRunAt }: Standing): string => `${used} ${runs} ${lastRunAt}`

function studentText({ standing, version, pace }: Row, deadline: number | null, grade: object | null): string {
  return JSON.stringify({
    ...{
      ...standingJson(standing, deadline),
      version,
      firstRun: isoOrNull(pace.firstAt),
      busiestShare: pace.busiestShare,
    },
    ...{ predicted: standing.submission?.predictedLoss ?? null, grade },
  })
}

/** The number in a mark; 0, since which everything is new, where it is of another process or none. */
function numberOf(mark: string | null, generation: string): number {
  const [of, number = ''] = mark?.split('-') ?? []
  return of === generation && /^\d{1,15}$/.test(number) ? Number(number) : 0
}

/** Work that many ask for at once: whoever asks while it goes on is answered by the next time, which all of them share. */
function shared(work: () => Promise<void>): () => Promise<void> {
  let going: Promise<void> | null = null
  let next: Promise<void> | null = null
  const begin = (): Promise<void> => {
    next = null
    going = work().finally(() => {
      going = null
    })
    return going
  }
  return () => {
    if (next !== null) return next
    if (going === null) return begin()
    next = going.then(begin, begin)
    return next
  }
}
