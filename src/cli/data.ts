import { createHash } from 'node:crypto'
import { IsoflopError } from '../core/errors.ts'
import { bestOfEach } from '../input/best.ts'
import { parseColumns, type RunData, readRuns } from '../input/read.ts'
import type { SurfaceLaw } from '../law/surface.ts'
import { handoutLaw, handoutRuns } from '../world/handout.ts'

/** Runs to fit, and the law that made them where that is known. */
export interface FitInput {
  readonly data: RunData
  readonly truth: SurfaceLaw | null
}

/** Reads files, or regenerates `world:handout`; with `best`, of runs with equal N and D only the lowest stays. */
export async function loadRuns(
  files: readonly string[],
  options: { readonly columns?: string | undefined; readonly best?: boolean | undefined },
): Promise<FitInput> {
  const world = files.find((file) => file.startsWith('world:'))
  const input =
    world === undefined
      ? {
          data: await readRuns(files, { columns: options.columns === undefined ? {} : parseColumns(options.columns) }),
          truth: null,
        }
      : loadWorld(world, files)
  return options.best ? { ...input, data: bestOfEach(input.data) } : input
}

function loadWorld(world: string, files: readonly string[]): FitInput {
  if (world !== 'world:handout' || files.length > 1)
    throw new IsoflopError(
      'BAD_OPTION',
      files.length > 1
        ? `${world} cannot be fitted together with other files.`
        : `There is no world "${world.slice(6)}".`,
      'The runs that isoflop can make itself are world:handout, the 72 runs of the CS336 handout.',
    )
  const runs = handoutRuns()
  const table = Array.from(runs.loss, (loss, i) => [runs.parameters[i], runs.flops[i], loss])
  const sha256 = createHash('sha256').update(JSON.stringify(table)).digest('hex')
  const data: RunData = {
    runs,
    curves: null,
    read: runs.size,
    checkpoints: 0,
    excluded: [],
    notes: ['regenerated from their known law, noise-free; tokens D from C = 6ND'],
    sources: [{ name: world, rows: runs.size, sha256 }],
    origin: (i) => ({ source: world, row: i + 1 }),
  }
  return { data, truth: handoutLaw }
}
