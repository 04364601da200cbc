import { Worker } from 'node:worker_threads'
import type { AsyncBuffer, ParquetScan } from 'hyparquet'

/** What the process of `parquet.ts` is asked, one question at a time. */
export type Question =
  /** `bytes`: the size of the file, by which the limits are set. */
  | { readonly kind: 'open'; readonly file: string | Uint8Array; readonly bytes: number }
  /** The first rows of these columns, for choosing. */
  | { readonly kind: 'sample'; readonly columns: readonly string[] }
  | { readonly kind: 'choose'; readonly columns: readonly string[] }
  | { readonly kind: 'next' }
  /** Another file may come: what this one was allowed counts no longer, not even for receiving that one. Not answered. */
  | { readonly kind: 'close' }

export interface RowsAnswer {
  readonly kind: 'rows'
  readonly start: number
  readonly size: number
  /** In the order in which they were chosen. */
  readonly columns: readonly ArrayLike<unknown>[]
}

export type Answer =
  | { readonly kind: 'opened'; readonly names: readonly string[]; readonly rows: number }
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

const allowFor = (values: number): void => {
  for (const limit of [1, 2]) limits[limit] += values * cpuMsOfValue
}

/**
 * When it is late, s: whoever waits for a small file waits no longer than 5 s. One second of processor time took 6.7 s where eight
 * processes shared a processor; a file that is only kept waiting by others has used nearly none, and goes on.
 */
const lateAfter = 3

/** Rows that are answered at once. */
const rowsAtOnce = 4096

/**
 * What ends the process: bytes of memory; processor time in ms since it began, and less of it from a moment on, which is in s since then.
 */
const limits = new Float64Array(new SharedArrayBuffer(32)).fill(Number.POSITIVE_INFINITY)

// A thread of its own, because the reader may be in a loop that never ends.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const watchdog = new Worker(new URL(`./watchdog.${extension}`, import.meta.url), { workerData: limits })
const isWatched = new Promise((resolve) => watchdog.once('message', resolve))

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The file that is open. */
let reading: {
  readonly scan: (columns: readonly string[]) => Promise<ParquetScan>
  parts: AsyncGenerator<RowsAnswer> | null
}

type Asked = Exclude<Question, { kind: 'close' }>

async function answer(question: Asked): Promise<Answer> {
  switch (question.kind) {
    case 'open':
      await isWatched
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

/** Whether a file was opened before: the first one waits for this process, too. */
let isUsed = false

async function open(place: string | Uint8Array, bytes: number): Promise<Answer> {
  const asked = isUsed ? process.uptime() : 0
  isUsed = true
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetScan, parquetSchema }, { compressors }] =
    await Promise.all([import('hyparquet'), import('hyparquet-compressors')])
  const allowed = limitsOf(bytes)
  // Of the file before this one something may still be there to be collected.
  limits[0] = Math.max(allowed.memory, process.memoryUsage.rss() + 2 ** 28)
  limits[1] = cpuMs() + allowed.cpuMs
  limits[2] = cpuMs() + allowed.lateCpuMs
  limits[3] = asked + lateAfter
  const file = typeof place === 'string' ? await asyncBufferFromFile(place) : bufferOf(place)
  const metadata = await parquetMetadataAsync(file)
  const names = parquetSchema(metadata).children.map((child) => child.element.name)
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  if (Number(metadata.num_rows) !== rows) throw new Error(`it says ${metadata.num_rows} rows, its parts ${rows}`)
  if (!(rows >= 0 && rows <= allowed.rows)) throw new Error(`it says ${rows} rows, and has ${bytes} bytes`)
  const scan = (columns: readonly string[]) =>
    parquetScan({ file, metadata, compressors, columns: [...new Set(columns)] })
  reading = { scan, parts: null }
  return { kind: 'opened', names, rows }
}

/** The bytes as hyparquet asks for them. */
const bufferOf = (bytes: Uint8Array): AsyncBuffer => ({
  byteLength: bytes.length,
  slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
})

/** The first rows of a file, all that is needed of its first row group. */
async function sampleOf(scan: ParquetScan, names: readonly string[]): Promise<RowsAnswer> {
  const [first] = scan.ranges
  const size = first ? Math.min(first.rowEnd - first.rowStart, rowsAtOnce) : 0
  const columns: ArrayLike<unknown>[] = []
  for (const column of names)
    columns.push(
      size === 0 ? [] : await scan.readColumn({ column, rowStart: first.rowStart, rowEnd: first.rowStart + size }),
    )
  return {
    kind: 'rows',
    start: 0,
    size,
    columns: columns.map((column) => (Array.isArray(column) ? column : Array.from(column)).slice(0, size)),
  }
}

/** The rows in parts: a row group is decoded as a whole, and handed on a few thousand rows at a time. */
async function* partsOf(scan: ParquetScan, names: readonly string[]): AsyncGenerator<RowsAnswer> {
  for (const { rowStart, rowEnd } of scan.ranges) {
    const columns: Awaited<ReturnType<ParquetScan['readColumn']>>[] = []
    for (const column of names) {
      const values = await scan.readColumn({ column, rowStart, rowEnd })
      allowFor(values.length)
      columns.push(values)
    }
    for (let start = rowStart; start < rowEnd; start += rowsAtOnce) {
      const size = Math.min(rowsAtOnce, rowEnd - start)
      const [from, to] = [start - rowStart, start - rowStart + size]
      yield { kind: 'rows', start, size, columns: columns.map((column) => column.slice(from, to)) }
    }
  }
}

process.on('message', (question: Question) => {
  if (question.kind === 'close') {
    limits.fill(Number.POSITIVE_INFINITY)
    return
  }
  answer(question)
    .catch(
      (error: unknown): Answer => ({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    )
    .then((said) => process.send?.(said, undefined, undefined, (error) => error && process.exit(1)))
})
process.on('disconnect', () => process.exit())
// Ctrl-C reaches every process of the terminal; who asked decides what becomes of it.
process.on('SIGINT', () => {})
