import { IsoflopError } from '../core/errors.ts'
import { version } from '../core/version.ts'
import { commandOf } from '../explore/command.ts'
import type { Asked, Question, TableAnswer, TableFlags } from '../explore/question.ts'
import { huberGridSize } from '../fit/huber.ts'
import { askedNames } from '../fit/methods.ts'
import { priorText } from '../fit/norm/prior-text.ts'
import { dataDiagnostics } from '../input/diagnostics.ts'
import { groupColumnsOf } from '../input/group-columns.ts'
import { type Preview, previewOf } from '../input/preview.ts'
import type { NameOf } from '../input/renamed.ts'
import { parseColumns, type ToldColumns } from '../input/told.ts'
import { dataJson } from '../input/wire.ts'
import { inLanguage, words } from '../report/words/words.ts'
import { loadRuns } from './data.ts'
import { type FitFlags, refuseUniqueAlone } from './fit-flags.ts'
import { refuseOneAtATime } from './groups.ts'
import { openPage } from './open.ts'
import { namesOf, priorOf } from './options.ts'
import { print } from './print.ts'

/** A page of more runs than this is slow; the tables and the report are not. */
const mostRuns = 100_000

/** The HTML page that --report writes. */
type ReportText = (files: readonly string[], flags: FitFlags, command: string, nameOf: NameOf) => Promise<string>

/** Shows files in the browser and fits them there, until Ctrl-C. Errors: BAD_OPTION. */
export async function explore(files: readonly string[], flags: FitFlags, reportText: ReportText): Promise<void> {
  refuseOther(flags)
  await refuseUnreadable(files, flags)
  const { startExplore } = await import('../explore/explore.ts')
  const { notices } = inLanguage(flags.lang ?? 'en', words)
  const host = await startExplore({
    files,
    flags: tableFlagsOf(flags),
    asked: askedOf(flags),
    version,
    ...(flags.lang && { language: flags.lang }),
    table: tableOf,
    report: (paths, question) =>
      reportText(paths, flagsOf(question, flags.threads), commandOf(question), namesOfPaths(paths, question.files)),
    onLink: (link) => print(notices.otherBrowser(link)),
  })
  try {
    print(host.link)
    await openPage(host.link)
    await new Promise<void>((end) => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => end())
    })
  } finally {
    await host.close()
  }
}

/** What the page has no place for, and what the command refuses as well. */
function refuseOther(flags: FitFlags): void {
  const { json, plots, groupBy, method, repeats } = flags
  refuseUniqueAlone(flags)
  if (groupBy !== undefined) refuseOneAtATime({ methods: method, repeats: repeats ? {} : undefined })
  const other = json ? '--json' : plots ? '--plots' : null
  if (other === null) return
  throw new IsoflopError(
    'BAD_OPTION',
    `--open without --report shows the fit live in the browser, where ${other} has no place.`,
    `Add --report report.html, or leave ${other} away.`,
  )
}

/** Refuses what no page could show: files that are not there, or are no tables. What is a table and not understood, the page asks about. Errors: also of options that are wrong. */
async function refuseUnreadable(files: readonly string[], flags: FitFlags): Promise<void> {
  if (files.includes('-'))
    throw new IsoflopError('BAD_OPTION', '--open came with -, which can be read once.', 'Write it into a file first.')
  const answer = await tableOf(files, tableFlagsOf(flags))
  if (answer.kind === 'fault' && (answer.preview === null || answer.code === 'BAD_OPTION'))
    throw new IsoflopError(answer.code, answer.message, answer.advice)
}

/** The options of the command line that say how files are read. */
export const tableFlagsOf = (flags: FitFlags): TableFlags => {
  const { columns, groupBy, lossUnit, records, checkpoints, best, keepState, where, drop } = flags
  const all = { columns, groupBy, lossUnit, records, checkpoints, best, keepState, drop }
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  return { ...given, ...(where && { where: [...where] }) }
}

/** And those that say what is fitted. */
export const askedOf = ({ starts = huberGridSize, ...flags }: FitFlags): Asked => ({
  targets: flags.target ?? null,
  methods: flags.method ?? null,
  repeats: flags.repeats === true,
  uniqueTokens: flags.uniqueTokens ?? null,
  prior: flags.prior === undefined ? null : priorText(flags.prior) || null,
  confidence: flags.confidence,
  seed: flags.seed,
  resamples: flags.resamples,
  starts,
})

/** What the command line would be, were the page's view typed. Errors: BAD_OPTION. */
function flagsOf({ flags, asked, language }: Question, threads?: number): FitFlags {
  const { targets, methods, repeats, uniqueTokens, prior, ...numbers } = asked
  return {
    ...flags,
    ...numbers,
    lang: language,
    repeats,
    ...(threads !== undefined && { threads }),
    ...(targets !== null && { target: targets }),
    ...(methods !== null && { method: namesOf('--method', askedNames)(methods.join()) }),
    ...(uniqueTokens !== null && { uniqueTokens }),
    ...(prior !== null && { prior: priorOf('--prior')(prior) }),
  }
}

/** What reading files comes to; where they are not understood, the head of the first one that cannot be read alone. */
async function tableOf(paths: readonly string[], flags: TableFlags, names = paths): Promise<TableAnswer> {
  const nameOf = namesOfPaths(paths, names)
  try {
    const { data, truth } = await loadRuns(paths, flags, nameOf)
    if (data.runs.size > mostRuns) throw tooMany(data.runs.size)
    return {
      kind: 'read',
      data: dataJson(data),
      diagnostics: dataDiagnostics(data),
      truth,
      columns: await groupColumnsOf(paths, data),
      told: toldOf(flags),
      preview: await firstPreview(paths),
    }
  } catch (error) {
    if (!(error instanceof IsoflopError)) throw error
    const inNames = (text: string) => paths.reduce((said, path) => said.replaceAll(path, nameOf(path)), text)
    const [message, advice] = [inNames(error.message), inNames(error.advice)]
    return { kind: 'fault', code: error.code, message, advice, told: toldOf(flags), preview: await firstPreview(paths) }
  }
}

/** What the page calls files, by where they are. */
function namesOfPaths(paths: readonly string[], names: readonly string[]): NameOf {
  const of = new Map(paths.map((path, k) => [path, names[k]]))
  return (path) => of.get(path) ?? path
}

/** The columns that were named; none where the text is wrong, which is an error of its own. */
function toldOf({ columns = '' }: TableFlags): ToldColumns {
  try {
    return columns === '' ? {} : parseColumns(columns)
  } catch {
    return {}
  }
}

async function firstPreview(paths: readonly string[]): Promise<Preview | null> {
  for (const path of paths.filter((one) => !one.startsWith('world:'))) {
    const preview = await previewOf(path).catch(() => null)
    if (preview !== null) return preview
  }
  return null
}

const tooMany = (runs: number): IsoflopError =>
  new IsoflopError(
    'BAD_OPTION',
    `The page shows ${mostRuns.toLocaleString('en')} runs at most, and these are ${runs}.`,
    'Leave --open away, or choose some of them with --where.',
  )
