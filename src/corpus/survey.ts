import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { likelyEncoding, quoted } from '../core/encoding.ts'
import { IsoflopError } from '../core/errors.ts'
import { isLfsPointer } from '../core/lfs-pointer.ts'
import { type FirstRows, firstRows } from './documents.ts'
import { shortList } from './listing.ts'
import type { Notices } from './notices.ts'
import { ReplacedCharacters } from './replaced.ts'
import { badFormat, convertAdvice, type Source, textBytes, unpackCommand, unpackedBytes } from './sources.ts'
import type { Nested, TextField } from './text-field.ts'

/** What a source holds. */
export interface Survey {
  /** Of the bytes as they lie on disk, so that `sha256sum` agrees. */
  readonly sha256: string
  /** Of text or JSON, unpacked and in UTF-8; of Parquet as it lies. */
  readonly unpackedBytes: number
  /** What the text was before it was UTF-8; null where it is that. */
  readonly convertedFrom: string | null
  /** Characters that are no UTF-8 and become U+FFFD. */
  readonly replaced: number
  /** The key or column that has the text; null in a file of text. */
  readonly textField: string | null
}

export interface SurveyRequest {
  /** The key or column that was asked for; null where it is to be found. */
  readonly textField: string | null
  /** Told of the bytes read. */
  readonly onRead: (bytes: number) => void
  readonly notices: Notices
}

/**
 * Reads a source through, and so finds out whether it can be unpacked, whether it is text and where the text is, before hours of work.
 * @throws IsoflopError COLUMN_MISSING where nothing in it looks like the text, FILE_FORMAT also where much of it is no UTF-8, and those of `textBytes`.
 */
export async function surveySource(source: Source, request: SurveyRequest): Promise<Survey> {
  const { notices, onRead } = request
  const hash = createHash('sha256')
  const replaced = new ReplacedCharacters()
  let encoding = 'UTF-8'
  const listener = {
    onRead: (chunk: Buffer) => {
      hash.update(chunk)
      onRead(chunk.length)
    },
    onEncoding: ({ kind, ...named }: { kind: string; name?: string }) => {
      encoding = named.name ?? kind
    },
  }
  let size = 0
  for await (const chunk of (source.kind === 'parquet' ? unpackedBytes : textBytes)(source, listener)) {
    size += chunk.length
    if (source.kind !== 'parquet') replaced.add(chunk)
  }
  replaced.end()
  const convertedFrom = encoding === 'UTF-8' ? null : encoding
  if (convertedFrom !== null) notices.add('converted to UTF-8', `${source.name} (${convertedFrom})`)
  if (size === 0) notices.add('empty', source.name)
  if (replaced.count > 0) tellReplaced(source, replaced, notices)
  const textField = source.kind === 'text' || size === 0 ? null : await textFieldOf(source, request)
  return { sha256: hash.digest('hex'), unpackedBytes: size, convertedFrom, replaced: replaced.count, textField }
}

/**
 * Of the bytes of a text, at most so many may be no UTF-8: 3 % where it has other characters that are. Where it has none, it is in another encoding, of
 * which German text has 2 % that is no ASCII, and French 4 %.
 */
const mostReplaced = { amongRight: 0.03, alone: 0.01 }

/** Errors: FILE_FORMAT where too much is no UTF-8. */
function tellReplaced(
  source: Source,
  { count, bytes, hasWide, sample, odd }: ReplacedCharacters,
  notices: Notices,
): void {
  const share = `${((100 * count) / bytes).toPrecision(2)} %`
  if (count > bytes * (hasWide ? mostReplaced.amongRight : mostReplaced.alone)) {
    const likely = likelyEncoding(sample)
    throw badFormat(
      source.path,
      `is not UTF-8: ${count} of its ${bytes} bytes (${share}) are none; it is probably ${likely}`,
      convertAdvice(source, likely),
    )
  }
  const likely = likelyEncoding(odd)
  // Where others are right, to convert the whole file would spoil those.
  const what = hasWide
    ? 'not UTF-8 among what is, so that each becomes U+FFFD'
    : 'not UTF-8, so that each becomes U+FFFD (iconv -f ENCODING -t UTF-8 FILE > NEW keeps them)'
  notices.add(what, `${count} ${count === 1 ? 'byte' : 'bytes'} of ${source.name} (${share}, probably ${likely})`)
}

