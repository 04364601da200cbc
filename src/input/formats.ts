import { readDelimited } from './delimited.ts'
import { readJsonArray, readJsonObjects } from './json.ts'
import { readParquet } from './parquet.ts'
import type { RowSink } from './sink.ts'
import { formatOf, type Source } from './source.ts'

/** Feeds the rows of a file of any format to a sink. Errors: FILE_EMPTY, FILE_FORMAT, and those of the sink. */
export async function readSource(source: Source, sink: RowSink): Promise<void> {
  switch (formatOf(source)) {
    case 'parquet':
      return readParquet(source, sink)
    case 'json-array':
      return readJsonArray(source, sink)
    case 'json-objects':
      return readJsonObjects(source, sink)
    case 'delimited':
      return readDelimited(source, sink)
  }
}
