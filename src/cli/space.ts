import { Command } from 'commander'
import { type Language, languages } from '../report/words/words.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { languageHelp, nameOf } from './options.ts'
import { printJson, printNext, printPage } from './print.ts'
import { textOptions } from './terminal.ts'

/** `isoflop space`. */
export function spaceCommand(): Command {
  const command = new Command('space')
    .summary('your own models: what a campaign may ask')
    .description('A space says which models, batches, rates and FLOPs a campaign may ask for (docs/space.md).')
    .addHelpText('after', examples('isoflop space show examples/spaces/llama.json'))
  command
    .command('show')
    .summary('what a space holds: sizes, steps and cost at each budget')
    .description(
      'Checks the file of a space and shows what it holds: sizes, tokens, steps and cost at each of its budgets.',
    )
    .argument('<FILE>', 'JSON, or TOML where its name ends in .toml; "cs336" is the space of the course')
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText(
      'after',
      examples(
        'isoflop space show examples/spaces/llama.json',
        'isoflop space show examples/spaces/ladder.toml --json',
      ),
    )
    .action(showSpace)
  return command
}

interface SpaceFlags {
  readonly json?: boolean
  readonly lang?: Language
}

async function showSpace(file: string, { json, lang }: SpaceFlags): Promise<void> {
  const [{ spaceNamed }, { summaryOf }, { spaceJson, spaceText }] = await Promise.all([
    import('./space-option.ts'),
    import('../space/summary.ts'),
    import('../report/space.ts'),
  ])
  const summary = summaryOf(await spaceNamed(file))
  if (json) printJson(spaceJson(summary))
  else {
    printPage(spaceText(summary, textOptions(lang)))
    printNext(after['space show'](file), lang)
  }
}
