import { IsoflopError } from '../core/errors.ts'
import { type ChooseColumns, type ParquetRows, readParquet as rowsOf } from '../parquet/parquet.ts'
import type { RowSink } from './sink.ts'
import { badFormat, emptyFile, type Source } from './source.ts'

/**
 * Reads Parquet, any codec, a row group at a time and only the wanted columns; a row's number is its place, from 1.
 *
 * Errors: FILE_FORMAT for a file that is cut off or damaged, FILE_EMPTY without rows, and those of `open`.
 */
export async function readParquet(source: Source, sink: RowSink): Promise<void> {
  const { name, bytes } = source
  if (bytes.length < 12 || bytes.toString('latin1', bytes.length - 4) !== 'PAR1') {
    throw badFormat(
      name,
      'is a Parquet file that is cut off: its last bytes are not the footer',
      'Copy or write it again.',
    )
  }
  try {
    const choose: ChooseColumns = async (names, rows, sample) => {
      if (rows === 0) throw emptyFile(name, 'has no rows')
      const part = await sample(names)
      const cells = Array.from({ length: part.size }, (_, i) => part.columns.map((column) => column[i]))
      return sink.open(names, cells).map((i) => names[i])
    }
    for await (const part of rowsOf(bytes, choose)) addRows(sink, part)
  } catch (cause) {
    if (cause instanceof IsoflopError) throw cause
    throw badFormat(name, `is a damaged Parquet file (${(cause as Error).message})`, 'Copy or write it again.', cause)
  }
}

function addRows(sink: RowSink, { start, size, columns }: ParquetRows): void {
  const cells: unknown[] = []
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < columns.length; j++) cells[j] = columns[j][i]
    sink.add(start + i + 1, cells)
  }
}
