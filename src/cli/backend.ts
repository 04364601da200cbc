import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import type { Backend } from '../backend/backend.ts'
import type { ReplayBackend } from '../backend/replay.ts'
import { simulateBackend, versionOf } from '../backend/simulate.ts'
import type { TrainBackendOptions } from '../backend/train.ts'
import type { WorkersBackendOptions } from '../backend/workers.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { isCourse } from '../cs336/space.ts'
import { programFacts } from '../jobs/kinds.ts'
import { significant } from '../report/number.ts'
import type { Truth } from '../server/grade.ts'
import { isPostgres } from '../server/store/place.ts'
import type { Space } from '../space/space.ts'
import { optimum } from '../world/optimum.ts'
import { openWorld } from '../world/worlds.ts'

/** What answers a server's queries, and the truth behind it where a world is simulated. */
export interface OpenedBackend {
  readonly backend: Backend<Config>
  readonly truth: Truth | null
  /** What whoever starts it should know of it, a line each. */
  readonly notes: readonly string[]
}

/** The options of a backend, as far as they were given. */
export interface BackendFlags extends Partial<Omit<TrainBackendOptions, 'corpusDir' | 'runsDir'>> {
  readonly backend: string
  /** The file of the space that is served. */
  readonly space?: string
  readonly world?: string
  readonly corpus?: string
  readonly runs?: string
  /** With workers: what they run, by a name. */
  readonly program?: string
  readonly tags?: readonly string[]
  readonly tries?: number
  /** Ms. */
  readonly workerPatience?: number
}

/** Opens `simulate` (with a world), `replay:FILE`, `train` (on a corpus) or `workers` (over a database). The only place that chooses a backend. */
export async function openBackend(flags: BackendFlags, database: string, space: Space): Promise<OpenedBackend> {
  const { backend: name } = flags
  refuseSpace(flags, space)
  if (name === 'simulate') {
    refuseOthers(flags, ['world'])
    const { world = 'cs336' } = flags
    const backend = simulateBackend<Config>(await openWorld<Config>(world, space), space)
    return { backend, truth: await truthOf(world, space), notes: [] }
  }
  if (name.startsWith('replay:')) {
    refuseOthers(flags, [])
    const { replayBackend } = await import('../backend/replay.ts')
    const backend = await replayBackend(name.slice('replay:'.length))
    return { backend, truth: null, notes: replayNotes(backend) }
  }
  if (name === 'train') {
    refuseOthers(flags, trainFlags)
    return { ...(await openTrainBackend(flags)), truth: null }
  }
  if (name === 'workers') return openWorkersBackend(flags, database, space)
  throw new IsoflopError(
    'BAD_OPTION',
    `--backend is "${name}", expected simulate, replay:FILE, train or workers.`,
    'For example: --backend replay:runs.csv',
  )
}

const replayNotes = ({ recorded, repeated }: ReplayBackend): string[] => [
  `${recorded} recorded configurations${repeated > 0 ? `; ${repeated} rows repeat one, and the first counts` : ''}`,
]

async function openTrainBackend(flags: BackendFlags): Promise<Pick<OpenedBackend, 'backend' | 'notes'>> {
  const { corpus, runs = 'runs', workers = 1, device = 'cpu', seed = 0, accounting = 'api', loss = 'average' } = flags
  if (corpus === undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      '--backend train needs a corpus.',
      'Give --corpus DIR; isoflop corpus prepare makes one.',
    )
  const threads = flags.threads ?? Math.max(1, Math.floor(availableParallelism() / workers))
  const { trainBackend } = await import('../backend/train.ts')
  const backend = await trainBackend({
    ...flags,
    corpusDir: corpus,
    runsDir: runs,
    ...{ workers, threads, device, seed, accounting, loss },
  })
  const { engine, note, peak } = backend.engine
  const speed = `${significant(peak, 2)} FLOP/s in large products`
  const several = workers > 1 ? `${workers} at a time, each ` : ''
  return { backend, notes: [`${several}${engine}: ${speed}`, ...(note ? [note] : [])] }
}