async function textFieldOf(source: Source, { textField, notices }: SurveyRequest): Promise<string> {
  const first = await firstRows(source, textField)
  const { columns, corrupt } = first
  if (columns.rows === 0) {
    if (corrupt === null) return textField ?? usualField
    throw badFormat(
      source.path,
      `has no JSON object in its first rows: ${source.name}:${corrupt.row} ${corrupt.reason}`,
      notJson(source, corrupt.isText),
    )
  }
  if (textField !== null) {
    if (columns.has(textField)) return textField
    throw columnMissing(source, `no ${keyIn(source)} "${textField}"`, first)
  }
  const chosen = columns.choose()
  if (chosen !== null) {
    tellField(source, chosen, notices)
    return chosen.name
  }
  // What stands beside the data of a folder is not always data.
  if (source.isNamed || !/\.json(\.\w+)?$/i.test(source.name))
    throw columnMissing(source, 'nothing that looks like text', first)
  notices.add('without text', source.name)
  return usualField
}

const usualField = 'text'
const keyIn = ({ kind }: Source): string => (kind === 'parquet' ? 'column' : 'key')

function tellField(source: Source, { name, rivals }: TextField, notices: Notices): void {
  if (name === usualField) return
  const others =
    rivals.length === 0
      ? ''
      : `, not ${shortList(
          rivals.map((rival) => JSON.stringify(rival)),
          4,
        )}`
  notices.add(`text is taken from ${JSON.stringify(name)}${others} (--text-field NAME takes another)`, source.name)
}

function notJson(source: Source, isText: boolean): string {
  // Lines that are lists have texts in them, too, and no command for one list helps there.
  if (isText && /\.json(\.\w+)?$/i.test(source.name)) return takeOut(source, { path: [], of: 'texts' })
  const packed = source.packing === null ? '' : `.${source.packing}`
  return `If it is plain text, give it a name that ends in .txt${packed}; JSON is one object a line, or an array of objects, such as {"text": "..."}.`
}

const columnMissing = (source: Source, what: string, { columns }: FirstRows): IsoflopError =>
  new IsoflopError(
    'COLUMN_MISSING',
    `${source.path} has ${what}; it has: ${columns.all()}.`,
    columns.nested !== null
      ? takeOut(source, columns.nested)
      : columns.hasText
        ? 'Name the one with the text: --text-field NAME.'
        : 'None of them is text: write the text of each record under a key of its own, such as {"text": "..."}.',
  )

/** The command that writes the documents of a list as JSONL; Node is there wherever this runs. */
function takeOut(source: Source, { path: names, of }: Nested): string {
  const { path, packing } = source
  const bare = path.replace(/\.json\w*(\.\w+)?$/i, '')
  const list = `JSON.parse(require("fs").readFileSync(0))${names.map((name) => `[${JSON.stringify(name)}]`).join('')}`
  const script = `for (const row of ${list}) console.log(JSON.stringify(${of === 'texts' ? '{ text: row }' : 'row'}))`
  const input = packing === null ? `< ${quoted(path)} ` : ''
  const unpacked = packing === null ? '' : `${unpackCommand(source)} | `
  return `Write the ${of} one a line and give that: ${unpacked}node -e ${quoted(script)} ${input}> ${quoted(`${bare}-records.jsonl`)}`
}

/** The longest pointer that Git LFS writes has some 200 bytes. */
const longestPointer = 1024

/** Errors: FILE_FORMAT naming the files of which only Git LFS's pointers are there. */
export function requireNoPointers(sources: readonly Source[]): void {
  const pointers = sources.filter((source) => source.bytes <= longestPointer && isPointer(source.path))
  if (pointers.length === 0) return
  const [{ path }] = pointers
  const what =
    pointers.length === 1
      ? `${path} is a Git LFS pointer: the address of the file, not the file.`
      : `${pointers.length} files are Git LFS pointers, addresses of files and not the files: ${shortList(pointers.map(({ name }) => name))}.`
  throw new IsoflopError(
    'FILE_FORMAT',
    what,
    'Fetch what they point to: git lfs install && git lfs pull, in their repository; or download the files themselves.',
  )
}

function isPointer(path: string): boolean {
  const open = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(longestPointer)
    const text = bytes.toString('latin1', 0, readSync(open, bytes))
    return isLfsPointer(text)
  } finally {
    closeSync(open)
  }
}
