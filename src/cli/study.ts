import { existsSync, readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { damaged } from '../campaign/head.ts'
import { ownRuns } from '../campaign/own-runs.ts'
import { checkedReport, type RunReport } from '../campaign/run-history.ts'
import { openCampaign, type Study, type StudyStanding, type Told } from '../campaign/study.ts'
import { badOutcome, recordOfRun, toldOf } from '../campaign/study-log.ts'
import type { Config } from '../core/config.ts'
import { writeWhole } from '../core/durable.ts'
import { IsoflopError } from '../core/errors.ts'
import { readSummed, summed } from '../core/summed.ts'
import { apiSpace } from '../cs336/space.ts'
import { isMissing, numberOf, textOfCell } from '../input/cell.ts'
import { readSource } from '../input/formats.ts'
import { list as listOfNames } from '../input/plan.ts'
import { loadSource } from '../input/source.ts'
import { type StrategyName, strategyNamed, strategyNames } from '../plan/strategies.ts'
import { askedText, forecastText, noneText, toldText } from '../report/campaign/study.ts'
import { type Language, languages } from '../report/words/words.ts'
import type { Space } from '../space/space.ts'
import { typed } from './command-line.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { budget, languageHelp, nameOf, wholeNumber } from './options.ts'
import { printData, printJson, printNext, printPage } from './print.ts'
import { spaceNamed } from './space-option.ts'
import { textOptions } from './terminal.ts'

interface StudyFlags {
  readonly out: string
  readonly json?: boolean
  readonly lang?: Language
}

interface NextFlags extends StudyFlags {
  readonly n: number
  readonly jsonl?: boolean
  readonly space?: string
  readonly budget?: number
  readonly target?: number
  readonly seed?: number
  readonly strategy?: StrategyName
  readonly runs?: readonly string[]
}

/** `isoflop campaign next`, `tell` and `forecast`: for whoever launches runs by other means. */
export function withStudyCommands(campaign: Command): Command {
  return campaign.addCommand(nextCommand()).addCommand(tellCommand()).addCommand(forecastCommand())
}

function nextCommand(): Command {
  return new Command('next')
    .summary('the runs to launch next, by whatever means you have')
    .description(
      'Names the next runs, once each, and keeps in DIR what was asked and told. The first call begins the\n' +
        'campaign with --space, --budget, --target and --seed; later ones find them in DIR. Runs that are out are\n' +
        'allowed for: tell what came of them in any order, from any process.',
    )
    .option('-n <N>', 'how many, at most', wholeNumber('-n', 1, 'a whole number such as 8'), 1)
    .option('--space <FILE>', "models, batches, rates and FLOPs of your own (default: the course's)")
    .option('--budget <FLOPS>', "what to spend, at most (default: the space's)", budget('--budget'))
    .option('--target <FLOPS>', "the run to predict (default: the space's)", budget('--target'))
    .option('--seed <N>', 'equal seeds plan equally', wholeNumber('--seed', 0, 'a whole number such as 0'))
    .option('--strategy <NAME>', strategyNames.join(', '), nameOf('--strategy', strategyNames))
    .option('--runs <FILE...>', 'runs that you have: in the fit, and counted as spent')
    .option('--out <DIR>', 'where the campaign is kept', 'out')
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .option('--jsonl', 'print one JSON object a run, for programs')
    .addHelpText(
      'after',
      examples(
        'isoflop campaign next -n 8 --space space.json --budget 1e21 --target 1e23 --out out/mine --jsonl',
        'echo \'{"id": "0-3", "loss": 3.21}\' | isoflop campaign tell - --out out/mine',
      ),
    )
    .action(next)
}

function tellCommand(): Command {
  return new Command('tell')
    .summary('what came of runs that next named')
    .description(
      'Takes outcomes, a table with the columns id and loss in nats per token: {"id": "0-3", "loss": 3.21}, or\n' +
        'CSV. A column outcome may say diverged, refused (not made, nothing spent) or lost (spent, not asked again).\n' +
        'The same outcome again changes nothing. With the outcome running, a row is how far a run is, for isoflop watch:\n' +
        '{"id": "0-3", "outcome": "running", "tokens": 122880, "loss": 4.81}, or step.',
    )
    .argument('<FILE>', 'JSONL, CSV, JSON or Parquet; - is stdin')
    .option('--out <DIR>', 'where the campaign is kept', 'out')
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .option('--json', 'print where the campaign stands as JSON')
    .addHelpText('after', examples('isoflop campaign tell results.jsonl --out out/mine'))
    .action(tell)
}

function forecastCommand(): Command {
  return new Command('forecast')
    .summary('what to expect at the target, from what was told so far')
    .description(
      'Predicts the best configuration at the target and its loss, with intervals, and says where the campaign stands.',
    )
    .option('--out <DIR>', 'where the campaign is kept', 'out')
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples('isoflop campaign forecast --out out/mine'))
    .action(forecast)
}

/**
 * The options of a command below `campaign`, which has some of the same names and takes them wherever they stand: what was given, then the
 * defaults of the command itself.
 */
