import { join } from 'node:path'
import { Command } from 'commander'
import { version } from '../core/version.ts'
import { type AnalysisOptions, analyse } from '../fit/analysis.ts'
import { huberGridSize } from '../fit/huber.ts'
import type { OnStep } from '../fit/methods/method.ts'
import { askedNames, methodNames } from '../fit/methods.ts'
import { dataDiagnostics } from '../input/diagnostics.ts'
import type { NameOf } from '../input/renamed.ts'
import type { FigureText } from '../report/draw/svg.ts'
import type { Findings } from '../report/fit/findings.ts'
import { fitJson } from '../report/fit/json.ts'
import { percent } from '../report/number.ts'
import type { Page } from '../report/page/blocks.ts'
import { inLanguage, type Language, languages, words } from '../report/words/words.ts'
import { commandLine, given } from './command-line.ts'
import { type FitInput, loadRuns, withDataOptions } from './data.ts'
import { figureFiles, writeFigure } from './figures.ts'
import { type FitFlags, refuseUniqueAlone } from './fit-flags.ts'
import { tellGroups } from './groups.ts'
import { examples, notes } from './help.ts'
import { marked, markOf, refuseOthers } from './mark.ts'
import { after } from './next.ts'
import { openReport } from './open.ts'
import {
  budgets,
  forceHelp,
  languageHelp,
  nameOf,
  namesOf,
  priorOf,
  probability,
  tokenCounts,
  wholeNumber,
} from './options.ts'
import { writeOutput } from './output.ts'
import { print, printJson, printNext, printPage, printWritten } from './print.ts'
import { progress } from './progress.ts'
import { textOptions } from './terminal.ts'
import type { ReportHead, Told } from './told.ts'

/** `isoflop fit`. */
export function fitCommand(): Command {
  const command = new Command('fit')
    .summary('training runs in, scaling laws out')
    .description(
      'Fits scaling laws to training runs (size N, tokens D, compute C, loss) and predicts larger ones.\n' +
        'FILE: JSON, JSONL, CSV, TSV, Parquet, .xlsx, gzipped too; - is stdin; world:handout CS336’s runs.',
    )
    .argument('<FILE...>', 'one or more files, taken as one data set')
    .optionsGroup('What is fitted:')
    .option('--target <FLOPS>', 'budgets to predict (default: 10 times the largest)', budgets('--target'))
    .option(
      '--method <NAMES>',
      `some of ${methodNames.join(', ')} (default: all), joint`,
      namesOf('--method', askedNames),
    )
    .option('--repeats', 'what repeated data are worth, by the data-constrained law')
    .option('--unique-tokens <N>', 'with --repeats: how many you have to plan for', tokenCounts('--unique-tokens'))
  return withDataOptions(command.optionsGroup('How tables are read:'))
    .option('--group-by <COLUMN>', 'fit the runs of each value, or each file, alone and compare them')
    .option('--best', 'of runs with equal N and D keep only the lowest loss')
    .option('--drop <ROWS>', 'rows to leave out, as isoflop look numbers them: 12,40-44 or FILE:12')
    .optionsGroup('How it is fitted:')
    .option('--prior <VALUES>', 'of norm: medians with sd, or held values, as alpha=0.3:0.2,q=1', priorOf('--prior'))
    .option('--confidence <P>', 'coverage that intervals aim at', probability('--confidence'), 0.95)
    .option('--resamples <N>', 'bootstrap resamples', wholeNumber('--resamples', 20, 'at least 20, such as 1000'), 1000)
    .option(
      '--seed <N>',
      'of the bootstrap; equal seeds give equal results',
      wholeNumber('--seed', 0, 'a whole number such as 0'),
      0,
    )
    .option(
      '--starts <N>',
      'starts of huber, up to 4500',
      wholeNumber('--starts', 1, 'at least 1, such as 4500'),
      huberGridSize,
    )
    .option(
      '--threads <N>',
      'worker threads (default: one per processor)',
      wholeNumber('--threads', 1, 'at least 1, such as 2'),
    )
    .optionsGroup('What is written:')
    .option('--report <FILE>', 'write a report: an HTML page, or, as FILE.md, Markdown and figures')
    .option('--open', 'show the report; without --report the fit live, in the browser')
    .option('--plots <DIR>', 'write every figure as SVG and PNG')
    .option('--force', forceHelp)
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .option('--json', 'print one JSON object instead of tables (docs/json.md)')
    .addHelpText(
      'after',
      notes('--prior: median:sd or a held value, of E / least loss (0.6:0.3), terms (0.2:1.5), alpha (0.33:0.4).'),
    )
    .addHelpText(
      'after',
      examples(
        'isoflop fit runs.csv --target 1e21,1e22 --report report.html',
        'isoflop fit sweeps.csv --group-by dataset --json | jq ".groups[0].methods[0].law"',
      ),
    )
    .action(runFit)
}

