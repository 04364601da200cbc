import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { AskedRun } from '../../src/campaign/study.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import type { World } from '../../src/world/world.ts'

const root = mkdtempSync(join(tmpdir(), 'isoflop-study-'))
after(() => rmSync(root, { recursive: true }))
/** A folder of this test file's own. */
export const folder = (name: string) => join(root, name)

export const world = drawnWorld(7)
/** What a run of that world comes to. */
export const outcome = ({ config }: Pick<AskedRun<TrainingConfig>, 'config'>, of: World = world) => {
  const loss = of.loss(config)
  return Number.isFinite(loss) ? ({ kind: 'finished', loss } as const) : ({ kind: 'diverged' } as const)
}
