import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { type PoolAim, readAim } from '../campaign/pool/aim.ts'
import { chooseFrom } from '../campaign/pool/choose.ts'
import { readPoolTable } from '../campaign/pool/table.ts'
import type { PoolView } from '../campaign/pool/view.ts'
import { IsoflopError } from '../core/errors.ts'
import { version } from '../core/version.ts'
import type { ReadOptions } from '../input/read.ts'
import { inLanguage, type Language, words } from '../report/words/words.ts'
import { commandLine, given } from './command-line.ts'
import { type DataFlags, readOptions, withDataOptions } from './data.ts'
import { notes } from './help.ts'
import { marked, markOf, refuseOthers } from './mark.ts'
import { after, type Next } from './next.ts'
import { openReport } from './open.ts'
import { probability, wholeNumber } from './options.ts'
import { writeOutput } from './output.ts'
import { printJson, printNext, printPage, printWritten } from './print.ts'
import { progressLine } from './progress.ts'
import { textOptions } from './terminal.ts'

export interface PoolFlags extends DataFlags {
  readonly pool?: readonly string[]
  readonly targetRuns?: readonly string[]
  readonly next?: number
  readonly confidence?: number
  readonly target?: number
  readonly budget?: number
  readonly out: string
  readonly seed: number
  readonly dryRun?: boolean
  readonly open?: boolean
  readonly json?: boolean
  readonly lang?: Language
  readonly force?: boolean
}

/** Options of a campaign that chooses from a list of runs, and those that it shares with the others. */
const ownOptions = [
  ...(['pool', 'targetRuns', 'next', 'confidence'] as const),
  ...(['columns', 'where', 'lossUnit', 'keepState', 'checkpoints'] as const),
] as const
const sharedOptions = ['target', 'budget', 'out', 'seed', 'dryRun', 'open', 'json', 'lang', 'force'] as const

/** Adds the options of `--pool` to `isoflop campaign`. */
export function withPoolOptions(command: Command): Command {
  const pool = command
    .optionsGroup('A list of runs to choose from:')
    .option('--pool <FILE...>', 'choose from a finite list of runs instead: a table, each with its cost (see below)')
    .option('--target-runs <FILE...>', 'with --pool: the runs to predict, instead of --target')
    .option(
      '--next <N>',
      'with --pool: how many of the runs without a loss to name (default: 8)',
      wholeNumber('--next', 1, 'a whole number such as 4'),
    )
  return withDataOptions(pool, 'with --pool: ')
    .addOption(
      new Option('--confidence <P>', 'with --pool: coverage that intervals aim at (default: 0.95)').argParser(
        probability('--confidence'),
      ),
    )
    .addHelpText(
      'after',
      notes(
        'A pool (--pool) is a table with a row a run: N, D or FLOPs; rate, batch and unique tokens where they differ; ' +
          '"cost" in any unit (default: the FLOPs); and "loss". Where every run has its loss, a purchase within --budget, ' +
          'in the unit of the costs, is played and compared with the rest of the pool. Where some have none yet, those ' +
          'worth making next are named, given the others, which count as spent.',
        'isoflop campaign --pool runs.csv --target-runs large.csv --budget 1e21',
        'isoflop campaign --pool plans.csv --target 1e23 --next 4',
      ),
    )
    .optionsGroup('What is kept and printed:')
}

/** Whether a list of runs is to be chosen from; refuses options that go with the other kind of campaign. Errors: BAD_OPTION. */
export function isPoolCampaign(command: Command): boolean {
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli'
  const hasPool = isGiven('pool')
  const all = command.options.map((option) => option.attributeName())
  const known: readonly string[] = hasPool ? [...ownOptions, ...sharedOptions] : all.filter((name) => !isOwn(name))
  const strange = command.options.find(
    (option) => isGiven(option.attributeName()) && !known.includes(option.attributeName()),
  )
  if (strange === undefined) return hasPool
  throw hasPool
    ? new IsoflopError(
        'BAD_OPTION',
        `${strange.long} does not go with --pool, which buys from a list and asks nobody.`,
        `Leave ${strange.long} out, or --pool.`,
      )
    : new IsoflopError(
        'BAD_OPTION',
        `${strange.long} came without --pool.`,
        'Say which runs to choose from: --pool FILE',
      )
}