function flagsOf<Flags>(command: Command): Flags {
  const given = [command.parent!, command].flatMap((one) =>
    Object.entries(one.opts()).filter(([name]) => one.getOptionValueSource(name) === 'cli'),
  )
  return { ...command.opts(), ...Object.fromEntries(given) } as Flags
}

async function next(_flags: unknown, command: Command): Promise<void> {
  const flags = flagsOf<NextFlags>(command)
  const { study, space } = await begin(flags)
  const runs = await study.ask(flags.n)
  if (flags.jsonl) {
    for (const run of runs) printData(`${JSON.stringify(recordOfRun(run, space))}\n`)
    return
  }
  if (runs.length === 0) {
    const standing = await study.standing()
    printPage(noneText(standing, textOptions(flags.lang)))
    const isOver = standing.state === 'ended'
    printNext(isOver ? after['campaign tell'](flags.out) : after['campaign next, waiting'](flags.out), flags.lang)
    return
  }
  printPage(askedText(runs, space, textOptions(flags.lang)))
  printNext(after['campaign next'](flags.out), flags.lang)
}

async function tell(file: string, _flags: unknown, command: Command): Promise<void> {
  const flags = flagsOf<StudyFlags>(command)
  const { study } = await reopen(flags.out)
  const rows = await readTold(file)
  const outcomes = rows.flatMap((row) => ('told' in row ? [row] : []))
  const reports = rows.flatMap((row) => ('report' in row ? [row] : []))
  const reported = new Set(reports.map(({ id }) => id))
  for (const one of reported)
    await study.report(one, ...reports.filter(({ id }) => id === one).map(({ report }) => report))
  for (const { id, told } of outcomes) await study.tell(id, told)
  const standing = await study.standing()
  const { state } = standing
  if (flags.json) {
    printJson({ taken: outcomes.length, reported: reported.size, ...standingJson(standing) })
    return
  }
  printPage(toldText({ taken: outcomes.length, reported: reported.size }, standing, textOptions(flags.lang)))
  printNext(state === 'asking' ? after['campaign, asking'](flags.out) : after['campaign tell'](flags.out), flags.lang)
}

async function forecast(_flags: unknown, command: Command): Promise<void> {
  const flags = flagsOf<StudyFlags>(command)
  const { study, space } = await reopen(flags.out)
  const standing = await study.standing()
  const { state } = standing
  const forecast = await study.forecast().catch((error) => {
    throw state === 'ended' ? error : beforeEnough(error, flags.out)
  })
  if (flags.json) {
    const { config, parameters, tokens, loss, interval, diagnostics } = forecast
    const predicted = { config: space.record(config as never), parameters, tokens, loss, interval, diagnostics }
    printJson({ ...predicted, ...standingJson(standing) })
    return
  }
  printPage(forecastText(forecast, standing, space, textOptions(flags.lang)))
  const next = { asking: 'campaign, asking', waiting: 'campaign next, waiting', ended: 'campaign forecast' } as const
  printNext(after[next[state]](flags.out), flags.lang)
}

/** Where a campaign is only at its beginning, what it lacks is outcomes, not a budget. */
function beforeEnough(error: unknown, out: string): unknown {
  if (!(error instanceof IsoflopError) || error.code !== 'TOO_FEW_RUNS') return error
  const [next, tell] = [typed('campaign', 'next', '--out', out), typed('campaign', 'tell', 'FILE', '--out', out)]
  return new IsoflopError(error.code, error.message, `Tell more: ${next} names runs, ${tell} takes what came of them.`)
}

const standingJson = ({ state, reason, told, running, spent, budget: most }: StudyStanding) => ({
  ...{ state, reason, told: told.length, running: running.map(({ id }) => id), spent, budget: most },
})

/** What a study was begun with, beside its log. */
interface Settings {
  readonly space: string | null
  readonly budget?: number
  readonly target?: number
  readonly seed?: number
  readonly strategy?: StrategyName
  readonly runs: readonly string[]
}

const settingsFile = (out: string): string => join(out, 'study.json')

/** Begins a study, or goes on with the one in the folder, whose settings options may repeat and not change. */
async function begin(flags: NextFlags) {
  if (existsSync(settingsFile(flags.out))) {
    const changed = changedIn(flags, settingsOf(flags.out))
    if (changed === null) return reopen(flags.out)
    throw new IsoflopError(
      'CAMPAIGN_DIFFERS',
      `The campaign in ${flags.out} was begun with another --${changed}.`,
      'Leave the option out, or choose another --out.',
    )
  }
  const { budget: most, target, seed, strategy, space = null, runs = [] } = flags
  const copy = space === null || space === apiSpace.name ? null : space.endsWith('.toml') ? 'space.toml' : 'space.json'
  const settings: Settings = {
    space: copy,
    ...(most !== undefined && { budget: most }),
    ...(target !== undefined && { target }),
    ...(seed !== undefined && { seed }),
    ...(strategy !== undefined && { strategy }),
    runs,
  }
  const opened = await open(flags.out, settings, copy === null ? null : space)
  if (copy !== null && space !== null) await copyFile(space, join(flags.out, copy))
  writeWhole(settingsFile(flags.out), `${summed(settings, 2)}\n`)
  return opened
}

