import { availableParallelism } from 'node:os'
import type { Backend } from '../backend/backend.ts'
import type { ReplayBackend } from '../backend/replay.ts'
import { simulateBackend, versionOf } from '../backend/simulate.ts'
import type { TrainBackendOptions } from '../backend/train.ts'
import { IsoflopError } from '../core/errors.ts'
import { targetFlops } from '../cs336/limits.ts'
import { significant } from '../report/number.ts'
import type { Truth } from '../server/grade.ts'
import { optimum } from '../world/optimum.ts'
import { openWorld } from '../world/worlds.ts'

/** What answers a server's queries, and the truth behind it where a world is simulated. */
export interface OpenedBackend {
  readonly backend: Backend
  readonly truth: Truth | null
  /** What whoever starts it should know of it, a line each. */
  readonly notes: readonly string[]
}

/** The options of a backend, as far as they were given. */
export interface BackendFlags extends Partial<Omit<TrainBackendOptions, 'corpusDir' | 'runsDir'>> {
  readonly backend: string
  readonly world?: string
  readonly corpus?: string
  readonly runs?: string
}

/** Opens `simulate` (with a world), `replay:FILE` or `train` (on a corpus). The only place that chooses a backend. */
export async function openBackend(flags: BackendFlags): Promise<OpenedBackend> {
  const { backend: name } = flags
  if (name === 'simulate') {
    refuseOthers(flags, ['world'])
    const { world = 'cs336' } = flags
    return { backend: simulateBackend(await openWorld(world)), truth: await truthOf(world), notes: [] }
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
  throw new IsoflopError(
    'BAD_OPTION',
    `--backend is "${name}", expected simulate, replay:FILE or train.`,
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

const trainFlags = ['corpus', 'runs', 'workers', 'threads', 'device', 'seed', 'accounting', 'loss'] as const

/** Refuses options that are there but belong to another backend. */
function refuseOthers(flags: BackendFlags, own: readonly (keyof BackendFlags)[]): void {
  const strange = (['world', ...trainFlags] as const).find((name) => flags[name] !== undefined && !own.includes(name))
  if (strange === undefined) return
  throw new IsoflopError(
    'BAD_OPTION',
    `--${strange} came with --backend ${flags.backend}.`,
    `Leave it out, or give --backend ${strange === 'world' ? 'simulate' : 'train'}.`,
  )
}

/** The noise-free loss of a world, the best there is at 1e19 FLOPs, and which version of it this is. */
export async function truthOf(worldName: string): Promise<Truth & { readonly version: string }> {
  const world = await openWorld(worldName)
  return { loss: (config) => world.loss(config), bestLoss: optimum(world, targetFlops).loss, version: versionOf(world) }
}
