import type { AsyncBuffer, ParquetScan } from 'hyparquet'
import { allow, answerQuestions, confine } from '../confined/limits.ts'
import { type Leaf, leavesOf } from './leaves.ts'

/** What the process of `parquet.ts` is asked, one question at a time. */
export type Question =
  /** `bytes`: the size of the file, by which the limits are set. */
  | { readonly kind: 'open'; readonly file: string | Uint8Array; readonly bytes: number }
  /** The first rows of these columns, for choosing. */
  | { readonly kind: 'sample'; readonly columns: readonly string[] }
  | { readonly kind: 'choose'; readonly columns: readonly string[] }
  | { readonly kind: 'next' }

export interface RowsAnswer {
  readonly kind: 'rows'
  readonly start: number
  readonly size: number
  /** In the order in which they were chosen. */
  readonly columns: readonly ArrayLike<unknown>[]
}

export type Answer =
  /** `nested`: columns whose cells are lists of records, maps or JSON. */
  | {
      readonly kind: 'opened'
      readonly names: readonly string[]
      readonly nested: readonly string[]
      readonly rows: number
    }
  | { readonly kind: 'chosen' }
  | RowsAnswer
  | { readonly kind: 'failed'; readonly message: string }

/**
 * What a file may take: memory and processor time grow with it, and are generous. Numbers in JavaScript's lists take up to 24 bytes each,
 * and packed ones often less than one.
 */
const limitsOf = (bytes: number) => ({
  memory: 2 ** 29 + 64 * bytes,
  cpuMs: 500 + bytes / 1_000, // tables take 20 to 70 ms a MB, and one of 120 rows 8 ms
  lateCpuMs: 200 + bytes / 4_000,
  rows: 2 ** 20 + 64 * bytes,
})

/**
 * Processor time for each value that was really decoded, ms: 300,000 rows of eight columns that hardly change are 20 kB, and take a second
 * and a half. A file that never ends decodes nothing.
 */
const cpuMsOfValue = 0.002

/** Rows that are answered at once. */
const rowsAtOnce = 4096

/** The file that is open. */
let reading: {
  readonly scan: (names: readonly string[]) => Promise<LeafScan>
  parts: AsyncGenerator<RowsAnswer> | null
}

/** Reads leaves of some of the file's columns, by their names. */
interface LeafScan {
  readonly ranges: ParquetScan['ranges']
  readonly readLeaf: (name: string, rowStart: number, rowEnd: number) => Promise<ArrayLike<unknown>>
}

async function answer(question: Question): Promise<Answer> {
  switch (question.kind) {
    case 'open':
      return open(question.file, question.bytes)
    case 'sample':
      return sampleOf(await reading.scan(question.columns), question.columns)
    case 'choose':
      reading.parts = partsOf(await reading.scan(question.columns), question.columns)
      return { kind: 'chosen' }
    case 'next': {
      const part = await reading.parts?.next()
      return part?.value ?? { kind: 'failed', message: 'it has fewer rows than it says' }
    }
  }
}

async function open(place: string | Uint8Array, bytes: number): Promise<Answer> {
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetScan, parquetSchema }, { compressors }] =
    await Promise.all([import('hyparquet'), import('hyparquet-compressors')])
  const allowed = limitsOf(bytes)
  await confine(allowed)
  const file = typeof place === 'string' ? await asyncBufferFromFile(place) : bufferOf(place)
  const metadata = await parquetMetadataAsync(file)
  const leaves = leavesOf(parquetSchema(metadata))
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  if (Number(metadata.num_rows) !== rows) throw new Error(`it says ${metadata.num_rows} rows, its parts ${rows}`)
  if (!(rows >= 0 && rows <= allowed.rows)) throw new Error(`it says ${rows} rows, and has ${bytes} bytes`)
  const scan = async (names: readonly string[]) => {
    const columns = [...new Set(names.map((name) => leafNamed(leaves, name).column))]
    return leafScan(await parquetScan({ file, metadata, compressors, columns }), leaves)
  }
  reading = { scan, parts: null }
  const nested = [...leaves].filter(([, { isNested }]) => isNested).map(([name]) => name)
  return { kind: 'opened', names: [...leaves.keys()], nested, rows }
}

function leafNamed(leaves: ReadonlyMap<string, Leaf>, name: string): Leaf {
  const leaf = leaves.get(name)
  if (leaf === undefined) throw new Error(`it has no column ${name}`)
  return leaf
}

const leafScan = (scan: ParquetScan, leaves: ReadonlyMap<string, Leaf>): LeafScan => ({
  ranges: scan.ranges,
  readLeaf: async (name, rowStart, rowEnd) => {
    const { column, path } = leafNamed(leaves, name)
    // The leaves of one column share what is read of it.
    const cells = await scan.readColumn({ column, rowStart, rowEnd })
    return path.length === 0 ? cells : Array.from(cells, (cell) => inside(cell, path))
  },
})

function inside(cell: unknown, path: readonly string[]): unknown {
  let value = cell
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

/** The bytes as hyparquet asks for them. */
const bufferOf = (bytes: Uint8Array): AsyncBuffer => ({
  byteLength: bytes.length,
  slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
})

/** The first rows of a file, all that is needed of its first row group. */
async function sampleOf(scan: LeafScan, names: readonly string[]): Promise<RowsAnswer> {
  const [first] = scan.ranges
  const size = first ? Math.min(first.rowEnd - first.rowStart, rowsAtOnce) : 0
  const columns: ArrayLike<unknown>[] = []
  for (const name of names)
    columns.push(size === 0 ? [] : await readSample(scan, name, first.rowStart, first.rowStart + size))
  return {
    kind: 'rows',
    start: 0,
    size,
    columns: columns.map((column) => (Array.isArray(column) ? column : Array.from(column)).slice(0, size)),
  }
}

/** The first rows of a column; none of one that is damaged, which is an error only where it is wanted. */
async function readSample(scan: LeafScan, name: string, start: number, end: number): Promise<ArrayLike<unknown>> {
  try {
    return await scan.readLeaf(name, start, end)
  } catch {
    return []
  }
}

/** The rows in parts: a row group is decoded as a whole, and handed on a few thousand rows at a time. */
async function* partsOf(scan: LeafScan, names: readonly string[]): AsyncGenerator<RowsAnswer> {
  for (const { rowStart, rowEnd } of scan.ranges) {
    const columns: ArrayLike<unknown>[] = []
    for (const name of names) {
      const values = await scan.readLeaf(name, rowStart, rowEnd)
      allow(values.length * cpuMsOfValue)
      columns.push(values)
    }
    for (let start = rowStart; start < rowEnd; start += rowsAtOnce) {
      const size = Math.min(rowsAtOnce, rowEnd - start)
      const [from, to] = [start - rowStart, start - rowStart + size]
      yield { kind: 'rows', start, size, columns: columns.map((column) => slice(column, from, to)) }
    }
  }
}

/** Part of a list, plain or typed. */
const slice = (column: ArrayLike<unknown>, from: number, to: number): ArrayLike<unknown> =>
  (column as unknown[]).slice(from, to)

answerQuestions(answer)
