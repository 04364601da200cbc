import { Command } from 'commander'
import type { Config } from '../core/config.ts'
import { shortInteger } from '../core/exact-integer.ts'
import { printableLine } from '../core/printable.ts'
import { counted } from '../report/number.ts'
import {
  allRuns,
  isGradable,
  isLate,
  isoOrNull,
  keyJson,
  lastSeen,
  runJson,
  standingJson,
  submissionJson,
} from '../server/standing.ts'
import type { Standing, Store, StoredRun, Submission } from '../server/store/store.ts'
import { anyCodec } from '../space/any.ts'
import { changedText } from './changed-settings.ts'
import { withStore } from './database.ts'
import { examples } from './help.ts'
import { marksOf, unknownKey } from './keys.ts'
import { after, type Next } from './next.ts'
import { print, printJson, printLine, printNext } from './print.ts'
import { tableText } from './terminal.ts'

interface ClassFlags {
  readonly db?: string
  readonly json?: boolean
}

/** `isoflop class`. */
export function classCommand(): Command {
  return new Command('class')
    .summary('the class at a glance: FLOPs used, runs, last seen, best loss, predictions')
    .description(
      'Shows what each key of a training API did, or, with its short name, all runs and predictions of one\n' +
        "with their times. Instructors' keys are left out. Last seen is the last run or prediction that was new.",
    )
    .argument('[ID]', 'the short name of one key')
    .option('--db <PLACE>', 'a SQLite file, or postgres://... (default: $DATABASE_URL or isoflop.sqlite)')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('isoflop class', 'isoflop class k1a2b3c4d5e --json'))
    .action((id: string | undefined, { db, json = false }: ClassFlags) =>
      withStore({ db }, async (store) => {
        const next = id === undefined ? await showClass(store, db, json) : await showKey(store, id, db, json)
        if (!json) printNext(next)
      }),
    )
}

async function showClass(store: Store, db: string | undefined, json: boolean): Promise<Next> {
  const { deadlineOf } = await import('../server/deadline.ts')
  const { changedSettings } = await import('../server/settings.ts')
  const [deadline, changed] = [await deadlineOf(store), await changedSettings(store)]
  const { submissions = null, leaderboard = null } = changed
  const students = (await store.standings()).filter(({ key }) => !key.instructor)
  if (json)
    printJson({
      ...{ deadline: isoOrNull(deadline), changed: { submissions, leaderboard } },
      keys: students.map((one) => standingJson(one, deadline)),
    })
  else {
    printLine([summaryOf(students, deadline), ...changedText(changed)].join('; '))
    print(`\n${classTable(students, deadline)}`)
  }
  const [latest] = students
    .filter((student) => lastSeen(student) !== null)
    .sort((p, q) => lastSeen(q)! - lastSeen(p)!)
    .map(({ key }) => key.id)
  return after.class({ db, keys: students.length, latest: latest ?? null, isGradable: await isGradable(store) })
}

function summaryOf(students: readonly Standing[], deadline: number | null): string {
  const counts = [
    [students.filter(({ runs }) => runs > 0).length, 'asked'],
    [students.filter(({ submission }) => submission !== null).length, 'submitted'],
    [students.filter(({ submission }) => isLate(submission, deadline)).length, 'late'],
  ] as const
  const told = counts.filter(([n, what]) => n > 0 || what !== 'late').map(([n, what]) => `${n} ${what}`)
  const end = deadline === null ? 'no deadline' : `deadline ${minuteOf(deadline)}`
  return `${counted(students.length, 'key')}: ${told.join(', ')}; ${end}`
}

/** A time to the minute, as `--deadline` takes it. */
const minuteOf = (time: number | null): string =>
  time === null ? '-' : `${new Date(time).toISOString().slice(0, 16)}Z`

const left = (title: string) => ({ title, align: 'left' }) as const
const right = (title: string) => ({ title, align: 'right' }) as const

function classTable(students: readonly Standing[], deadline: number | null): string {
  const columns = [
    ...[left('label'), left('key'), right('used'), right('of'), right('runs'), right('best loss'), left('last seen')],
    ...[left('submitted'), right('attempts'), left('')],
  ]
  const rows = students.map((standing) => {
    const { key, runs, bestLoss, submission, attempts } = standing
    const marks = [isLate(submission, deadline) ? 'late' : '', marksOf(key)].filter((mark) => mark !== '')
    return [
      ...[printableLine(key.label), key.id, shortInteger(key.used, 4), shortInteger(key.budget), String(runs)],
      ...[bestLoss?.toFixed(4) ?? '-', minuteOf(lastSeen(standing)), minuteOf(submission?.submittedAt ?? null)],
      ...[String(attempts), marks.join(', ')],
    ]
  })
  return tableText(columns, rows)
}

async function showKey(store: Store, id: string, db: string | undefined, json: boolean): Promise<Next> {
  const key = await store.getKey(id)
  if (key === null) throw unknownKey(id)
  const [runs, submissions] = [await allRuns(store, id), await store.submissions(id)]
  const next = after['class of one'](db)
  if (json) {
    printJson({
      ...keyJson(key),
      submissions: submissions.map(submissionJson),
      runs: runs.map(runJson),
    })
    return next
  }
  const used = `${shortInteger(key.used, 4)} of ${shortInteger(key.budget)} FLOPs used in ${counted(runs.length, 'run')}`
  const marks = marksOf(key)
  printLine(
    `${printableLine(key.label)} (${id}${marks && `, ${marks}`}): ${used}, ${counted(submissions.length, 'prediction')}`,
  )
  if (submissions.length > 0) print(`\n${submissionTable(submissions)}`)
  if (runs.length > 0) print(`\n${runTable(runs)}`)
  return next
}

/** Columns of the configurations of one space; its FLOPs stand elsewhere. */
const configColumns = ([{ config }]: readonly { readonly config: Config }[]) =>
  namesOf(config).map((name) => right(shortTitles[name] ?? name))
const configCells = (config: Config): string[] => namesOf(config).map((name) => String(anyCodec.record(config)[name]))

const namesOf = (config: Config): string[] =>
  anyCodec.fieldsOf(config).flatMap(({ name }) => (name === 'train_flops' ? [] : [name]))
const shortTitles: Readonly<Record<string, string>> = {
  ...{ num_layers: 'layers', num_heads: 'heads', batch_size: 'batch', learning_rate: 'rate' },
}

const submissionTable = (submissions: readonly Submission[]): string =>
  tableText(
    [left('predicted at'), right('used by then'), right('predicted'), ...configColumns(submissions)],
    submissions.map(({ config, predictedLoss, submittedAt, used }) => [
      ...[minuteOf(submittedAt), used === null ? '-' : shortInteger(used, 4), predictedLoss.toFixed(4)],
      ...configCells(config),
    ]),
  )

const runTable = (runs: readonly StoredRun[]): string =>
  tableText(
    [left('run at'), right('FLOPs'), right('loss'), ...configColumns(runs)],
    runs.map(({ config, cost, loss, settledAt }) => [
      ...[minuteOf(settledAt), shortInteger(cost), loss.toFixed(4), ...configCells(config)],
    ]),
  )
