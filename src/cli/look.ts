import { Command } from 'commander'
import { IsoflopError } from '../core/errors.ts'
import { prepare } from '../fit/data.ts'
import { dataDiagnostics } from '../input/diagnostics.ts'
import type { RunData } from '../input/read.ts'
import { inLanguage, type Language, languages, words } from '../report/words/words.ts'
import { given } from './command-line.ts'
import { type DataFlags, loadRuns, withDataOptions } from './data.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { languageHelp, nameOf } from './options.ts'
import { print, printJson, printLine, printNext, printPage } from './print.ts'
import { textOptions } from './terminal.ts'

/** `isoflop look`. */
export function lookCommand(): Command {
  const command = new Command('look')
    .summary('how a table of runs is read, before anything is fitted')
    .description(
      'Shows which column is taken for what and why, which rows are left out and why, and the first runs as they\n' +
        'would be fitted. FILE as in isoflop fit.',
    )
    .argument('<FILE...>', 'one or more files, taken as one data set')
    .optionsGroup('How tables are read:')
  return withDataOptions(command)
    .optionsGroup('What is written:')
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText('after', examples('isoflop look runs.csv', "isoflop look runs.csv --columns 'tokens=T*1e9'"))
    .action(look)
}

interface LookFlags extends DataFlags {
  readonly json?: boolean
  readonly lang?: Language
}

/** What `isoflop fit` would say of these runs instead of a law; null where it fits them. */
function refusalOf({ runs, curves }: RunData): IsoflopError | null {
  try {
    prepare(runs, curves)
    return null
  } catch (error) {
    if (error instanceof IsoflopError) return error
    throw error
  }
}

async function look(files: string[], flags: LookFlags): Promise<void> {
  const { data } = await loadRuns(files, flags)
  const diagnostics = dataDiagnostics(data).filter(({ severity }) => severity === 'warning')
  const [{ readingJson, readingText }, { textOf }] = await Promise.all([
    import('../report/fit/reading.ts'),
    import('../report/page/text.ts'),
  ])
  if (flags.json) {
    printJson({ ...readingJson(data), diagnostics })
    return
  }
  const options = textOptions(flags.lang)
  printPage(readingText(data, options))
  if (diagnostics.length > 0)
    printPage(
      `\n${inLanguage(flags.lang ?? 'en', () => textOf([[{ kind: 'diagnostics', items: diagnostics }]], options))}`,
    )
  const refusal = refusalOf(data)
  if (refusal === null) return printNext(after.look(given()), flags.lang)
  const { notices, elsewhere, marks } = inLanguage(flags.lang ?? 'en', words)
  print('')
  printLine(`${notices.fitRefuses([refusal.message, refusal.advice].map(elsewhere).join(marks.gap))}`)
}
