import { Command } from 'commander'
import { IsoflopError } from '../core/errors.ts'
import { textOfCell } from '../input/cell.ts'
import { type ConfigRow, readConfigs } from '../input/configs.ts'
import { csvOf, withoutFormula } from '../input/fields.ts'
import type { World } from '../world/world.ts'
import { given } from './command-line.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { printData, sayNext } from './print.ts'

/** `isoflop simulate`. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .summary('the losses that a simulated world gives a table of configurations')
    .description(
      'Reads a table with the columns d_model, num_layers, num_heads, batch_size, learning_rate and\n' +
        'train_flops, and prints it as CSV with a column loss; other columns stay as they are,\n' +
        'but for an apostrophe before what a spreadsheet would run as a formula.',
    )
    .argument('<FILE>', 'CSV, TSV, JSON, JSONL or Parquet; - is stdin')
    .option('--world <NAME>', 'cs336, handout, chinchilla, seed:N or staged:N', 'cs336')
    .option('--noise-free', 'the true loss, without the noise of a single run')
    .addHelpText(
      'after',
      examples('isoflop simulate configs.csv > runs.csv', 'isoflop simulate configs.csv --world seed:7 --noise-free'),
    )
    .action(runSimulate)
}

async function runSimulate(file: string, flags: { world: string; noiseFree?: boolean }): Promise<void> {
  const { openWorld } = await import('../world/worlds.ts')
  const world = await openWorld(flags.world)
  const { name, columns, rows } = await readConfigs(file)
  const header = columns.includes('loss') ? columns : [...columns, 'loss']
  const place = header.indexOf('loss')
  const table = rows.map((row) => {
    const cells = row.cells.map(textOf)
    cells[place] = String(lossOf(world, name, row, flags.noiseFree === true))
    return cells
  })
  printData(csvOf([header, ...table].map((cells) => cells.map(withoutFormula))))
  sayNext(after.simulate(given()))
}

/** The loss of a row; CONFIG_INVALID where it is so far out that the law overflows. */
function lossOf(world: World, file: string, { row, config }: ConfigRow, noiseFree: boolean): number {
  const loss = noiseFree ? world.loss(config) : world.observe(config)
  if (Number.isFinite(loss)) return loss
  throw new IsoflopError(
    'CONFIG_INVALID',
    `${file} row ${row}: the loss in ${world.name} is ${loss}, expected a finite number.`,
    'Choose values nearer to those of a model that could be trained.',
  )
}

/** A cell as CSV holds it: nothing for null, JSON for lists and objects. */
const textOf = (cell: unknown): string => {
  if (cell === null || cell === undefined) return ''
  return cell instanceof Date ? String(cell) : textOfCell(cell)
}
