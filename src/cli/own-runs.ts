import { createHash } from 'node:crypto'
import type { KnownRun } from '../campaign.ts'
import { IsoflopError } from '../core/errors.ts'
import { normalized } from '../input/columns.ts'
import { type ConfigTable, readConfigs } from '../input/configs.ts'
import type { RunSource } from './session.ts'

/** Runs that someone has already, from files such as the records of `isoflop train`. */
export interface OwnRuns {
  readonly runs: readonly KnownRun[]
  /** Names their configurations and losses; empty where there are none. */
  readonly identity: string
}

/**
 * Reads the files of `--runs`. A row without a loss is a run that diverged.
 *
 * @throws IsoflopError those of `readConfigs`, and CONFIG_INVALID for runs of another vocabulary.
 */
export async function ownRuns(files: readonly string[], vocabularySize: number): Promise<OwnRuns> {
  const tables: ConfigTable[] = []
  for (const file of files) tables.push(await readConfigs(file))
  for (const table of tables) checkVocabulary(table, vocabularySize)
  const runs = tables.flatMap(({ rows }) => rows.map(({ config, loss }) => ({ config, loss: loss ?? Number.NaN })))
  const identity = runs.length === 0 ? '' : createHash('sha256').update(JSON.stringify(runs)).digest('hex').slice(0, 12)
  return { runs, identity }
}

/** A source that has these runs besides its own, before them. */
export const withRuns = (source: RunSource, runs: readonly KnownRun[]): RunSource => ({
  ...source,
  previousRuns: async () => [...runs, ...(await source.previousRuns())],
})

function checkVocabulary({ name, columns, rows }: ConfigTable, vocabularySize: number): void {
  const place = columns.findIndex((column) => normalized(column) === normalized('vocabularySize'))
  const other = rows.find(({ cells }) => place >= 0 && Number(cells[place]) !== vocabularySize)
  if (other === undefined) return
  throw new IsoflopError(
    'CONFIG_INVALID',
    `${name} row ${other.row} is of a model of ${other.cells[place]} words, expected ${vocabularySize}.`,
    `Give --vocab-size ${other.cells[place]}, or leave out these runs.`,
  )
}
