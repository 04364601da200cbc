import { join } from 'node:path'
import { Command } from 'commander'
import { wireOfConfig } from '../api/contract.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiLimits, queryLimits, targetFlops } from '../cs336/limits.ts'
import { nonEmbeddingParameters } from '../cs336/parameters.ts'
import { wrap } from '../report/page/width.ts'
import { inLanguage, type Language, languages, words } from '../report/words/words.ts'
import { optimum } from '../world/optimum.ts'
import type { Optimum, World } from '../world/world.ts'
import { describeWorld, type WorldFacts, worldEntries } from '../world/worlds.ts'
import { figureFiles, writeFigure } from './figures.ts'
import { examples } from './help.ts'
import { markOf, refuseOthers } from './mark.ts'
import { after } from './next.ts'
import { budgets, forceHelp, languageHelp, nameOf } from './options.ts'
import { print, printJson, printNext, printPage, printWritten } from './print.ts'
import { textOptions, widthOf } from './terminal.ts'

/** `isoflop world`. */
export function worldCommand(): Command {
  const command = new Command('world')
    .summary('the simulated worlds: what is true in them')
    .description('Lists the simulated worlds, or shows what is true in one: its law, its noise and its optima.')
    .addHelpText('after', examples('isoflop world list', 'isoflop world show cs336 --target 1e19 --plots figures'))
  command
    .command('list')
    .summary('every world there is')
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .action(listWorlds)
  command
    .command('show')
    .summary('law, noise and optima of a world')
    .description('Shows what is true in a world: its law, its noise, and the best configurations, noise-free.')
    .argument('<NAME>', 'cs336, handout, chinchilla, seed:N or staged:N')
    .option('--target <FLOPS>', 'budgets whose optimum is wanted (default: 1e19)', budgets('--target'))
    .option('--plots <DIR>', 'draw its IsoFLOP profiles as SVG and PNG')
    .option('--force', forceHelp)
    .option('--lang <LANGUAGE>', languageHelp, nameOf('--lang', languages))
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText(
      'after',
      examples('isoflop world show cs336 --target 1e19 --plots figures', 'isoflop world show seed:7 --json | jq .form'),
    )
    .action(showWorld)
  return command
}

interface ListFlags {
  readonly lang?: Language
}

function listWorlds({ lang = 'en' }: ListFlags): void {
  const { elsewhere } = inLanguage(lang, words)
  const width = widthOf(process.stdout)
  const lines = worldEntries.flatMap(({ name, summary }) =>
    wrap(`${name.padEnd(12)} ${elsewhere(summary)}`, '', ' '.repeat(13), width),
  )
  print(lines.join('\n'))
  printNext(after['world list'](), lang)
}

interface ShowFlags extends ListFlags {
  readonly target?: number[]
  readonly plots?: string
  readonly force?: boolean
  readonly json?: boolean
}

async function showWorld(name: string, flags: ShowFlags): Promise<void> {
  const facts = await describeWorld(name)
  const targets = (flags.target ?? [targetFlops]).map((flops) => optimum(facts.world, flops))
  const allowed = apiLimits.trainFlops.map((flops) => optimum(facts.world, flops, queryLimits))
  const written = flags.plots ? await drawWorld(facts.world, flags.plots, flags) : []
  if (flags.json) printFacts(facts, targets, allowed)
  else await printTables(facts, targets, allowed, written, flags.lang)
}

function printFacts(facts: WorldFacts, targets: readonly Optimum[], allowed: readonly Optimum[]): void {
  const { world, form, law, noise, coefficients } = facts
  const rows = (list: readonly Optimum[]) =>
    list.map(({ config, loss }) => ({
      ...{ ...wireOfConfig(config), parameters: sizeOf(config) },
      ...{ loss, noise: world.noise(config) },
    }))
  const { name, description } = world
  const optima = { targets: rows(targets), optima: rows(allowed) }
  printJson({ name, description, form, law, noise, coefficients, ...optima })
}

async function printTables(
  { world, law, noise }: WorldFacts,
  targets: readonly Optimum[],
  allowed: readonly Optimum[],
  written: readonly string[],
  language: Language = 'en',
): Promise<void> {
  const { worldText } = await import('../report/world-text.ts')
  const best = (list: readonly Optimum[]) =>
    list.map(({ config, loss }) => ({ config, loss, parameters: sizeOf(config), noise: world.noise(config) }))
  const { name, description } = world
  const told = { name, description, law, noise, targets: best(targets), allowed: best(allowed) }
  printPage(worldText(told, { ...textOptions(language), width: widthOf(process.stdout) }))
  printWritten(written, language)
  printNext(after['world show'](world.name), language)
}

const sizeOf = ({ dModel, numLayers }: TrainingConfig): number => nonEmbeddingParameters(dModel, numLayers)

/** Draws the true IsoFLOP profiles; the files written. Errors: OUTPUT_EXISTS, OUTPUT_FAILED. */
async function drawWorld(world: World, folder: string, flags: ShowFlags): Promise<string[]> {
  const [{ worldProfiles }, { worldProfilesFigure }, { renderFigures }] = await Promise.all([
    import('../world/profiles.ts'),
    import('../report/world.ts'),
    import('../report/draw/svg.ts'),
  ])
  const subject = { name: world.name, profiles: worldProfiles(world) }
  const [english, asked] = (['en', flags.lang ?? 'en'] as const).map((language) =>
    inLanguage(language, () => renderFigures([worldProfilesFigure], subject)[0].svg),
  )
  const mark = markOf('world', world.name)
  refuseOthers(figureFiles(folder, [worldProfilesFigure]), mark, flags)
  return writeFigure(join(folder, 'profiles'), mark, { svg: asked, drawn: english })
}
