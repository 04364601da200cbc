import { statSync } from 'node:fs'
import { Confined } from '../confined/confined.ts'
import type { Answer, Question, RowsAnswer } from './process.ts'

/** The process that reads. */
const place = new URL(`./process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

/** Some rows of a file: the columns that were chosen, from the row `start` on, which is the first one for 0. */
export type ParquetRows = Omit<RowsAnswer, 'kind'>

/**
 * Shown the names of the columns and the number of rows, and given the first rows of columns that it asks for, says which are wanted. A
 * field of a column of structs is a column, `config.model.n_params`; the cells of nested ones are lists of records, maps or JSON.
 */
export type ChooseColumns = (
  names: readonly string[],
  rows: number,
  sample: (columns: readonly string[]) => Promise<ParquetRows>,
  nested: readonly string[],
) => readonly string[] | Promise<readonly string[]>

/**
 * Reads Parquet of any codec, a few thousand rows at a time: a file by its path, or its bytes. `choose` says which columns are wanted.
 *
 * It is read in a process of its own with limits that grow with the file (`process.ts`), because a few bytes of it can ask for gigabytes
 * or for ever: the number of rows, the length of a run and the size of a page are what the file says they are. Of 1,284 bytes one
 * reader made 2.5 GB, and never ended on others.
 *
 * @example for await (const { size, columns } of readParquet('runs.parquet', (names) => names)) ...
 *
 * Throws an Error that says what is wrong with the file, and whatever `choose` throws.
 */
export async function* readParquet(file: string | Uint8Array, choose: ChooseColumns): AsyncGenerator<ParquetRows> {
  const bytes = typeof file === 'string' ? statSync(file).size : file.length
  const reader = Confined.take<Question, Answer>(place, 'Parquet')
  try {
    const { names, nested, rows } = await reader.ask({ kind: 'open', file, bytes }, 'opened')
    const sample = (columns: readonly string[]) => reader.ask({ kind: 'sample', columns }, 'rows')
    await reader.ask({ kind: 'choose', columns: await choose(names, rows, sample, nested) }, 'chosen')
    for (let done = 0; done < rows; ) {
      const part = await reader.ask({ kind: 'next' }, 'rows')
      done += part.size
      yield part
    }
  } finally {
    reader.giveBack(bytes)
  }
}
