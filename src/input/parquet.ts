import { IsoflopError } from '../core/errors.ts'
import type { RowSink } from './rows.ts'
import { badFormat, emptyFile, type Source } from './source.ts'

/**
 * Reads Parquet, any codec, a row group at a time and only the wanted columns; a row's number is its place, from 1.
 *
 * hyparquet and its decompressors are loaded here, so that whoever reads text does not wait for them.
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
    await readGroups(source, sink)
  } catch (cause) {
    if (cause instanceof IsoflopError) throw cause
    throw badFormat(name, `is a damaged Parquet file (${(cause as Error).message})`, 'Copy or write it again.', cause)
  }
}

async function readGroups(source: Source, sink: RowSink): Promise<void> {
  const [{ parquetMetadataAsync, parquetScan, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ])
  const file = bufferOf(source.bytes)
  const metadata = await parquetMetadataAsync(file)
  const names = parquetSchema(metadata).children.map((child) => child.element.name)
  if (metadata.num_rows === 0n) throw emptyFile(source.name, 'has no rows')
  const wanted = sink.open(names).map((i) => names[i])
  const scan = await parquetScan({ file, metadata, compressors, columns: [...new Set(wanted)] })
  for (const { rowStart, rowEnd } of scan.ranges) {
    const columns = await Promise.all(wanted.map((column) => scan.readColumn({ column, rowStart, rowEnd })))
    addRows(sink, columns, rowStart, rowEnd)
  }
}

function addRows(sink: RowSink, columns: readonly ArrayLike<unknown>[], rowStart: number, rowEnd: number): void {
  const cells: unknown[] = []
  for (let i = 0; i < rowEnd - rowStart; i++) {
    for (let j = 0; j < columns.length; j++) cells[j] = columns[j][i]
    sink.add(rowStart + i + 1, cells)
  }
}

/** The bytes as hyparquet asks for them. */
const bufferOf = (bytes: Buffer) => ({
  byteLength: bytes.length,
  slice: (start: number, end?: number): ArrayBuffer => new Uint8Array(bytes.subarray(start, end)).buffer,
})
