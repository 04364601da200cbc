import { type Diagnostic, info, short, warning } from '../../core/diagnostic.ts'
import { dataDiagnostics } from '../../input/diagnostics.ts'
import type { PoolData } from '../../input/read.ts'
import { largestOf, mostOf, type PoolAim } from './aim.ts'
import type { PoolTable } from './table.ts'
import type { ViewedPrediction } from './view.ts'

/** A target this many times beyond the runs is far. */
const far = 100
/** Less than this share of its tokens is a repeat. */
const repeated = 0.999

const settingNames = { rate: 'learning rate', batch: 'batch' } as const
const settings = ['rate', 'batch'] as const

/** What the reader should know of a choice: how the tables were read, and where the target asks what the pool cannot tell. */
export function remarksOn(table: PoolTable, aim: PoolAim, prediction: ViewedPrediction | null): Diagnostic[] {
  return [
    ...readingOf(table.data),
    ...table.dropped.map((setting) =>
      info(
        'settings-incomplete',
        `Fewer than half of the pool's runs say their ${settingNames[setting]}, so it is left out.`,
        { setting },
        'Fill it in where it is known, to have it in the law.',
      ),
    ),
    ...(aim.kind === 'runs' ? [...readingOf(aim.data), ...unmatched(table, aim.data)] : []),
    ...(prediction?.undetermined ? [undetermined(prediction.undetermined)] : []),
    ...farTarget(table, aim),
  ]
}

/** The target's own columns and rows are told as the pool's are; checkpoints in words that fit runs to choose. */
function readingOf(data: PoolData): Diagnostic[] {
  const names = data.sources.map(({ name }) => name).join(', ')
  const { checkpoints } = data
  return [
    ...dataDiagnostics({ ...data, checkpoints: 0 }).map((found) => ({
      ...found,
      message: `${names}: ${found.message}`,
    })),
    ...(checkpoints > 0
      ? [
          info(
            'checkpoints-set-aside',
            `${names}: ${checkpoints} rows are earlier checkpoints of a run, whose last one stands for it.`,
            { checkpoints },
            'Give every run a name of its own if they are runs.',
          ),
        ]
      : []),
  ]
}

/** Settings of the target that the pool's runs say nothing of. */
function unmatched({ runs }: PoolTable, target: PoolData): Diagnostic[] {
  const found: Diagnostic[] = []
  for (const setting of settings) {
    const [own, asked] = [runs.tuning?.[setting], target.runs.tuning?.[setting]]
    const name = settingNames[setting]
    const varies = own?.some((value) => value !== own[0]) ?? false
    const blank = asked ? asked.reduce((sum, value) => sum + Number(!(value > 0)), 0) : target.runs.size
    if (varies && blank > 0)
      found.push(
        info(
          'settings-incomplete',
          `${blank} of ${target.runs.size} runs to predict do not say their ${name}: the law's best is meant.`,
          { setting, blank },
          `Give them a ${name} to have it predicted.`,
        ),
      )
    if (!varies && asked?.some((value) => value > 0 && value !== own?.[0]))
      found.push(
        warning(
          'setting-fixed',
          `The runs to predict have a ${name}, and no two runs of the pool differ in it: what it does is not predicted.`,
          { setting },
          'Add runs at other values to the pool.',
        ),
      )
  }
  if (repeats(target) && !repeats({ runs }))
    found.push(
      warning(
        'repeats-counted-fresh',
        'Runs to predict see their data more than once, and no run of the pool does: repeats are counted as fresh tokens.',
        {},
        'Add runs on repeated data to the pool.',
      ),
    )
  return found
}

const repeats = ({ runs }: Pick<PoolTable, 'runs'>): boolean =>
  runs.tuning?.unique?.some((unique, i) => unique < repeated * runs.tokens[i]) ?? false

const undetermined = (reason: string): Diagnostic =>
  warning(
    'not-determined',
    `The prediction stands on what is believed beforehand: ${reason}.`,
    {},
    'Spend more, or add runs of other sizes and lengths to the pool.',
  )

function farTarget({ runs }: PoolTable, aim: PoolAim): Diagnostic[] {
  const factor = largestOf(aim) / mostOf(runs)
  if (factor <= far) return []
  return [
    warning(
      'far-extrapolation',
      `The target is ${short(factor)} times beyond the largest run of the pool.`,
      { factor },
      'Believe the interval less the farther the target is; add larger runs to the pool.',
    ),
  ]
}
