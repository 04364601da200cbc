import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import { printableLine } from '../core/printable.ts'
import { nonEmbeddingParameters } from '../cs336/parameters.ts'
import { type Grade, gradeSubmissions } from '../server/grade.ts'
import type { Store } from '../server/store/store.ts'
import { withStore } from './database.ts'
import { print, printJson, say } from './print.ts'

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
    .addHelpText('after', '\nExamples:\n  isoflop grade\n  isoflop grade --world seed:7 --json')
    .action(runGrade)
}

interface GradeFlags {
  readonly db?: string
  readonly world?: string
  readonly json?: boolean
}

const runGrade = ({ db, world: named, json }: GradeFlags): Promise<void> =>
  withStore({ db }, async (store) => {
    const { world, truth } = await truthBehind(store, named)
    const deadline = await deadlineBehind(store)
    const grades = gradeSubmissions(await store.listSubmissions(), truth)
    const told = deadline === null ? null : new Date(deadline).toISOString()
    if (json) printJson({ world, bestLoss: truth.bestLoss, deadline: told, grades })
    else print(table(grades, truth.bestLoss))
    for (const note of notesOf(grades, deadline)) say(`note: ${note}`)
  })

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
  const truth = await truthOf(world)
  if (producer !== null && producer.version !== truth.version)
    throw otherWorld(producerName(producer), `version ${truth.version} of that world`)
  return { world, truth }
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
    'The database does not say which world answered it.',
    'Say it: --world NAME. A database that was served since is graded without.',
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

function table(judged: readonly Grade[], bestLoss: number): string {
  const grades = judged.map((grade) => ({ ...grade, label: printableLine(grade.label) }))
  if (grades.length === 0) return 'No predictions were submitted yet (POST /submission).'
  const width = Math.max(5, ...grades.map(({ label }) => label.length))
  const head = `rank  ${'label'.padEnd(width)}  key           N         loss  regret  predicted    error  attempts  submitted`
  const rows = grades.map(
    ({ rank, label, key, config, trueLoss, regret, predictedLoss, error, attempts, submittedAt }) =>
      [
        String(rank).padStart(4),
        label.padEnd(width),
        key.padEnd(11),
        nonEmbeddingParameters(config.dModel, config.numLayers).toExponential(2).replace('e+', 'e').padStart(7),
        trueLoss.toFixed(4).padStart(7),
        regret.toFixed(4),
        predictedLoss.toFixed(4).padStart(9),
        `${error < 0 ? '' : '+'}${error.toFixed(4)}`,
        String(attempts).padStart(8),
        new Date(submittedAt).toISOString(),
      ].join('  '),
  )
  return [`The best loss at 1e19 FLOPs is ${bestLoss.toFixed(4)}.`, '', head, ...rows].join('\n')
}
