import type { Backend } from '../backend/backend.ts'
import { simulateBackend } from '../backend/simulate.ts'
import { targetFlops } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { Truth } from '../server/grade.ts'
import { optimum } from '../world/optimum.ts'
import { openWorld } from '../world/worlds.ts'

/** What answers a server's queries, and the truth behind it where a world is simulated. */
export interface OpenedBackend {
  readonly backend: Backend
  readonly truth: Truth | null
}

/** Opens `simulate` (with a world) or `replay:FILE`. The only place that chooses a backend. */
export async function openBackend(name: string, worldName: string): Promise<OpenedBackend> {
  if (name === 'simulate') {
    const world = await openWorld(worldName)
    return { backend: simulateBackend(world), truth: await truthOf(worldName) }
  }
  if (name.startsWith('replay:')) {
    const { replayBackend } = await import('../backend/replay.ts')
    return { backend: await replayBackend(name.slice('replay:'.length)), truth: null }
  }
  throw new IsoflopError(
    'BAD_OPTION',
    `--backend is "${name}", expected simulate or replay:FILE.`,
    'For example: --backend replay:runs.csv',
  )
}

/** The noise-free loss of a world, and the best there is at 1e19 FLOPs. */
export async function truthOf(worldName: string): Promise<Truth> {
  const world = await openWorld(worldName)
  return { loss: (config) => world.loss(config), bestLoss: optimum(world, targetFlops).loss }
}
