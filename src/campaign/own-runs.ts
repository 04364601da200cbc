import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { TrainedRun, Trainer } from '../core/trainer.ts'
import { isMissing, numberOf, textOfCell } from '../input/cell.ts'
import { type ConfigTable, readConfigs } from '../input/configs.ts'
import { normalized } from '../input/names.ts'
import type { Space } from '../space/space.ts'

/**
 * Runs that someone has already, from files such as the records of `isoflop train`. A row without a loss is a run that diverged.
 *
 * @throws IsoflopError those of `readConfigs`, and CONFIG_INVALID for runs of another vocabulary or of other constants than the space has.
 */
export async function ownRuns(files: readonly string[], space: Space): Promise<TrainedRun[]> {
  const tables: ConfigTable<Config>[] = []
  for (const file of files) tables.push(await readConfigs(file, { codec: space }))
  for (const table of tables) {
    checkVocabulary(table, space)
    for (const [name, value] of Object.entries(space.constants)) checkConstant(table, name, value)
  }
  return tables.flatMap(({ rows }) => rows.map(({ config, loss }) => ({ config, loss: loss ?? Number.NaN })))
}

/** A trainer that has these runs besides its own, before them. */
export const withRuns = (trainer: Trainer, runs: readonly TrainedRun[]): Trainer => ({
  ...trainer,
  previous: async () => [...runs, ...((await trainer.previous?.()) ?? [])],
})

function checkVocabulary({ name, columns, rows }: ConfigTable<Config>, { vocabularySize }: Space): void {
  const place = columns.findIndex((column) => normalized(column) === normalized('vocabularySize'))
  const other = rows.find(({ cells }) => place >= 0 && Number(cells[place]) !== vocabularySize)
  if (other === undefined) return
  throw new IsoflopError(
    'CONFIG_INVALID',
    `${name} row ${other.row} is of a model of ${other.cells[place]} words, expected ${vocabularySize}.`,
    `Give --vocab-size ${other.cells[place]}, or leave out these runs.`,
  )
}

/** A run with another weight decay or other data is of another law; a table that does not say it is believed. */
function checkConstant(
  { name, columns, rows }: ConfigTable<Config>,
  constant: string,
  value: string | number | boolean,
) {
  const place = columns.indexOf(constant)
  if (place < 0) return
  const isSame = (cell: unknown) =>
    isMissing(cell) || (typeof value === 'number' ? numberOf(cell) === value : textOfCell(cell) === String(value))
  const other = rows.find(({ cells }) => !isSame(cells[place]))
  if (other === undefined) return
  throw new IsoflopError(
    'CONFIG_INVALID',
    `${name} row ${other.row} has ${constant} ${textOfCell(other.cells[place])}, expected the ${value} of the space.`,
    'Leave out these runs, or plan in a space with their constants.',
  )
}
