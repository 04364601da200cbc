import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import { inOneLine } from '../core/printable.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Facts } from '../jobs/kinds.ts'
import type { Job, JobCount } from '../jobs/office.ts'
import { isPostgres } from '../server/store/place.ts'
import { anyCodec } from '../space/any.ts'
import { defaultDatabase } from './database.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { wholeNumber } from './options.ts'
import { print, printJson, printNext } from './print.ts'
import { tableText } from './terminal.ts'

interface JobsFlags {
  readonly db?: string
  readonly json?: boolean
  readonly limit: number
}

/** `isoflop jobs`. */
export function jobsCommand(): Command {
  const command = new Command('jobs')
    .summary('trainings that wait for workers, run, or failed in the end')
    .description('Shows the trainings of a server with --backend workers, and has those that failed tried again.')
    .addHelpText(
      'after',
      examples('isoflop jobs --json', 'isoflop jobs retry 4b1f2c9e', 'isoflop jobs cancel 4b1f2c9e'),
    )
  const database = (sub: Command) => sub.option('--db <PLACE>', 'postgres://... of the server (default: $DATABASE_URL)')
  database(command)
    .option('--json', 'print JSON')
    .option(
      '--limit <N>',
      'how many of each state are shown',
      wholeNumber('--limit', 1, 'a whole number such as 50'),
      50,
    )
    .action((flags: JobsFlags) => withJobs(flags, (jobs) => list(jobs, flags)))
  const one = (name: string, summary: string, done: string, work: (jobs: Jobs, id: string) => Promise<boolean>) =>
    database(command.command(name))
      .summary(summary)
      .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
      .argument('<ID>', 'the id from the list, or how it begins')
      .action((id: string, flags: JobsFlags) => {
        const given = { ...command.opts<JobsFlags>(), ...flags }
        return withJobs(given, async (jobs) => {
          const found = await idOf(jobs, id)
          if (!(await work(jobs, found))) throw unknownJob(id)
          print(`${found} ${done}`)
          printNext(after['jobs of one'](given.db))
        })
      })
  one('retry', 'have a training that failed in the end tried again', 'waits for a worker', (jobs, id) =>
    jobs.office.retry(id),
  )
  one('cancel', 'end a training that waits or runs, or forget one that failed', 'is cancelled', (jobs, id) =>
    jobs.office.cancel(id),
  )
  return command
}

async function withJobs(flags: Pick<JobsFlags, 'db'>, work: (jobs: Jobs) => Promise<void>): Promise<void> {
  const place = flags.db ?? defaultDatabase()
  if (!isPostgres(place))
    throw new IsoflopError(
      'BAD_OPTION',
      'Trainings wait for workers in a PostgreSQL, and this is none.',
      'Give --db postgres://..., or set DATABASE_URL.',
    )
  const { openJobs } = await import('../jobs/jobs.ts')
  const jobs = await openJobs(place, { creates: false, supervises: false, connections: 2 })
  try {
    await work(jobs)
  } finally {
    await jobs.close()
  }
}

/** How many are looked through for the beginning of an id. */
const mostLookedThrough = 10_000

/** The id that begins so. Errors: BAD_OPTION where there is none, or more than one. */
async function idOf(jobs: Jobs, beginning: string): Promise<string> {
  if (!/^[0-9a-f-]{4,36}$/.test(beginning))
    throw new IsoflopError(
      'BAD_OPTION',
      `"${beginning.slice(0, 80)}" is no id of a training, expected 4 to 36 digits of it such as 4b1f2c9e.`,
      'isoflop jobs shows them.',
    )
  const ids = (await jobs.office.list(mostLookedThrough)).map(({ id }) => id).filter((id) => id.startsWith(beginning))
  if (ids.length === 1) return ids[0]
  if (ids.length === 0) throw unknownJob(beginning)
  throw new IsoflopError(
    'BAD_OPTION',
    `${ids.length} trainings have ids that begin with ${beginning}.`,
    'Give more digits of it.',
  )
}

const unknownJob = (id: string): IsoflopError =>
  new IsoflopError(
    'BAD_OPTION',
    `There is no training ${id} for which this can be done.`,
    'isoflop jobs shows those that wait, run or failed in the end; only those that failed are tried again.',
  )

async function list({ office }: Jobs, { db, json, limit }: JobsFlags): Promise<void> {
  const [jobs, counts] = await Promise.all([office.list(limit), office.counts()])
  if (json) {
    printJson({ counts, jobs: jobs.map(jobJson) })
    return
  }
  if (counts.length === 0) {
    print('Nothing waits, runs or failed.')
    printNext(after.jobs(db, { hasDead: false, waits: null }))
    return
  }
  for (const { state, tags, count } of counts) print(`${count} ${stateText[state]}${tags === '' ? '' : ` for ${tags}`}`)
  const now = systemClock.now()
  const rows = jobs.map((job) => rowOf(job, now))
  print(`\n${tableText(columns, rows)}`)
  for (const { id, words } of jobs.filter(({ state }) => state === 'dead'))
    print(`\n${id.slice(0, 8)} failed for the last time: ${inOneLine(words ?? 'it said nothing')}`)
  const waits = jobs.find(({ state }) => state === 'waiting')?.facts ?? null
  printNext(after.jobs(db, { hasDead: jobs.some(({ state }) => state === 'dead'), waits }))
}

const columns = ['id', 'state', 'since', 'what', 'model', 'attempts', 'worker'].map(
  (title) => ({ title, align: 'left' }) as const,
)

const stateText: Readonly<Record<JobCount['state'], string>> = { waiting: 'wait', running: 'run', dead: 'dead' }

const rowOf = (job: Job, now: number): string[] => [
  job.id.slice(0, 8),
  job.state,
  ago(now - job.since),
  `${whatText(job.facts)}${job.facts.space === undefined ? '' : ` of ${job.facts.space}`}${job.tags.length > 0 ? ` (${job.tags.join(',')})` : ''}`,
  shownConfig(job.config),
  `${job.attempts}${job.failures > 0 ? `, ${job.failures} failed` : ''}${job.silences > 0 ? `, ${job.silences} lost` : ''}`,
  job.worker === null ? '-' : `${job.worker}${job.heardAt === null ? '' : `, heard of ${ago(now - job.heardAt)} ago`}`,
]

/** The most telling of the facts. */
const whatText = (facts: Facts): string => facts.program ?? facts.world ?? facts.corpus ?? facts.backend ?? '-'

const shownConfig = (identity: string): string => {
  const config = anyCodec.configOfIdentity(identity)
  return config === null ? identity : anyCodec.folderName(config)
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}

/** For programs: times in ISO 8601, the configuration by the names of the API. */
function jobJson({ config: identity, askedAt, since, heardAt, ...job }: Job) {
  const config = anyCodec.configOfIdentity(identity)
  return {
    ...job,
    config: config === null ? null : anyCodec.record(config),
    askedAt: new Date(askedAt).toISOString(),
    since: new Date(since).toISOString(),
    heardAt: heardAt === null ? null : new Date(heardAt).toISOString(),
  }
}
