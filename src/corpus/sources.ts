import { createReadStream, statSync } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import zlib from 'node:zlib'
import { conversion, type Encoding, encodingOf, encodingSample, quoted } from '../core/encoding.ts'
import { IsoflopError } from '../core/errors.ts'
import { cutAtFrames } from './zstd-frames.ts'

/** A file that documents are read from. */
export interface Source {
  readonly path: string
  /** Its last part, or its place in the folder that was given: equal on every machine. */
  readonly name: string
  /** JSON is one record a line, an array of records, or records one after the other: what it is, is told from its content. */
  readonly kind: 'text' | 'json' | 'parquet'
  readonly packing: 'gz' | 'zst' | null
  /** Whether it was named itself, and not found in a folder. */
  readonly isNamed: boolean
  /** As it lies on disk. */
  readonly bytes: number
  /** When it was last changed, in milliseconds since 1970. */
  readonly modified: number
}

/** FILE_FORMAT for a file that is not what its name or beginning promises. */
export const badFormat = (path: string, what: string, advice: string, cause?: unknown): IsoflopError =>
  new IsoflopError('FILE_FORMAT', `${path} ${what}.`, advice, { cause })

export const unreadable = (path: string, cause: unknown): IsoflopError =>
  new IsoflopError(
    'FILE_NOT_FOUND',
    `${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
    'Check the name of the file and that it may be read.',
    { cause },
  )

/** Whether a file is no longer the one that was listed, by size and date. */
export function hasChanged({ path, bytes, modified }: Source): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw unreadable(path, { code: 'ENOENT' })
  return stat.size !== bytes || stat.mtimeMs !== modified
}

/** Bytes that are read at once. */
const chunkBytes = 1 << 18

/** What is told of the bytes on the way. */
interface Listener {
  /** As they lie on disk. */
  readonly onRead?: (chunk: Buffer) => void
  readonly onEncoding?: (encoding: Encoding) => void
}

/**
 * The most that a packed file may unpack to, in bytes. Text packs 3 to 10 times, the same line again and again 100 times; nothing packs 1,032
 * times by gzip, of which 10 MB would be 10 GB, and 30,000 times by Zstandard.
 */
const mostUnpacked = (packed: number): number => 2 ** 26 + 100 * packed

const packers = {
  gz: { name: 'gzip', magics: [[0x1f, 0x8b]], unpack: 'gunzip' },
  // Some skip a frame in front, of one of 16 kinds.
  zst: { name: 'Zstandard', magics: [[0x28, 0xb5, 0x2f, 0xfd], ...skippableMagics()], unpack: 'zstd -d --long=31' },
} as const

function skippableMagics(): number[][] {
  return Array.from({ length: 16 }, (_, k) => [0x50 + k, 0x2a, 0x4d, 0x18])
}

/**
 * The bytes of a source, unpacked.
 * @throws IsoflopError FILE_NOT_FOUND, and FILE_FORMAT for what is packed and is cut off, damaged or a bomb, and for what is another kind than its name says.
 */
export async function* unpackedBytes(source: Source, { onRead }: Listener = {}): AsyncGenerator<Buffer> {
  const file = readFile(source, onRead)
  if (source.packing === null) return yield* file
  const decoder = source.packing === 'gz' ? zlib.createGunzip() : zstdDecoder(source)
  const packed = source.packing === 'gz' ? file : cutAtFrames(file)
  // An error reaches the loop through the decoder, which is destroyed with it.
  const unpacked = pipeline(Readable.from(packed), decoder, () => {})
  const most = mostUnpacked(source.bytes)
  let size = 0
  try {
    for await (const chunk of unpacked) {
      size += chunk.length
      if (size > most) throw bomb(source, most)
      yield chunk
    }
  } catch (cause) {
    throw cause instanceof IsoflopError ? cause : badPacking(source, cause as Error)
  }
}

/** @throws IsoflopError NODE_TOO_OLD before Node 22.15, which is the first with Zstandard. */
function zstdDecoder({ path }: Source): zlib.ZstdDecompress {
  if (zlib.createZstdDecompress === undefined)
    throw new IsoflopError(
      'NODE_TOO_OLD',
      `${path} is packed by Zstandard, which Node ${process.versions.node} cannot read.`,
      `Unpack it first: zstd -d --long=31 -k ${quoted(path)}; or run on Node 24.`,
    )
  // A window of 2 GiB is the most that `zstd --long=31` asks for; memory is taken as the window fills.
  return zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: 31 } })
}

async function* readFile(source: Source, onRead: (chunk: Buffer) => void = () => {}): AsyncGenerator<Buffer> {
  let isFirst = true
  try {
    for await (const chunk of createReadStream(source.path, { highWaterMark: chunkBytes })) {
      if (isFirst) requireKind(source, chunk)
      isFirst = false
      onRead(chunk)
      yield chunk
    }
  } catch (cause) {
    throw cause instanceof IsoflopError ? cause : unreadable(source.path, cause)
  }
}

/** Whether the bytes begin so, as far as there are any. */
const begins = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.slice(0, bytes.length).every((byte, i) => bytes[i] === byte)

/** Refuses what is no gzip, no Zstandard, no Parquet, though its name says so, and tells what it is instead. */
function requireKind(source: Source, beginning: Buffer): void {
  const { path, kind, packing } = source
  if (packing !== null) {
    const { name, magics } = packers[packing]
    if (!magics.some((magic) => begins(beginning, magic))) throw otherKind(source, name, beginning)
  } else if (kind === 'parquet' && !begins(beginning, [...Buffer.from('PAR1')]))
    throw otherKind(source, 'Parquet', beginning)
  else if (kind === 'json' && isPage(beginning)) throw badFormat(path, 'is a web page, not data', fetchAgain)
}

const isPage = (beginning: Buffer): boolean => /^\s*<(!doctype html|html)/i.test(beginning.toString('latin1', 0, 200))

const fetchAgain =
  'Such a page comes instead of a file where one has to log in or the address is wrong: download it again.'

function otherKind({ path, packing }: Source, expected: string, beginning: Buffer): IsoflopError {
  if (isPage(beginning)) return badFormat(path, `is a web page, not ${expected}`, fetchAgain)
  const encoding = encodingOf(beginning)
  if (encoding.kind === 'binary')
    return badFormat(path, `is not ${expected}, but ${encoding.what}`, renamed(path, encoding.what))
  const plain = packing === null ? path.replace(/\.parquet$/i, '.jsonl') : path.replace(/\.\w+$/, '')
  return badFormat(
    path,
    `is not ${expected}, but plain text`,
    packing === null
      ? `If it has JSON in its lines, name it so: mv ${quoted(path)} ${quoted(plain)}. Else download it again.`
      : `If it was unpacked already, name it so: mv ${quoted(path)} ${quoted(plain)}. Else download it again.`,
  )
}

/** The name that a file ought to have, or how it becomes text. */
function renamed(path: string, what: string): string {
  const name = quoted(path)
  const bare = path.replace(/\.(gz|gzip|zst|zstd)$/i, '')
  const to = (name: string): string => `Give it its name: mv ${quoted(path)} ${quoted(name)}.`
  switch (what) {
    case 'gzip':
      return to(`${bare}.gz`)
    case 'Zstandard':
      return to(`${bare}.zst`)
    case 'Parquet':
      return to(`${bare.replace(/\.\w+$/, '')}.parquet`)
    case 'a PDF document':
      return `Take the text out of it first: pdftotext ${name} ${quoted(`${bare.replace(/\.txt$/, '')}-text.txt`)}.`
    case 'xz':
      return `Unpack it first: xz -dc ${name} > ${quoted(`unpacked-${bare.replace(/^.*\//, '')}`)}, and give that.`
    case 'bzip2':
      return `Unpack it first: bzip2 -dc ${name} > ${quoted(`unpacked-${bare.replace(/^.*\//, '')}`)}, and give that.`
    case 'a zip archive or an Office document':
      return `Unpack it and name the folder: unzip ${name} -d unpacked; a document, save as text.`
    default:
      return 'Give the text itself, in UTF-8, or leave this file out.'
  }
}

function badPacking({ path, packing }: Source, cause: Error): IsoflopError {
  if (/Dictionary/.test(cause.message))
    return badFormat(
      path,
      'was packed with a dictionary, which is not in it',
      `Unpack it with that: zstd -d -D DICTIONARY ${quoted(path)}.`,
      cause,
    )
  if (/too much memory/.test(cause.message))
    return badFormat(
      path,
      'needs a window of more than 2 GiB to be unpacked',
      `Unpack it first: zstd -d --long=31 -k ${quoted(path)}.`,
      cause,
    )
  const isCut = /unexpected end/.test(cause.message)
  const what = isCut ? `is cut off: its ${packing} stream has no end` : `is damaged ${packing} (${cause.message})`
  return badFormat(path, what, 'Compress or download it again.', cause)
}

const bomb = ({ path, packing, bytes }: Source, most: number): IsoflopError =>
  badFormat(
    path,
    `has ${bytes} bytes and unpacks to more than ${most}, the limit of 64 MiB and 100 times its size, which text keeps to`,
    `If it is text, unpack it first and give the result: ${packers[packing!].unpack} -k ${quoted(path)}.`,
  )

/**
 * The text of a source in UTF-8: UTF-16 with a byte order mark is converted, whatever else has bytes that are no UTF-8 is given as it is.
 * @throws IsoflopError FILE_FORMAT for what is no text or in an encoding that has to be named, and what `unpackedBytes` throws.
 */
export async function* textBytes(source: Source, listener: Listener = {}): AsyncGenerator<Buffer> {
  const chunks = unpackedBytes(source, listener)
  const head = await beginningOf(chunks)
  const encoding = encodingOf(head)
  listener.onEncoding?.(encoding)
  if (encoding.kind !== 'text') {
    // A bomb is called that, whatever is in it.
    if (source.packing !== null) for await (const _ of chunks);
    throw noText(source, encoding)
  }
  if (encoding.name === 'UTF-8') {
    yield head
    return yield* chunks
  }
  const decoder = new TextDecoder(encoding.name)
  yield Buffer.from(decoder.decode(head, { stream: true }))
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  yield Buffer.from(decoder.decode())
}

/** As many bytes as tell the encoding, or all there are. */
async function beginningOf(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  const head: Buffer[] = []
  for (let size = 0; size < encodingSample; ) {
    const { value, done } = await chunks.next()
    if (done) break
    head.push(value)
    size += value.length
  }
  return Buffer.concat(head)
}

function noText(source: Source, encoding: Exclude<Encoding, { kind: 'text' }>): IsoflopError {
  if (encoding.kind === 'binary') {
    const advice =
      source.packing === null
        ? renamed(source.path, encoding.what)
        : 'Give the text itself, in UTF-8, or leave this file out.'
    return badFormat(source.path, `is ${encoding.what}, and no text`, advice)
  }
  const mark = encoding.name === 'UTF-32' ? '' : ' without a byte order mark'
  return badFormat(source.path, `is ${encoding.name}${mark}, expected UTF-8`, convertAdvice(source, encoding.name))
}

/** The command that writes a packed source unpacked to standard output. */
export const unpackCommand = ({ path, packing }: Source): string => `${packers[packing!].unpack} -c ${quoted(path)}`

/** How a source becomes UTF-8. */
export const convertAdvice = ({ path, packing }: Source, encoding: string): string =>
  `Convert it and give the result: ${conversion(path, encoding, packing && `${packers[packing].unpack} -c`)}`
