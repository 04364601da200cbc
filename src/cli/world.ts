import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { apiLimits, type TrainingConfig, targetFlops } from '../core/config.ts'
import { nonEmbeddingParameters } from '../core/flops.ts'
import { optimum, queryLimits } from '../world/optimum.ts'
import type { Optimum } from '../world/world.ts'
import { describeWorld, type WorldFacts, worldEntries } from '../world/worlds.ts'
import { budgets } from './options.ts'

/** `isoflop world`. */
export function worldCommand(): Command {
  const command = new Command('world')
    .summary('the simulated worlds: what is true in them')
    .description('Lists the simulated worlds, or shows what is true in one: its law, its noise and its optima.')
    .addHelpText('after', '\nExamples:\n  isoflop world list\n  isoflop world show cs336 --target 1e19 --plots figures')
  command
    .command('list')
    .summary('every world there is')
    .action(() => {
      for (const { name, summary } of worldEntries) console.log(`${name.padEnd(12)} ${summary}`)
    })
  command
    .command('show')
    .summary('law, noise and optima of a world')
    .argument('<NAME>', 'cs336, handout, chinchilla or seed:N')
    .option('--target <FLOPS>', 'budgets whose optimum is wanted', budgets('--target'), [targetFlops])
    .option('--plots <DIR>', 'draw its IsoFLOP profiles as SVG and PNG')
    .option('--json', 'print JSON')
    .action(showWorld)
  return command
}

interface ShowFlags {
  readonly target: number[]
  readonly plots?: string
  readonly json?: boolean
}

async function showWorld(name: string, flags: ShowFlags): Promise<void> {
  const facts = await describeWorld(name)
  const { world } = facts
  const targets = flags.target.map((flops) => optimum(world, flops))
  const allowed = apiLimits.trainFlops.map((flops) => optimum(world, flops, queryLimits))
  if (flags.plots) await drawWorld(facts, flags.plots)
  if (flags.json) {
    const { form, law, noise, coefficients } = facts
    const rows = (list: readonly Optimum[]) =>
      list.map(({ config, loss }) => ({ ...config, parameters: sizeOf(config), loss, noise: world.noise(config) }))
    console.log(
      JSON.stringify(
        {
          name: world.name,
          description: world.description,
          form,
          law,
          noise,
          coefficients,
          targets: rows(targets),
          optima: rows(allowed),
        },
        null,
        2,
      ),
    )
    return
  }
  console.log(`${world.name}: ${world.description}\n`)
  for (const line of facts.law) console.log(`  ${line}`)
  console.log(`  noise: ${facts.noise}\n`)
  console.log('Best configuration, noise-free; the target is free in every hyperparameter but the batch:')
  printOptima(targets)
  console.log("\nBest that the API's limits allow:")
  printOptima(allowed)
}

const sizeOf = ({ dModel, numLayers }: TrainingConfig): number => nonEmbeddingParameters(dModel, numLayers)

const short = (x: number) => x.toExponential(2).replace('e+', 'e')

function printOptima(list: readonly Optimum[]): void {
  console.log('    FLOPs         N  d_model  layers  heads  batch      rate     loss')
  for (const { config, loss } of list)
    console.log(
      [
        config.trainFlops.toExponential(0).replace('e+', 'e').padStart(9),
        short(sizeOf(config)).padStart(9),
        String(config.dModel).padStart(8),
        String(config.numLayers).padStart(7),
        String(config.numHeads).padStart(6),
        String(config.batchSize).padStart(6),
        short(config.learningRate).padStart(9),
        loss.toFixed(4).padStart(8),
      ].join(' '),
    )
}

/** The world's true IsoFLOP profiles as figures: at each size the loss with its best rate, depth and batch. */
async function drawWorld(facts: WorldFacts, folder: string): Promise<void> {
  const [{ worldProfiles }, { drawFigures }, { renderPng }, { analyse }] = await Promise.all([
    import('../world/profiles.ts'),
    import('../report/svg.ts'),
    import('../report/png.ts'),
    import('../fit/analysis.ts'),
  ])
  const analysis = await analyse({ runs: worldProfiles(facts.world) }, { methods: ['parabola'], resamples: 20 })
  await mkdir(folder, { recursive: true })
  for (const { name, svg } of drawFigures(analysis).filter((figure) => figure.name === 'profiles')) {
    await writeFile(join(folder, `${name}.svg`), svg)
    await writeFile(join(folder, `${name}.png`), await renderPng(svg))
    console.log(`wrote ${join(folder, `${name}.svg`)}, ${join(folder, `${name}.png`)}\n`)
  }
}
