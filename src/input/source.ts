import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { conversion, encodingOf, likelyEncoding } from '../core/encoding.ts'
import { IsoflopError } from '../core/errors.ts'
import { isLfsPointer } from '../core/lfs-pointer.ts'

/** The bytes of one file, unpacked. */
export interface Source {
  /** As it was named; `<stdin>` for `-`. */
  readonly name: string
  readonly bytes: Buffer
  /** Of the bytes as given, before unpacking, so that `sha256sum` agrees. */
  readonly sha256: string
  /** What was done to read it as text, in words. */
  readonly notes?: readonly string[]
}

/**
 * Reads a file, or standard input for `-`, unpacks gzip, and makes UTF-8 of UTF-16 that has its mark.
 *
 * Errors: FILE_NOT_FOUND, FILE_EMPTY, and FILE_FORMAT for gzip that is cut off or damaged, and for text in an encoding that it does not
 * say itself.
 */
export async function loadSource(file: string, stdin: Readable): Promise<Source> {
  const name = file === '-' ? '<stdin>' : file
  const given = file === '-' ? await readAll(stdin) : await readNamed(file)
  const sha256 = createHash('sha256').update(given).digest('hex')
  const bytes = given[0] === 0x1f && given[1] === 0x8b ? await unpacked(name, given) : given
  if (bytes.length === 0) throw emptyFile(name, 'has no content')
  if (isBinaryTable(bytes)) return { name, bytes, sha256 }
  refuseStandIn(name, bytes)
  return { name, sha256, ...asUtf8(name, bytes) }
}

/** What was downloaded in the place of a table. Errors: FILE_FORMAT. */
function refuseStandIn(name: string, bytes: Buffer): void {
  const beginning = bytes.toString('latin1', 0, 200).trimStart()
  if (isLfsPointer(beginning))
    throw badFormat(
      name,
      'is a pointer of Git LFS, which says where the file is',
      'Fetch the file itself: git lfs pull.',
    )
  if (/^(?:\xef\xbb\xbf\s*)?(?:<!doctype html|<html)\b/i.test(beginning))
    throw badFormat(
      name,
      'is a web page, no table',
      'Download the file that the page shows, most often by a link "raw" or "download".',
    )
}

/** Parquet and workbooks are no text. */
const isBinaryTable = (bytes: Buffer): boolean =>
  startsWith(bytes, 'PAR1') || startsWith(bytes, 'PK\x03\x04') || isOldOffice(bytes)

/** How .xls files and workbooks with a password begin. */
const isOldOffice = (bytes: Buffer): boolean => bytes.length > 3 && bytes.readUInt32BE(0) === 0xd0cf11e0

/** Bytes that are looked at for what a text that is no UTF-8 may be. */
const sampleBytes = 1 << 20

/** What is named like a table that is no text, and does not begin like one, was written or copied badly. */
function adviceForBinary(name: string): string {
  const [, named] = /(\.(?:parquet|xlsx|gz))$/i.exec(name) ?? []
  return named === undefined
    ? 'Give JSON, JSONL, CSV, TSV, Parquet or .xlsx; export it as one of them.'
    : `Its name ends in ${named}, but it does not begin like such a file: copy or write it again.`
}

/** A text as UTF-8, and what was done for it. */
function asUtf8(name: string, bytes: Buffer): Pick<Source, 'bytes' | 'notes'> {
  const encoding = encodingOf(bytes)
  const convert = (from: string) =>
    name === '<stdin>'
      ? `Convert it to UTF-8 first: iconv -f ${from} -t UTF-8.`
      : `Convert it first: ${conversion(name, from)}`
  if (encoding.kind === 'foreign')
    throw badFormat(name, `is ${encoding.name} text without a mark that says so`, convert(encoding.name))
  if (encoding.kind === 'binary') throw badFormat(name, `is ${encoding.what}, no table`, adviceForBinary(name))
  if (encoding.name === 'UTF-8') return { bytes, notes: replacementNote(bytes) }
  if (bytes.length > mostUtf16) throw badFormat(name, `is ${encoding.name} of more than 256 MB`, convert(encoding.name))
  const text = new TextDecoder(encoding.name === 'UTF-16LE' ? 'utf-16le' : 'utf-16be').decode(bytes)
  return { bytes: Buffer.from(text), notes: [`text: converted from ${encoding.name}, which its mark says it is`] }
}

/** A string holds 512 MB. */
const mostUtf16 = 2 ** 28

/** Characters that were replaced because they are no UTF-8: how many, where the first is, and what they probably are. */
function replacementNote(bytes: Buffer): string[] {
  if (isUtf8(bytes)) return []
  let [count, first, line] = [0, 0, 1]
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline < 0 ? bytes.length : newline + 1
    const part = bytes.subarray(start, end)
    if (!isUtf8(part)) {
      count++
      if (first === 0) first = line
    }
    line++
    start = end
  }
  const likely = likelyEncoding(bytes.subarray(0, sampleBytes))
  return [
    `text: ${count} lines have characters that are not UTF-8 (probably ${likely}), the first in line ${first}; each was replaced by \ufffd`,
  ]
}

/** Bytes of the longest input; Node reads no longer file at once. */
const longestInput = 2 ** 31

async function readAll(stdin: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin) {
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    size += chunk.length
    if (size >= longestInput) throw badFormat('<stdin>', `is ${tooLong}`, 'Give a part of it.')
  }
  return Buffer.concat(chunks)
}

async function readNamed(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? ''
    throw new IsoflopError('FILE_NOT_FOUND', `${file} ${unreadable[code] ?? `cannot be read (${code})`}.`, advice, {
      cause,
    })
  }
}