/** The first option that says something else than a study was begun with; null where none does. */
function changedIn(flags: NextFlags, known: Settings): string | null {
  const told = ['budget', 'target', 'seed', 'strategy'] as const
  const usual = { seed: 0, strategy: strategyNames[0] }
  const begun = { ...usual, ...known }
  const changed = told.find((name) => flags[name] !== undefined && flags[name] !== begun[name])
  if (changed !== undefined) return changed
  const { out, space, runs } = flags
  if (space !== undefined && !isSameFile(space, known.space && join(out, known.space))) return 'space'
  return runs !== undefined && String(runs) !== String(known.runs) ? 'runs' : null
}

/** Whether a space's file says what its copy does. The course's has a name and no file. */
function isSameFile(file: string, copy: string | null): boolean {
  if (copy === null || !existsSync(file)) return copy === null && file === apiSpace.name
  return readFileSync(file).equals(readFileSync(copy))
}

async function reopen(out: string) {
  if (!existsSync(settingsFile(out)))
    throw new IsoflopError(
      'CAMPAIGN_DIFFERS',
      `${out} has no campaign that asks and tells.`,
      `Begin one: isoflop campaign next --out ${out}`,
    )
  const settings = settingsOf(out)
  return open(out, settings, settings.space && join(out, settings.space))
}

function settingsOf(out: string): Settings {
  const read = readSummed(readFileSync(settingsFile(out), 'utf8'))
  if (read.kind !== 'whole')
    throw damaged(settingsFile(out), read.kind === 'damaged' ? read.reason : 'it has no checksum')
  return read.record as unknown as Settings
}

async function open(
  out: string,
  settings: Settings,
  file: string | null,
): Promise<{ study: Study<Config>; space: Space }> {
  const space = file === null ? (apiSpace as unknown as Space) : await spaceNamed(file)
  const { budget: most, target, seed, strategy = strategyNames[0] } = settings
  const study = await openCampaign<Config>({
    folder: out,
    space,
    runs: await ownRuns(settings.runs, space),
    strategy: await strategyNamed(strategy),
    ...(most !== undefined && { budget: most }),
    ...(target !== undefined && { target }),
    ...(seed !== undefined && { seed }),
  })
  return { study, space }
}

/** What a row tells of a run: what came out, or how far it is. */
type ToldRow = { readonly id: string; readonly told: Told } | { readonly id: string; readonly report: RunReport }

/**
 * What a table of any format tells, all of it sound before any is taken: a loss that is null, NaN or infinite is a run that diverged, an
 * empty cell says nothing. That a run goes on has to be said: tables of results have steps and tokens, too.
 * Errors: FILE_NOT_FOUND, FILE_FORMAT, FILE_EMPTY, COLUMN_MISSING, OUTCOME_INVALID with the row.
 */
async function readTold(file: string): Promise<ToldRow[]> {
  const source = await loadSource(file, process.stdin)
  const rows: ToldRow[] = []
  let places: Record<(typeof fields)[number], number> | null = null
  const bad = (row: number, what: string) => badOutcome(`${source.name} row ${row} ${what}.`)
  await readSource(source, {
    open(columns) {
      places = Object.fromEntries(fields.map((name) => [name, columns.indexOf(name)])) as typeof places
      if (columns.includes('id') && (columns.includes('loss') || columns.includes('outcome')))
        return columns.map((_, i) => i)
      throw new IsoflopError(
        'COLUMN_MISSING',
        `${source.name} has no columns id and loss. Its columns: ${listOfNames(columns)}.`,
        'Tell the id that next gave each run, with its loss in nats per token.',
      )
    },
    add(row, cells) {
      const cell = (name: (typeof fields)[number]) => (places![name] < 0 ? undefined : cells[places![name]])
      const [given, loss, outcome, message, step, tokens] = fields.map(cell)
      if (isMissing(given) || typeof given === 'object') throw bad(row, 'has no id')
      const id = String(given).trim()
      if (outcome === 'running') {
        const counts = Object.entries({ step, tokens }).flatMap(([name, count]) =>
          isMissing(count) ? [] : [[name, numberOf(count)]],
        )
        rows.push({ id, report: checkedReport(id, { ...Object.fromEntries(counts), loss: numberOf(loss) }) })
        return
      }
      const told = toldOf({
        ...(isMissing(outcome) ? { outcome: hasDiverged(loss) ? 'diverged' : 'finished' } : { outcome }),
        ...{ loss: numberOf(loss), message },
      })
      if (told === null)
        throw bad(row, `has the loss ${textOfCell(loss).slice(0, 40) || 'of no number'}, which is no outcome`)
      rows.push({ id, told })
    },
    exclude(row, reason) {
      throw bad(row, reason)
    },
  })
  return rows
}

const fields = ['id', 'loss', 'outcome', 'message', 'step', 'tokens'] as const

const hasDiverged = (loss: unknown): boolean =>
  loss === null || /^\s*[+-]?(?:nan|inf|infinity)\s*$/i.test(String(loss).slice(0, 40))
