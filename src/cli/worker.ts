import { availableParallelism, hostname, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { Backend } from '../backend/backend.ts'
import { simulateBackend } from '../backend/simulate.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { inOneLine } from '../core/printable.ts'
import type { Trainer } from '../core/trainer.ts'
import { accountings } from '../cs336/parameters.ts'
import { courseSpace, isCourse } from '../cs336/space.ts'
import { type Device, devices } from '../gpt/engine.ts'
import { lossNames } from '../gpt/losses.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { type Facts, programFacts } from '../jobs/kinds.ts'
import type { WorkerEvent } from '../jobs/worker.ts'
import { significant } from '../report/number.ts'
import { isPostgres } from '../server/store/place.ts'
import { anyCodec } from '../space/any.ts'
import type { Space } from '../space/space.ts'
import { openWorld } from '../world/worlds.ts'
import { defaultDatabase } from './database.ts'
import { examples } from './help.ts'
import { listenForSignals } from './interruption.ts'
import { memorySize, nameOf, plainName, plainNames, timeSpan, wholeNumber } from './options.ts'
import { print, say } from './print.ts'

interface WorkerFlags {
  readonly db?: string
  readonly corpus?: string
  readonly run?: string
  readonly program?: string
  readonly world?: string
  readonly space?: string
  readonly runs: string
  readonly tags: readonly string[]
  readonly parallel: number
  readonly memory?: number
  readonly threads?: number
  readonly device: Device
  readonly leg: number
  readonly timeLimit?: number
}

/** How long an attempt goes on where nothing is said, and at most, ms: a job of pg-boss ends after 24 h. */
const leg = { usual: 12 * 3_600_000, most: 23 * 3_600_000 } as const

/** `isoflop worker`. */
export function workerCommand(): Command {
  return new Command('worker')
    .summary('make trainings that a server with --backend workers asks for, on any machine')
    .description(
      'Takes trainings from the queue in PostgreSQL that isoflop serve --backend workers fills, makes them on this\n' +
        'machine and answers; as many workers as there are machines. See docs/workers.md.',
    )
    .option('--db <PLACE>', 'postgres://... of the server (default: $DATABASE_URL)')
    .optionsGroup('What it makes, one of:')
    .option('--corpus <DIR>', 'trainings on this text, which has to be that of the server')
    .option('--run <CMD>', 'runs by a program of yours, as campaign --run has it; see docs/cluster.md')
    .option('--world <NAME>', 'answers of a simulated world, to try a pool out')
    .optionsGroup('How:')
    .option('--space <FILE>', 'with --run or --world: the space that the server has, the same file')
    .option(
      '--program <NAME>',
      'with --run: what the server calls the program (default: the name of the space)',
      plainName('--program'),
    )
    .option('--runs <DIR>', 'where trainings are kept; shared by machines, others go on with them', 'runs')
    .option('--tags <LIST>', 'what this machine has, such as gpu,h100', plainNames('--tags'), [])
    .option('--parallel <N>', 'trainings at a time', wholeNumber('--parallel', 1, 'a whole number such as 1'), 1)
    .option('--memory <SIZE>', 'what each may use (default: what there is, shared out)', memorySize('--memory'))
    .option(
      '--threads <N>',
      'with --corpus: threads of each (default: the cores, shared out)',
      wholeNumber('--threads', 1, 'a whole number such as 1'),
    )
    .option('--device <NAME>', `with --corpus: ${devices.join(', ')}`, nameOf('--device', devices), 'cpu' as const)
    .option('--time-limit <TIME>', 'with --run: how long a run may take, such as 4h', timeSpan('--time-limit'))
    .option(
      '--leg <TIME>',
      'how long until a training is saved and goes back into the line (default: 12h)',
      timeSpan('--leg', 0, leg.most),
      leg.usual,
    )
    .addHelpText(
      'after',
      examples(
        'isoflop worker --db postgres://isoflop@queue/isoflop --corpus corpus --runs /shared/runs',
        "isoflop worker --db postgres://isoflop@queue/isoflop --program nano --run 'python train.py {folder}' --tags gpu",
      ),
    )
    .action(runWorker)
}

async function runWorker(flags: WorkerFlags): Promise<void> {
  const url = flags.db ?? defaultDatabase()
  if (!isPostgres(url))
    throw new IsoflopError(
      'BAD_OPTION',
      'A worker needs the PostgreSQL that its server has.',
      'Give --db postgres://..., or set DATABASE_URL.',
    )
  const making = await makerOf(flags)
  const { signal, end } = listenForSignals('ending: what runs is saved and given back')
  try {
    const jobs = await queueAt(url, signal)
    if (jobs === null) return
    const name = `${hostname()}:${process.pid}`
    const { work } = await import('../jobs/worker.ts')
    try {
      print(`worker ${name}: ${making.name}, ${flags.parallel} at a time${tagsText(flags)}`)
      await work({
        ...{ jobs, name, signal, parallel: flags.parallel, tags: flags.tags, legMs: flags.leg },
        memory: flags.memory ?? totalmem() / flags.parallel,
        open: making.open,
        onEvent: (event) => say(eventText(event)),
      })
    } finally {
      await Promise.all([making.close(), jobs.close()])
    }
  } finally {
    end()
  }
}

const tagsText = ({ tags }: WorkerFlags): string => (tags.length > 0 ? `; has ${tags.join(', ')}` : '')

/** How often to look for a queue or a database that is not there yet, ms. */
const lookForQueueMs = 2_000

/** The queue, as soon as it is there: workers may start before their server and before PostgreSQL. Null where the worker is to end. */
async function queueAt(url: string, signal: AbortSignal): Promise<Jobs | null> {
  const { openJobs } = await import('../jobs/jobs.ts')
  let said = ''
  while (!signal.aborted) {
    try {
      return await openJobs(url, { creates: false, connections: 3 })
    } catch (error) {
      if (!(error instanceof IsoflopError) || !['QUEUE_MISSING', 'STORE_UNAVAILABLE'].includes(error.code)) throw error
      if (said !== error.message) say(`waiting: ${error.message}`)
      said = error.message
    }
    await sleep(lookForQueueMs, undefined, { signal }).catch(() => {})
  }
  return null
}

/** What a worker makes. */
interface Maker {
  readonly name: string
  /** What makes trainings of these facts; null where it is not this worker's. */
  readonly open: (facts: Facts) => Promise<Trainer | null>
  close(): Promise<void>
}

async function makerOf(flags: WorkerFlags): Promise<Maker> {
  const { corpus, run, world } = flags
  const space =
    flags.space === undefined ? courseSpace() : await (await import('./space-option.ts')).spaceNamed(flags.space)
  const program = flags.program ?? (run === undefined || isCourse(space) ? undefined : space.name)
  const given = [corpus, run, world].filter((value) => value !== undefined)
  if (given.length !== 1)
    throw new IsoflopError(
      'BAD_OPTION',
      `isoflop worker came ${given.length === 0 ? 'without' : 'with more than one of'} --corpus, --run and --world.`,
      'Say what it makes: --corpus DIR, --run CMD with --program NAME, or --world NAME.',
    )
  if ((run === undefined) !== (program === undefined))
    throw new IsoflopError(
      'BAD_OPTION',
      run === undefined ? '--program came without --run.' : '--run came without --program.',
      "Give both: --program NAME as the server has it, and --run 'CMD'.",
    )
  if (corpus !== undefined && !isCourse(space))
    throw new IsoflopError(
      'BAD_OPTION',
      "--space came with --corpus, on which the course's models are trained.",
      "Leave it out, or let a program of yours train your models: --run 'CMD'.",
    )
  if (corpus !== undefined) return corpusMaker(corpus, flags)
  if (run !== undefined) return programMaker(run, { ...flags, program: program! }, space)
  return worldMaker(world!, space)
}

/** Whether the facts of a server are these, space included: one of another space is another producer. */
const areFacts = (facts: Facts, own: Facts): boolean =>
  [...Object.keys(own), 'space'].every((name) => facts[name] === own[name])

const spaceText = (space: Space): string => (isCourse(space) ? '' : ` of the space ${space.runsFingerprint}`)

async function worldMaker(world: string, space: Space): Promise<Maker> {
  const backend = simulateBackend<Config>(await openWorld<Config>(world, space), space)
  const open = async (facts: Facts) => (areFacts(facts, backend.producer) ? backend : null)
  return { name: `${backend.name}${spaceText(space)}`, open, close: async () => {} }
}

/** The command is this worker's own: the database names the program, and never says what to run. */
async function programMaker(
  command: string,
  { program, runs, parallel, timeLimit }: WorkerFlags & { readonly program: string },
  space: Space,
): Promise<Maker> {
  const { commandTrainer } = await import('../launch/command-trainer.ts')
  const trainer = commandTrainer({
    ...{
      command,
      parallel,
      retries: 0,
      triesOf: 'request',
      isOwn: true,
      folder: join(runs, `program-${program}`),
      space,
    },
    timeLimitMs: timeLimit ?? null,
  })
  return {
    name: `program ${program}${spaceText(space)}`,
    open: async (facts) => (areFacts(facts, programFacts(program, space)) ? trainer : null),
    close: async () => {},
  }
}

/** How long a training may take to save a checkpoint, ms: longer than a server's, which has requests to answer. */
const savingMs = 60_000

/** Trains on a corpus by whichever recipe is asked for. */
async function corpusMaker(corpus: string, flags: WorkerFlags): Promise<Maker> {
  const { parallel, device, runs } = flags
  const { trainBackend, trainProducer } = await import('../backend/train.ts')
  const threads = flags.threads ?? Math.max(1, Math.floor(availableParallelism() / parallel))
  const usual = { corpusDir: corpus, device, seed: 0, accounting: 'api', loss: 'average' } as const
  const { producer } = await trainProducer(usual)
  const opened: Backend[] = []
  return {
    name: `corpus ${producer.corpus}`,
    async open(facts) {
      const recipe = recipeIn(facts)
      const isOurs = facts.backend === 'train' && facts.corpus === producer.corpus && facts.device === device
      if (!isOurs || recipe === null) return null
      const backend = await trainBackend({
        ...{ corpusDir: corpus, runsDir: runs, workers: parallel, threads, device, resumes: false, stopMs: savingMs },
        ...recipe,
      })
      opened.push(backend)
      return backend
    },
    async close() {
      await Promise.all(opened.map((backend) => backend.close()))
    },
  }
}

/** What a server asks trainings to be like; null where a newer one asks for something else. */
function recipeIn({ seed, accounting, loss }: Facts) {
  const known = {
    seed: Number(seed),
    accounting: accountings.find((name) => name === accounting),
    loss: lossNames.find((name) => name === loss),
  }
  if (!Number.isSafeInteger(known.seed) || known.seed < 0) return null
  if (known.accounting === undefined || known.loss === undefined) return null
  return { seed: known.seed, accounting: known.accounting, loss: known.loss }
}

const shortOf = (training: string): string => training.slice(0, 8)

function eventText(event: WorkerEvent): string {
  switch (event.kind) {
    case 'took':
      return `${shortOf(event.training)}: begun${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}, ${shownConfig(event.config)}`
    case 'answered':
      return `${shortOf(event.training)}: ${event.result.kind}${event.result.kind === 'finished' ? `, loss ${significant(event.result.loss, 5)}` : ''}`
    case 'void':
      return `${shortOf(event.training)}: dropped, because another worker has it by now or nobody wants it any more`
    case 'gave-back':
      return `${shortOf(event.training)}: saved and given back${event.why === 'leg' ? ' after its leg; it goes on when its turn comes' : ''}`
    case 'failed':
      return `${shortOf(event.training)}: failed${event.isDead ? ' for the last time' : ', and is tried again'}: ${inOneLine(event.words)}`
    case 'idle':
      return event.others === 0
        ? 'nothing was asked for yet: waiting'
        : `waiting: what was asked for so far is for other workers (${event.others} ${event.others === 1 ? 'kind' : 'kinds'} of trainings; see isoflop jobs)`
    case 'unreachable':
      return `the database is away, and asked again: ${event.message}`
    case 'reached':
      return 'the database is there again'
  }
}

function shownConfig(identity: string): string {
  const config = anyCodec.configOfIdentity(identity)
  return config === null ? identity : anyCodec.folderName(config)
}