const tooLong = 'larger than 2 GiB, which is the most that can be read'
const advice = 'Check the name of the file and that it may be read.'

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory, expected a file',
  EACCES: 'may not be read (permission denied)',
  ERR_FS_FILE_TOO_LARGE: `is ${tooLong}; compress it or split it`,
}

/**
 * The most that gzip may unpack to, in bytes: tables of runs pack 3 to 30 times, and gzip can pack nothing 1,032 times, of which a file
 * of 2.4 MB made 5 GB of memory.
 */
const mostUnpacked = (packed: number): number => Math.min(2 ** 26 + 100 * packed, 2 ** 31)

async function unpacked(name: string, bytes: Buffer): Promise<Buffer> {
  const most = mostUnpacked(bytes.length)
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: most })
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(name, most, cause)
    const what = message.includes('unexpected end')
      ? 'is cut off: its gzip stream has no end'
      : `is damaged gzip (${message})`
    throw badFormat(name, what, 'Compress or download it again.', cause)
  }
}

const tooLarge = (name: string, most: number, cause: unknown): IsoflopError =>
  badFormat(
    name,
    `unpacks to more than ${Math.round(most / 1e6)} MB, which no table of its size does`,
    'If it is one, unpack it first: gunzip.',
    cause,
  )

export type Format = 'parquet' | 'xlsx' | 'json-array' | 'json-objects' | 'delimited'

/** A zip archive is a workbook where it has the part that lists the sheets. */
function zipFormat(name: string, bytes: Buffer): Format {
  if (bytes.includes('xl/workbook.xml')) return 'xlsx'
  throw badFormat(
    name,
    'is a zip archive, and no Excel workbook (.xlsx)',
    'Unpack it and give the file in it; save a spreadsheet of another kind as .xlsx or CSV.',
  )
}

/** The format of a file, by its content alone: a name says less, and standard input has none. */
export function formatOf(source: Source): Format {
  const { name, bytes } = source
  if (startsWith(bytes, 'PAR1')) return 'parquet'
  if (startsWith(bytes, 'PK\x03\x04')) return zipFormat(name, bytes)
  if (isOldOffice(bytes))
    throw badFormat(
      name,
      'is an Excel file of the old format (.xls) or one with a password',
      'Open it and save the sheet as .xlsx without a password, or as CSV.',
    )
  const first = firstVisible(bytes)
  if (first < 0) throw emptyFile(name, 'has only blank lines')
  if (bytes[first] === 0x5b) return 'json-array'
  return bytes[first] === 0x7b ? 'json-objects' : 'delimited'
}

function startsWith(bytes: Buffer, magic: string): boolean {
  const start = Buffer.from(magic)
  return bytes.subarray(0, start.length).equals(start)
}

/** The position of the first byte that is neither a space, a line end, nor the byte order mark; -1 without one. */
function firstVisible(bytes: Buffer): number {
  const first = nextVisible(bytes, textStart(bytes))
  return first < bytes.length ? first : -1
}

/** From a position on the next byte that is neither a space nor a line end; the length where there is none. */
function nextVisible(bytes: Buffer, start: number): number {
  let i = start
  while (i < bytes.length && (bytes[i] === 0x20 || (bytes[i] >= 0x09 && bytes[i] <= 0x0d))) i++
  return i
}

/** Where the text starts, behind a byte order mark. */
const textStart = (bytes: Buffer): number => (startsWith(bytes, '\ufeff') ? 3 : 0)

/** Bytes of the longest line. */
const longestLine = 1 << 26

/**
 * The text in blocks of about `size` bytes that end at a line end, so that no string grows with the file (a string holds
 * 512 MB at most). A line end is never part of a longer UTF-8 character. Errors: FILE_FORMAT for a line of more than 64 MiB.
 */
export function* textBlocks({ name, bytes }: Source, size: number): Generator<string> {
  let start = textStart(bytes)
  while (start < bytes.length) {
    const newline = bytes.indexOf(0x0a, start + size - 1)
    const end = newline < 0 ? bytes.length : newline + 1
    if (end - start > size + longestLine)
      throw badFormat(name, 'has a line of more than 64 MiB', 'Write one record a line.')
    yield bytes.toString('utf8', start, end)
    start = end
  }
}

/** The first line that has a visible character, as far as it is no longer than a line may be, and whether more than blanks follow. */
export function firstLine({ bytes }: Source): { readonly text: string; readonly isAll: boolean } {
  const start = Math.max(firstVisible(bytes), 0)
  const newline = bytes.indexOf(0x0a, start)
  const end = newline < 0 ? bytes.length : newline
  const text = bytes.toString('utf8', start, Math.min(end, start + longestLine))
  return { text, isAll: nextVisible(bytes, end) === bytes.length }
}

/** The whole text. Errors: FILE_FORMAT where it is longer than a string can be, 512 MB. */
export function wholeText(source: Source): string {
  try {
    return source.bytes.toString('utf8', textStart(source.bytes))
  } catch (cause) {
    throw badFormat(source.name, 'is one JSON text of more than 512 MB', 'Write one record a line (JSONL).', cause)
  }
}

export const badFormat = (name: string, what: string, advice: string, cause?: unknown): IsoflopError =>
  new IsoflopError('FILE_FORMAT', `${name} ${what}.`, advice, { cause })

export const emptyFile = (name: string, what: string): IsoflopError =>
  new IsoflopError('FILE_EMPTY', `${name} ${what}, expected rows of training runs.`, 'Check how the file was written.')