async function runFit(files: string[], flags: FitFlags): Promise<void> {
  if (flags.open && flags.report === undefined) return (await import('./explore.ts')).explore(files, flags, reportText)
  const mark = markOf('fit', ...files, ...(flags.groupBy === undefined ? [] : ['by', flags.groupBy]))
  await refuseOtherResults(flags, mark)
  const bar = progress(process.stderr, flags.json === true)
  try {
    bar.step('reading')
    const input = await loadRuns(files, flags)
    const options = analysisOptions(input, flags, (step, share) =>
      bar.step(share === undefined ? step : `${step} ${percent(share)}`),
    )
    const told = await toldOf(input, flags, options)
    const written: string[] = []
    if (flags.report) {
      bar.step('report')
      written.push(...(await writeReport(flags.report, mark, await told.page(headOf(input, flags.lang)))))
    }
    if (flags.plots) {
      bar.step('figures')
      written.push(...(await writePlots(flags.plots, mark, await told.figures(), await told.figures(flags.lang))))
    }
    bar.done()
    if (flags.json) printJson(told.json())
    else await printTables(told, input, written, flags.lang)
    if (flags.open && flags.report) await openReport(flags.report, flags)
    if (!flags.json)
      printNext(after.fit(given(), { hasReport: flags.report !== undefined, isShown: flags.open === true }), flags.lang)
  } finally {
    bar.done()
  }
}

/** The HTML page that --report writes of these files by this command. */
async function reportText(files: readonly string[], flags: FitFlags, command: string, nameOf: NameOf): Promise<string> {
  const input = await loadRuns(files, flags, nameOf)
  const options = analysisOptions(input, flags, () => {})
  const told = await toldOf(input, flags, options)
  const head = { ...headOf(input, flags.lang), command }
  const [{ htmlOf }, page] = await Promise.all([import('../report/page/html.ts'), told.page(head)])
  return htmlOf(page)
}

const toldOf = (input: FitInput, { groupBy }: FitFlags, options: AnalysisOptions): Promise<Told> =>
  groupBy === undefined ? tellRuns(input, options) : tellGroups(input, groupBy, options)

/** Refuses to write over what is no result of the same data, before minutes go into the fit. Errors: OUTPUT_EXISTS. */
async function refuseOtherResults({ report, plots, force }: FitFlags, mark: string): Promise<void> {
  if (report !== undefined) refuseOthers([report], mark, { force })
  if (plots === undefined) return
  const [{ fitFigures }, { groupsFigures }] = await Promise.all([
    import('../report/fit/figures.ts'),
    import('../report/fit/groups/figures.ts'),
  ])
  refuseOthers(figureFiles(plots, [...fitFigures, ...groupsFigures]), mark, { force })
}

/** What is asked of repeated data. */
function repeatsOf(flags: FitFlags): { readonly unique?: number[] | undefined } | undefined {
  refuseUniqueAlone(flags)
  return flags.repeats ? { unique: flags.uniqueTokens } : undefined
}

const largestBudget = ({ data }: FitInput): number => data.runs.flops.reduce((high, C) => Math.max(high, C))

const analysisOptions = (input: FitInput, flags: FitFlags, onStep: OnStep): AnalysisOptions => ({
  targets: flags.target ?? [10 * largestBudget(input)],
  methods: flags.method,
  repeats: repeatsOf(flags),
  prior: flags.prior,
  confidence: flags.confidence,
  resamples: flags.resamples,
  seed: flags.seed,
  starts: flags.starts,
  threads: flags.threads,
  onStep,
})

/** What stands about a report, whatever it is of. */
const headOf = ({ data }: FitInput, language: Language = 'en'): ReportHead => ({
  title: inLanguage(language, words).fit.title(data.sources.map(({ name }) => name).join(', ')),
  language,
  data,
  reading: data,
  command: commandLine(given()),
  versions: { isoflop: version, node: process.version.slice(1) },
})

/** All runs fitted as one data set. */
async function tellRuns({ data, truth }: FitInput, options: AnalysisOptions): Promise<Told> {
  const analysis = await analyse(data, options)
  const diagnostics = [...dataDiagnostics(data), ...analysis.diagnostics]
  const findings: Findings = { analysis: { ...analysis, diagnostics }, truth }
  return {
    json: () => fitJson(findings.analysis, data, diagnostics, version),
    text: async (how) => (await import('../report/fit/text.ts')).fitText(findings, how),
    page: async (head) => (await import('../report/fit/report.ts')).fitPage({ ...findings, ...head }),
    figures: async (language = 'en') => {
      const [{ renderFigures }, { fitFigures }] = await Promise.all([
        import('../report/draw/svg.ts'),
        import('../report/fit/figures.ts'),
      ])
      return inLanguage(language, () => renderFigures(fitFigures, findings))
    },
  }
}

async function printTables(
  told: Told,
  { data }: FitInput,
  written: readonly string[],
  language: Language = 'en',
): Promise<void> {
  const names = data.sources.map(({ name }) => name).join(', ')
  const say = inLanguage(language, words).fit
  const excluded = data.excluded.length > 0 ? say.someExcluded(data.excluded.length, data.read) : ''
  print(`${say.runsFrom(data.runs.size, names)}${excluded}\n`)
  printPage(await told.text(textOptions(language)))
  printWritten(written, language)
}

/** Writes the report as the file's name says: Markdown with its figures beside it, or one HTML page. */
async function writeReport(file: string, mark: string, page: Page): Promise<string[]> {
  const { reportFiles } = await import('../report/page/files.ts')
  const files = reportFiles(page, file)
  for (const [name, content] of Object.entries(files)) await writeOutput(name, marked(content, mark))
  return Object.keys(files)
}

/** As SVG in the language that was asked for, and as PNG in English, because the font of those has no Chinese. */
async function writePlots(
  folder: string,
  mark: string,
  english: readonly FigureText[],
  asked: readonly FigureText[],
): Promise<string[]> {
  const written: string[] = []
  for (const [k, { name, svg }] of asked.entries())
    written.push(...(await writeFigure(join(folder, name), mark, { svg, drawn: english[k].svg })))
  return written
}
