import { readDelimited } from './delimited.ts'
import { readJsonArray, readJsonObjects } from './json.ts'
import { judgeOf } from './judgement.ts'
import { itself, nameOf } from './nesting.ts'
import { readParquet } from './parquet.ts'
import { type Reading, recordsUnknown } from './records.ts'
import { Sections } from './sections.ts'
import type { RowSink } from './sink.ts'
import { formatOf, type Source } from './source.ts'
import { TextCells } from './text-cells.ts'

/**
 * Feeds the rows of a file of any format to a sink, and says what was chosen. Errors: FILE_EMPTY, FILE_FORMAT, RECORDS_UNKNOWN, and
 * those of the sink.
 */
export async function readSource(
  source: Source,
  sink: RowSink,
  reading: Reading = { judge: judgeOf({}, 'fit') },
): Promise<readonly string[]> {
  return readFormat(source, new Sections(new TextCells(source.name, sink, reading.judge)), reading)
}

async function readFormat(source: Source, sink: RowSink, reading: Reading): Promise<readonly string[]> {
  switch (formatOf(source)) {
    case 'parquet':
      return readParquet(source, sink, reading)
    case 'xlsx':
      return (await import('./xlsx.ts')).readXlsx(source, sink, reading)
    case 'json-array':
      return readJsonArray(source, sink, reading)
    case 'json-objects':
      return readJsonObjects(source, sink, reading)
    case 'delimited':
      if (reading.records !== undefined && reading.records !== nameOf(itself))
        throw recordsUnknown(source.name, reading.records, [nameOf(itself)])
      return readDelimited(source, sink, reading.judge)
  }
}
