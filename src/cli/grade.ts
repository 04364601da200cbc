import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import { printableLine } from '../core/printable.ts'
import { apiSpace } from '../cs336/space.ts'
import { csvOf, withoutFormula } from '../input/fields.ts'
import { compact } from '../report/number.ts'
import { type Grade, gradeSubmissions } from '../server/grade.ts'
import { notedSpace } from '../server/noted-space.ts'
import { isLate } from '../server/standing.ts'
import type { Standing, Store } from '../server/store/store.ts'
import { anyCodec } from '../space/any.ts'
import type { Field } from '../space/codec.ts'
import type { Space } from '../space/space.ts'
import { withStore } from './database.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { print, printData, printJson, printNext, say, sayNext } from './print.ts'
import { tableText } from './terminal.ts'

/** `isoflop grade`. */
export function gradeCommand(): Command {
  return new Command('grade')
    .summary('judge the submitted predictions against the simulated truth')
    .description(
      'Ranks what was sent to POST /submission by regret: the true loss of the configuration at 1e19\n' +
        'FLOPs beyond the best possible; then by the error of the predicted loss. Noise-free nats/token.',
    )
    .option('--db <PLACE>', 'a SQLite file, or postgres://... (default: $DATABASE_URL or isoflop.sqlite)')
    .option('--world <NAME>', 'the world that was served, where the database does not say it')
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV: a row for every key, also of who has not submitted')
    .addHelpText(
      'after',
      examples('isoflop grade', 'isoflop grade --csv > grades.csv', 'isoflop grade --world seed:7 --json'),
    )
    .action(runGrade)
}

interface GradeFlags {
  readonly db?: string
  readonly world?: string
  readonly json?: boolean
  readonly csv?: boolean
}

const runGrade = ({ db, world: named, json, csv }: GradeFlags): Promise<void> =>
  withStore({ db }, async (store) => {
    const { world, truth, space } = await truthBehind(store, named)
    const deadline = await deadlineBehind(store)
    const standings = await store.standings()
    const grades = gradeSubmissions(students(standings).flatMap(submitted), truth)
    const told = deadline === null ? null : new Date(deadline).toISOString()
    if (csv) printData(csvOfGrades(standings, grades, { deadline, fields: space.fields }))
    else if (json) printJson({ world, bestLoss: truth.bestLoss, deadline: told, grades: grades.map(gradeJson) })
    else print(table(grades, truth.bestLoss, space))
    for (const note of notesOf(grades, deadline)) say(`note: ${note}`)
    const next = grades.length > 0 ? nextOf(world, space, db) : after['grade, nobody'](db)
    if (csv) sayNext(next)
    else if (!json) printNext(next)
  })

const nextOf = (world: string, { name }: Space, db?: string) =>
  name === apiSpace.name ? after.grade(world) : after['grade, of a space'](db)

/** The configuration by its outside names and times as everywhere else. */
const gradeJson = ({ config, submittedAt, ...grade }: Grade) => ({
  ...grade,
  ...{ config: anyCodec.record(config), submittedAt: new Date(submittedAt).toISOString() },
})

/** Instructors try the assignment too, and are not judged. */
const students = (standings: readonly Standing[]) => standings.filter(({ key }) => !key.instructor)

/** A standing with its prediction, where it has one. */
const submitted = ({ key, submission, attempts }: Standing) =>
  submission === null ? [] : [{ key, submission, attempts }]

/** Columns of `--csv` that are empty where nothing was submitted. */
const gradeColumns = (fields: readonly Field[]): string[] => [
  ...['rank', 'true_loss', 'regret', 'predicted_loss', 'error', ...fields.map(({ name }) => name).filter(isFree)],
  ...['submitted_at', 'late', 'flops_used_then'],
]

/** Predictions are all for the same FLOPs. */
const isFree = (name: string): boolean => name !== 'train_flops'

/** A row for every key but instructors': who has submitted by rank, then the others in the order in which they were added. */
function csvOfGrades(
  standings: readonly Standing[],
  grades: readonly Grade[],
  { deadline, fields }: { readonly deadline: number | null; readonly fields: readonly Field[] },
): string {
  const gradeOf = new Map(grades.map((grade) => [grade.key, grade]))
  const rankOf = ({ key }: Standing) => gradeOf.get(key.id)?.rank ?? Number.POSITIVE_INFINITY
  const ranked = students(standings).sort((p, q) => (rankOf(p) === rankOf(q) ? 0 : rankOf(p) - rankOf(q)))
  const rows = ranked.map((standing) => {
    const { key, runs, attempts } = standing
    const grade = gradeOf.get(key.id)
    return [
      ...[withoutFormula(key.label), key.id, String(attempts > 0 ? 'yes' : 'no')],
      ...(grade ? cellsOf(grade, standing, deadline) : gradeColumns(fields).map(() => '')),
      ...[attempts, runs, key.used].map(String),
      key.revoked ? 'yes' : 'no',
    ]
  })
  const head = ['label', 'key_id', 'submitted', ...gradeColumns(fields), 'attempts', 'runs', 'flops_used', 'revoked']
  return csvOf([head, ...rows])
}