const isOwn = (name: string): boolean => (ownOptions as readonly string[]).includes(name)

/** `isoflop campaign --pool`. */
export async function runPool(flags: PoolFlags): Promise<void> {
  const { out, seed, dryRun: isDryRun, budget, next, confidence } = flags
  const mark = markOf('campaign --pool', ...(flags.pool ?? []), 'for', ...(flags.targetRuns ?? [String(flags.target)]))
  if (!isDryRun) {
    refuseOther(out)
    refuseOthers([join(out, 'report.html'), join(out, 'report.md')], mark, flags)
  }
  const bar = progressLine(process.stderr, flags.json === true, (name) => `${name} ...`)
  try {
    const options = readOptions(flags, 'pool')
    bar.step('reading')
    const aim = await aimOf(flags, options)
    const table = await readPoolTable(flags.pool ?? [], options)
    const onRound = (round: number, rounds: number) =>
      bar.step(round === 0 ? 'the opening' : `round ${round} of ${rounds}`)
    const view = await chooseFrom(table, aim, { budget, next, seed, confidence, isDryRun, onRound })
    bar.step('report')
    const written = isDryRun ? [] : await writePool(out, view, mark, flags.lang)
    bar.done()
    await printPool(view, flags, written)
    const report = written.find((file) => file.endsWith('.html'))
    if (flags.open && report !== undefined) await openReport(report, flags)
    if (!flags.json) printNext(nextOf(view, flags), flags.lang)
  } finally {
    bar.done()
  }
}

/** What is to be predicted. Errors: BAD_OPTION, and those of reading. */
async function aimOf({ target, targetRuns }: PoolFlags, options: ReadOptions): Promise<PoolAim> {
  if ((target === undefined) === (targetRuns === undefined))
    throw new IsoflopError(
      'BAD_OPTION',
      target === undefined
        ? 'A pool needs to know what to predict, and there is neither --target nor --target-runs.'
        : '--target and --target-runs exclude each other.',
      'Give --target FLOPS for the best run of a budget, or --target-runs FILE for runs of your own.',
    )
  if (target !== undefined) return { kind: 'budget', flops: target }
  return readAim(targetRuns ?? [], options)
}

/** The record of a campaign that asked a trainer is not written over. */
function refuseOther(folder: string): void {
  const head = join(folder, 'campaign.json')
  if (!existsSync(head)) return
  throw new IsoflopError(
    'CAMPAIGN_DIFFERS',
    `${head} is the record of a campaign that chose no runs from a pool.`,
    'Choose another --out.',
  )
}

/** Writes the report and the record of a choice into a folder; the files' names. Errors: OUTPUT_FAILED. */
async function writePool(folder: string, view: PoolView, mark: string, language: Language = 'en'): Promise<string[]> {
  const [{ renderPool }, { jsonLines, nextRows, purchaseRows }] = await Promise.all([
    import('../report/pool/report.ts'),
    import('../report/pool/json.ts'),
  ])
  const isPlayed = view.result.kind === 'played'
  const files = {
    [isPlayed ? 'purchases.jsonl' : 'next.jsonl']: jsonLines(isPlayed ? purchaseRows(view) : nextRows(view)),
    ...renderPool({
      view,
      title: inLanguage(language, words).pool.title(view.task.sources.join(', ')),
      language,
      command: commandLine(given()),
      versions: { isoflop: version, node: process.version.slice(1) },
    }),
  }
  const written: string[] = []
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name)
    await writeOutput(file, name.endsWith('.jsonl') ? content : marked(content, mark))
    written.push(file)
  }
  return written
}

async function printPool(view: PoolView, { json, lang }: PoolFlags, files: readonly string[]): Promise<void> {
  const [{ choiceText }, { poolJson }] = await Promise.all([
    import('../report/pool/text.ts'),
    import('../report/pool/json.ts'),
  ])
  if (json) return printJson(poolJson(view))
  printPage(choiceText(view, textOptions(lang)))
  printWritten(files, lang)
}

/** What comes next behind a choice. */
function nextOf({ result }: PoolView, { dryRun, pool = [], out }: PoolFlags): Next {
  if (dryRun) return after['campaign --dry-run'](given())
  if (result.kind === 'played') return after['campaign --pool, played'](out)
  return result.next.length > 0 ? after['campaign --pool, advised'](given()) : after['campaign --pool, complete'](pool)
}
