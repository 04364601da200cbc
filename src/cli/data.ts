import { createHash } from 'node:crypto'
import type { Command } from 'commander'
import { IsoflopError } from '../core/errors.ts'
import { bestOfEach } from '../input/best.ts'
import { parseRows, withoutRows } from '../input/dropped.ts'
import { lossUnits } from '../input/loss-unit.ts'
import { type Condition, parseColumns, type ReadOptions, type RunData, readRuns } from '../input/read.ts'
import { type NameOf, renamed } from '../input/renamed.ts'
import type { Purpose } from '../input/told.ts'
import type { SurfaceLaw } from '../law/surface.ts'
import { handoutLaw, handoutRuns } from '../world/handout.ts'

/** Runs to fit, and the law that made them where that is known. */
export interface FitInput {
  readonly data: RunData
  readonly truth: SurfaceLaw | null
}

/** How tables of runs are to be read, by the command line. */
export interface DataFlags {
  readonly columns?: string | undefined
  readonly best?: boolean | undefined
  /** Rows to leave out, of `isoflop fit`. */
  readonly drop?: string | undefined
  readonly where?: readonly Condition[] | undefined
  /** Of `isoflop fit`, which fits several data sets one by one. */
  readonly groupBy?: string | undefined
  readonly lossUnit?: string | undefined
  readonly keepState?: boolean | undefined
  readonly checkpoints?: string | undefined
  readonly records?: string | undefined
}

/** The options of a command that reads tables of runs. */
export function withDataOptions(command: Command, when = ''): Command {
  const units = Object.keys(lossUnits).join(', ')
  return command
    .option('--columns <MAP>', `${when}which column is which: parameters=N,loss=val_loss or tokens=T*1e9`)
    .option('--where <COLUMN=VALUE>', `${when}only rows with this value; may be given again`, collectConditions)
    .option('--loss-unit <UNIT>', `${when}of the loss: ${units}`)
    .option('--keep-state', `${when}keep runs that a state column calls crashed, killed, running and the like`)
    .option('--records <PATH>', `${when}where the runs are: responses or runs.* in JSON, the sheet of a workbook`)
    .option('--checkpoints <WHICH>', `${when}of runs that have several: last, as-runs`, 'last')
}

function collectConditions(text: string, before: readonly Condition[] = []): Condition[] {
  const equals = text.indexOf('=')
  if (equals > 0) return [...before, { column: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim() }]
  throw new IsoflopError(
    'BAD_OPTION',
    `--where takes a column and its value, got "${text}".`,
    "Write --where 'dataset=c4'.",
  )
}

/** What the command line says of reading. Errors: BAD_OPTION. */
export function readOptions(flags: DataFlags, purpose: Purpose = 'fit'): ReadOptions {
  const { columns, where, groupBy, lossUnit, keepState, checkpoints = 'last', records } = flags
  if (checkpoints !== 'last' && checkpoints !== 'as-runs')
    throw new IsoflopError(
      'BAD_OPTION',
      `--checkpoints is last or as-runs, got "${checkpoints}".`,
      'as-runs takes each checkpoint for a run whose schedule has ended.',
    )
  return {
    columns: columns === undefined ? {} : parseColumns(columns, purpose),
    where,
    groupBy,
    lossUnit,
    keepState,
    checkpoints,
    records,
  }
}

/** Reads files, or regenerates `world:handout`; with `best`, of runs with equal N and D only the lowest stays; then rows to `drop` go. Files are called by `nameOf`. */
export async function loadRuns(files: readonly string[], options: DataFlags, nameOf?: NameOf): Promise<FitInput> {
  const world = files.find((file) => file.startsWith('world:'))
  const input =
    world === undefined ? { data: await readRuns(files, readOptions(options)), truth: null } : loadWorld(world, files)
  const named = nameOf ? renamed(input.data, nameOf) : input.data
  const data = options.best ? bestOfEach(named) : named
  return { ...input, data: options.drop === undefined ? data : withoutRows(data, parseRows(options.drop)) }
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
    columns: [],
    groups: null,
    allParameters: null,
    origin: (i) => ({ source: world, row: i + 1 }),
  }
  return { data, truth: handoutLaw }
}