/** What workers train is a corpus, a world or a program; what kind of thing it is decides which other options there are. */
async function openWorkersBackend(flags: BackendFlags, database: string, space: Space): Promise<OpenedBackend> {
  if (!isPostgres(database))
    throw new IsoflopError(
      'BAD_OPTION',
      '--backend workers needs a PostgreSQL, in which trainings wait for workers.',
      'Give --db postgres://...; --backend train needs none and trains on this machine.',
    )
  const { corpus, world, tags, tries, workerPatience } = flags
  const program = programIn(flags, space)
  const given = { corpus, world, program }
  const [what, another] = Object.entries(given).filter(([, value]) => value !== undefined)
  if (what === undefined || another !== undefined)
    throw new IsoflopError(
      'BAD_OPTION',
      `--backend workers came ${what === undefined ? 'without' : 'with more than one of'} --corpus, --program and --world.`,
      'Say what workers train: --corpus DIR, --program NAME for a program of your own, or --world NAME to try it out.',
    )
  refuseOthers(flags, [what[0] as keyof BackendFlags, ...workersFlags, ...(corpus === undefined ? [] : recipeFlags)])
  const { workersBackend } = await import('../backend/workers.ts')
  const { truth = null, ...trained } = await trainedBy({ ...flags, ...(program !== undefined && { program }) }, space)
  const backend = await workersBackend({
    ...trained,
    url: database,
    ...(tags !== undefined && { tags }),
    ...(tries !== undefined && { tries }),
    ...(workerPatience !== undefined && { patienceMs: workerPatience }),
  })
  return { backend, truth, notes: [workersNote({ ...flags, ...(program !== undefined && { program }) })] }
}

/** Trainings of ours are of the course's models. Errors: BAD_OPTION. */
function refuseSpace({ backend, corpus }: BackendFlags, space: Space): void {
  if (isCourse(space) || (corpus === undefined && (backend === 'simulate' || backend === 'workers'))) return
  throw new IsoflopError(
    'BAD_OPTION',
    `--space came with ${corpus === undefined ? `--backend ${backend}` : '--corpus'}, which has the course's models alone.`,
    "Models of your own are trained by a program of yours (--backend workers, and isoflop worker --run 'CMD'), or simulated (--world seed:7).",
  )
}

/** The name of the program of workers: that of its space, where a space of one's own is trained and nobody calls it otherwise. */
const programIn = ({ corpus, world, program }: BackendFlags, space: Space): string | undefined =>
  program ?? (isCourse(space) || corpus !== undefined || world !== undefined ? undefined : space.name)

/** What workers train, and what it needs. */
async function trainedBy(
  { corpus, world, program = '', ...flags }: BackendFlags,
  space: Space,
): Promise<Pick<WorkersBackendOptions, 'name' | 'producer' | 'needs'> & { truth?: Truth }> {
  if (world !== undefined) {
    const { name, producer } = simulateBackend(await openWorld<Config>(world, space), space)
    return { name: `workers ${name}`, producer, truth: await truthOf(world, space) }
  }
  if (corpus === undefined) return { name: `workers ${program}`, producer: programFacts(program, space) }
  const [{ trainProducer }, { memoryFor }] = await Promise.all([
    import('../backend/train.ts'),
    import('../gpt/memory.ts'),
  ])
  const { device = 'cpu', seed = 0, accounting = 'api', loss = 'average' } = flags
  const { producer, recipe } = await trainProducer({ corpusDir: corpus, device, seed, accounting, loss })
  return {
    name: `workers ${basename(corpus)}`,
    producer,
    needs(config) {
      const found = recipe(config as TrainingConfig)
      return 'kind' in found ? found : { memory: memoryFor(found.shape) }
    },
  }
}

/** A world's name is a part of the answer, and whoever is to find it may see the screen. */
const workersNote = ({ corpus, world, program, space, tags = [] }: BackendFlags): string => {
  const what =
    corpus !== undefined
      ? `--corpus ${corpus}`
      : world !== undefined
        ? '--world NAME'
        : `--program ${program} --run 'CMD'`
  const spaceText = space === undefined ? '' : ` --space ${space}`
  return `answers come from: isoflop worker --db postgres://...${spaceText} ${what}${tags.length > 0 ? ` --tags ${tags.join(',')}` : ''}`
}

const recipeFlags = ['device', 'seed', 'accounting', 'loss'] as const
const workersFlags = ['tags', 'tries', 'workerPatience'] as const
const trainFlags = ['corpus', 'runs', 'workers', 'threads', ...recipeFlags] as const

/** Refuses options that are there but belong to another backend. */
function refuseOthers(flags: BackendFlags, own: readonly (keyof BackendFlags)[]): void {
  const all = ['world', ...trainFlags, 'program', ...workersFlags] as const
  const strange = all.find((name) => flags[name] !== undefined && !own.includes(name))
  if (strange === undefined) return
  const isOfWorkers = strange === 'program' || workersFlags.some((name) => name === strange)
  throw new IsoflopError(
    'BAD_OPTION',
    `--${strange === 'workerPatience' ? 'worker-patience' : strange} came with --backend ${flags.backend}.`,
    `Leave it out, or give --backend ${strange === 'world' ? 'simulate' : isOfWorkers ? 'workers' : 'train'}.`,
  )
}

/** The noise-free loss of a world, the best there is of the target of a space, and which version of it this is. */
export async function truthOf(worldName: string, space: Space): Promise<Truth & { readonly version: string }> {
  const world = await openWorld<Config>(worldName, space)
  const { loss: bestLoss } = optimum(world, space.target, space.targetLimits)
  return { loss: (config) => world.loss(config), bestLoss, version: versionOf(world, space) }
}
