import { Command } from 'commander'
import { readConfigs } from '../input/configs.ts'

/** `isoflop simulate`. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .summary('the losses that a simulated world gives a table of configurations')
    .description(
      'Reads a table with the columns d_model, num_layers, num_heads, batch_size, learning_rate and\n' +
        'train_flops, and prints it as CSV with a column loss; other columns stay as they are.',
    )
    .argument('<FILE>', 'CSV, TSV, JSON, JSONL or Parquet; - is stdin')
    .option('--world <NAME>', 'cs336, handout, chinchilla or seed:N', 'cs336')
    .option('--noise-free', 'the true loss, without the noise of a single run')
    .addHelpText(
      'after',
      '\nExamples:\n  isoflop simulate configs.csv > runs.csv\n  isoflop simulate configs.csv --world seed:7 --noise-free',
    )
    .action(runSimulate)
}

async function runSimulate(file: string, flags: { world: string; noiseFree?: boolean }): Promise<void> {
  const [{ openWorld }, { default: Papa }] = await Promise.all([import('../world/worlds.ts'), import('papaparse')])
  const world = await openWorld(flags.world)
  const { columns, rows } = await readConfigs(file)
  const place = columns.includes('loss') ? columns.indexOf('loss') : columns.length
  const header = columns.includes('loss') ? columns : [...columns, 'loss']
  const table = rows.map(({ cells, config }) => {
    const row = cells.map((cell) => (cell === null || cell === undefined ? '' : String(cell)))
    row[place] = String(flags.noiseFree ? world.loss(config) : world.observe(config))
    return row
  })
  process.stdout.write(`${Papa.unparse([[...header], ...table], { newline: '\n' })}\n`)
}
