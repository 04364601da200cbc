import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { IsoflopError } from '../core/errors.ts'
import { cutAtFrames } from './zstd-frames.ts'

/** A file that documents are read from. */
export interface Source {
  readonly path: string
  /** Its last part, or its place in the folder that was given: equal on every machine. */
  readonly name: string
  readonly kind: 'text' | 'jsonl' | 'parquet'
  readonly packing: 'gz' | 'zst' | null
  /** As it lies on disk. */
  readonly bytes: number
  /** When it was last changed, in milliseconds since 1970. */
  readonly modified: number
}

const kinds: Readonly<Record<string, Source['kind']>> = { txt: 'text', md: 'text', jsonl: 'jsonl', parquet: 'parquet' }

const expected = '.txt, .md and .jsonl, each also as .gz or .zst, and .parquet'

/**
 * The files that were named, and those of known kinds in the folders that were named, in the order of their names; a file that
 * comes up twice is taken once.
 * @throws IsoflopError FILE_NOT_FOUND for what is not there and for folders without such files, FILE_FORMAT for a file of another kind.
 */
export function listSources(inputs: readonly string[]): Source[] {
  const sources = new Map<string, Source>()
  for (const input of inputs)
    for (const source of statOf(input).isDirectory() ? sourcesIn(input) : [namedSource(input)]) {
      const place = realpathSync(source.path)
      if (!sources.has(place)) sources.set(place, source)
    }
  return [...sources.values()]
}

/** FILE_FORMAT for a file that is not what its name or beginning promises. */
export const badFormat = (path: string, what: string, advice: string, cause?: unknown): IsoflopError =>
  new IsoflopError('FILE_FORMAT', `${path} ${what}.`, advice, { cause })

function namedSource(path: string): Source {
  const source = sourceOf(path, basename(path))
  if (source === null) throw badFormat(path, 'has a name of no known kind', `What is read: ${expected}.`)
  return source
}

function sourcesIn(folder: string): Source[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const sources = names.map((name) => sourceOf(join(folder, name), name.split(sep).join('/')))
  const found = sources.filter((source) => source !== null)
  if (found.length > 0) return found
  throw new IsoflopError('FILE_NOT_FOUND', `${folder} has no file to read.`, `What is read: ${expected}.`)
}

/** Null for a name of no known kind, and for a folder that has such a name. */
function sourceOf(path: string, name: string): Source | null {
  const [, extension, packing] = /\.(txt|md|jsonl|parquet)(?:\.(gz|zst))?$/.exec(name) ?? []
  if (extension === undefined || (extension === 'parquet' && packing !== undefined)) return null
  const stat = statOf(path)
  if (!stat.isFile()) return null
  return {
    path,
    name,
    kind: kinds[extension],
    packing: (packing as 'gz' | 'zst' | undefined) ?? null,
    bytes: stat.size,
    modified: stat.mtimeMs,
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

const unreadable = (path: string, cause: unknown): IsoflopError =>
  new IsoflopError(
    'FILE_NOT_FOUND',
    `${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
    'Check the name of the file and that it may be read.',
    { cause },
  )

/** Whether a file is no longer the one that was listed, by size and date. */
export function hasChanged({ path, bytes, modified }: Source): boolean {
  const { size, mtimeMs } = statOf(path)
  return size !== bytes || mtimeMs !== modified
}

/** Bytes that are read at once. */
const chunkBytes = 1 << 18

/**
 * The bytes of a source, unpacked; `onRead` is shown them as they lie on disk.
 * @throws IsoflopError FILE_NOT_FOUND, and FILE_FORMAT for what is packed and is cut off or damaged.
 */
export async function* unpackedBytes(
  source: Source,
  onRead: (chunk: Buffer) => void = () => {},
): AsyncGenerator<Buffer> {
  const file = readFile(source, onRead)
  if (source.packing === null) return yield* file
  const decoder = source.packing === 'gz' ? createGunzip() : createZstdDecompress()
  const packed = source.packing === 'gz' ? file : cutAtFrames(file)
  // An error reaches the loop through the decoder, which is destroyed with it.
  const unpacked = pipeline(Readable.from(packed), decoder, () => {})
  try {
    for await (const chunk of unpacked) yield chunk
  } catch (cause) {
    throw cause instanceof IsoflopError ? cause : badPacking(source, cause as Error)
  }
}

async function* readFile({ path }: Source, onRead: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes })) {
      onRead(chunk)
      yield chunk
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function badPacking({ path, packing }: Source, cause: Error): IsoflopError {
  const isCut = /unexpected end/.test(cause.message)
  const what = isCut ? `is cut off: its ${packing} stream has no end` : `is damaged ${packing} (${cause.message})`
  return badFormat(path, what, 'Compress or download it again.', cause)
}

/** What a source holds. */
export interface Survey {
  /** Of the bytes as they lie on disk, so that `sha256sum` agrees. */
  readonly sha256: string
  /** Of text or JSON, unpacked; of Parquet as it lies. */
  readonly unpackedBytes: number
}

/** Reads a source through, and so finds out whether it can be unpacked before hours of work. Errors: those of `unpackedBytes`. */
export async function surveySource(source: Source, onRead: (bytes: number) => void): Promise<Survey> {
  const hash = createHash('sha256')
  let size = 0
  const chunks = unpackedBytes(source, (chunk) => {
    hash.update(chunk)
    onRead(chunk.length)
  })
  for await (const { length } of chunks) size += length
  return { sha256: hash.digest('hex'), unpackedBytes: size }
}
