import { join } from 'node:path'
import { Command } from 'commander'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiLimits, queryLimits, targetFlops } from '../cs336/limits.ts'
import { nonEmbeddingParameters } from '../cs336/parameters.ts'
import { optimum } from '../world/optimum.ts'
import type { Optimum, World } from '../world/world.ts'
import { describeWorld, type WorldFacts, worldEntries } from '../world/worlds.ts'
import { writeFigure } from './figures.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { budgets } from './options.ts'
import { print, printJson, printNext, printWritten } from './print.ts'
import { widthOf } from './terminal.ts'

/** `isoflop world`. */
export function worldCommand(): Command {
  const command = new Command('world')
    .summary('the simulated worlds: what is true in them')
    .description('Lists the simulated worlds, or shows what is true in one: its law, its noise and its optima.')
    .addHelpText('after', examples('isoflop world list', 'isoflop world show cs336 --target 1e19 --plots figures'))
  command
    .command('list')
    .summary('every world there is')
    .action(() => {
      for (const { name, summary } of worldEntries) print(`${name.padEnd(12)} ${summary}`)
      printNext(after['world list']())
    })
  command
    .command('show')
    .summary('law, noise and optima of a world')
    .description('Shows what is true in a world: its law, its noise, and the best configurations, noise-free.')
    .argument('<NAME>', 'cs336, handout, chinchilla, seed:N or staged:N')
    .option('--target <FLOPS>', 'budgets whose optimum is wanted (default: 1e19)', budgets('--target'))
    .option('--plots <DIR>', 'draw its IsoFLOP profiles as SVG and PNG')
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText(
      'after',
      examples('isoflop world show cs336 --target 1e19 --plots figures', 'isoflop world show seed:7 --json | jq .form'),
    )
    .action(showWorld)
  return command
}

interface ShowFlags {
  readonly target?: number[]
  readonly plots?: string
  readonly json?: boolean
}

async function showWorld(name: string, flags: ShowFlags): Promise<void> {
  const facts = await describeWorld(name)
  const targets = (flags.target ?? [targetFlops]).map((flops) => optimum(facts.world, flops))
  const allowed = apiLimits.trainFlops.map((flops) => optimum(facts.world, flops, queryLimits))
  const written = flags.plots ? await drawWorld(facts.world, flags.plots) : []
  if (flags.json) printFacts(facts, targets, allowed)
  else await printTables(facts, targets, allowed, written)
}

function printFacts(facts: WorldFacts, targets: readonly Optimum[], allowed: readonly Optimum[]): void {
  const { world, form, law, noise, coefficients } = facts
  const rows = (list: readonly Optimum[]) =>
    list.map(({ config, loss }) => ({ ...config, parameters: sizeOf(config), loss, noise: world.noise(config) }))
  const { name, description } = world
  const optima = { targets: rows(targets), optima: rows(allowed) }
  printJson({ name, description, form, law, noise, coefficients, ...optima })
}

async function printTables(
  { world, law, noise }: WorldFacts,
  targets: readonly Optimum[],
  allowed: readonly Optimum[],
  written: readonly string[],
): Promise<void> {
  const { alignColumns, wrap } = await import('../report/page/text.ts')
  const { compact, significant } = await import('../report/number.ts')
  const width = widthOf(process.stdout)
  const titles = ['FLOPs', 'N', 'd_model', 'layers', 'heads', 'batch', 'rate', 'loss', 'noise']
  const table = (list: readonly Optimum[]) =>
    alignColumns(
      titles.map((title) => ({ title, align: 'right' })),
      list.map(({ config, loss }) => [
        compact(config.trainFlops),
        significant(sizeOf(config)),
        ...[config.dModel, config.numLayers, config.numHeads, config.batchSize].map(String),
        significant(config.learningRate),
        loss.toFixed(4),
        world.noise(config).toFixed(4),
      ]),
      width - 2,
    ).map((line) => `  ${line}`.trimEnd())
  const lines = [
    ...wrap(`${world.name}: ${world.description}`, '', '  ', width),
    '',
    ...[...law, `noise: ${noise}`].flatMap((line) => wrap(line, '  ', '    ', width)),
    '',
    ...wrap('Best configuration, noise-free; free in every hyperparameter but the batch:', '', '', width),
    ...table(targets),
    '',
    "Best that the API's limits allow:",
    ...table(allowed),
  ]
  print(lines.join('\n'))
  printWritten(written)
  printNext(after['world show'](world.name))
}

const sizeOf = ({ dModel, numLayers }: TrainingConfig): number => nonEmbeddingParameters(dModel, numLayers)

/** Draws the true IsoFLOP profiles; the files written. Errors: OUTPUT_FAILED. */
async function drawWorld(world: World, folder: string): Promise<string[]> {
  const [{ worldProfiles }, { worldProfilesFigure }, { renderFigures }] = await Promise.all([
    import('../world/profiles.ts'),
    import('../report/world.ts'),
    import('../report/draw/svg.ts'),
  ])
  const subject = { name: world.name, profiles: worldProfiles(world) }
  const [{ svg }] = renderFigures([worldProfilesFigure], subject)
  return writeFigure(join(folder, 'profiles'), { svg, drawn: svg })
}