function cellsOf(grade: Grade, { submission }: Standing, deadline: number | null): string[] {
  const record = Object.entries(anyCodec.record(grade.config)).filter(([name]) => isFree(name))
  return [
    ...[grade.rank, grade.trueLoss, grade.regret, grade.predictedLoss, grade.error].map(String),
    ...record.map(([, value]) => String(value)),
    new Date(grade.submittedAt).toISOString(),
    isLate(submission, deadline) ? 'yes' : 'no',
    String(submission?.used ?? ''),
  ]
}

/** The truth that a database's answers came from: of the world that is noted there, else of the one that was named. */
async function truthBehind(store: Store, named: string | undefined) {
  const [{ truthOf }, { producerName, producerOf }] = await Promise.all([
    import('./backend.ts'),
    import('../server/producer.ts'),
  ])
  const producer = await producerOf(store)
  const world = producer === null ? named : producer.world
  if (world === undefined) throw producer === null ? unknownProducer() : noTruth(producerName(producer))
  if (named !== undefined && named !== world) throw otherWorld(producerName(producer!), `world ${named}`)
  const space = await notedSpace(store, producer)
  const truth = await truthOf(world, space)
  if (producer !== null && producer.version !== truth.version)
    throw otherWorld(producerName(producer), `version ${truth.version} of that world`)
  return { world, truth, space }
}

const deadlineBehind = async (store: Store) => (await import('../server/deadline.ts')).deadlineOf(store)

/** What the time of the predictions says: the truth is shown from the deadline on, which may have been changed. */
function notesOf(grades: readonly Grade[], deadline: number | null): string[] {
  if (deadline === null) return []
  const time = new Date(deadline).toISOString()
  const late = grades.filter(({ submittedAt }) => submittedAt >= deadline)
  if (late.length > 0)
    return [`after the deadline ${time} came the predictions of ${late.map(({ key }) => key).join(', ')}`]
  return systemClock.now() < deadline ? [`predictions are taken until ${time}`] : []
}

const unknownProducer = () =>
  new IsoflopError(
    'PRODUCER_UNKNOWN',
    'The database does not say which world answered it: it was never served, or by an old version alone.',
    'Start it with isoflop serve, and it says so; or name the world: --world NAME.',
  )

const noTruth = (answered: string) =>
  new IsoflopError(
    'BAD_OPTION',
    `The database has answers of ${answered}, of which nobody knows the truth.`,
    'Only simulated worlds can be graded.',
  )

const otherWorld = (answered: string, asked: string) =>
  new IsoflopError(
    'PRODUCER_DIFFERS',
    `The database has answers of ${answered}; what is to judge them is ${asked}.`,
    'Leave --world out, and grade with the isoflop that served it.',
  )

function table(judged: readonly Grade[], bestLoss: number, { measure, target }: Space): string {
  if (judged.length === 0) return 'No predictions were submitted yet (POST /submission).'
  const titles = ['rank', 'label', 'key', 'N', 'loss', 'regret', 'predicted', 'error', 'attempts', 'submitted']
  const columns = titles.map((title) => ({
    ...({ title, align: ['label', 'key', 'submitted'].includes(title) ? 'left' : 'right' } as const),
  }))
  const rows = judged.map(
    ({ rank, label, key, config, trueLoss, regret, predictedLoss, error, attempts, submittedAt }) => [
      ...[String(rank), printableLine(label), key],
      measure(config, 'none').core.toExponential(2).replace('e+', 'e'),
      ...[trueLoss.toFixed(4), regret.toFixed(4), predictedLoss.toFixed(4)],
      `${error < 0 ? '' : '+'}${error.toFixed(4)}`,
      ...[String(attempts), new Date(submittedAt).toISOString()],
    ],
  )
  return [`The best loss at ${compact(target)} FLOPs is ${bestLoss.toFixed(4)}.`, '', tableText(columns, rows)].join(
    '\n',
  )
}
