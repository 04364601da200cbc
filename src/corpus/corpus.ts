import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { IsoflopError } from '../core/errors.ts'
import {
  bytesPerToken,
  identityOf,
  invalidCorpus,
  type Manifest,
  parseManifest,
  type SplitName,
  sectionBytes,
} from './manifest.ts'

/** A prepared corpus, opened for reading: two long rows of tokens, documents one after the other. */
export interface Corpus {
  readonly dir: string
  readonly manifest: Manifest
  readonly vocabularySize: number
  /** The token that ends every document. */
  readonly separator: number
  readonly tokens: { readonly train: number; readonly val: number }
  /** SHA-256 of the manifest without its checksums: equal for equal tokens, whatever folder they are in. */
  readonly identity: string
  /** Bits per byte = loss in nats / ln 2 / this. */
  readonly bytesPerToken: number
  /**
   * The tokens start ... start + length - 1 of a split, in an array of their own.
   * @throws IsoflopError INTERNAL where the split has no such tokens, CORPUS_INVALID where a shard was changed since it was opened.
   */
  read(split: SplitName, start: number, length: number): Uint16Array<ArrayBuffer>
  close(): void
}

/**
 * Opens the corpus that `isoflop corpus prepare` made in a folder. Nothing is read ahead. The shards' sizes are checked, and each section of
 * a shard when it is first read; their hashes only by `isoflop corpus show --verify`, for a corpus of an earlier version, too.
 *
 * @example const corpus = await openCorpus('corpus'); corpus.read('train', 0, 512)
 * @throws IsoflopError CORPUS_MISSING where no finished corpus is, CORPUS_INVALID where its files are not what was written.
 */
export async function openCorpus(dir: string): Promise<Corpus> {
  const text = readManifest(dir)
  const manifest = parseManifest(join(dir, 'manifest.json'), text)
  const shards = { train: [] as Shard[], val: [] as Shard[] }
  const close = () => {
    for (const { open } of [...shards.train, ...shards.val]) closeSync(open)
  }
  try {
    for (const split of ['train', 'val'] as const) openShards(dir, manifest, split, shards[split])
  } catch (error) {
    close()
    throw error
  }
  const { vocabularySize, separator } = manifest
  return {
    dir,
    manifest,
    vocabularySize,
    separator,
    tokens: { train: manifest.train.tokens, val: manifest.val.tokens },
    identity: identityOf(text),
    bytesPerToken: bytesPerToken(manifest),
    read(split, start, length) {
      const tokens = readTokens(shards[split], split, start, length)
      // An embedding has no row for it: say so here, and not as an index out of range somewhere in a model.
      const strange = tokens.find((token) => token >= vocabularySize)
      if (strange === undefined) return tokens
      throw invalidCorpus(`${dir} has the token ${strange} in ${split}, expected less than ${vocabularySize}`)
    },
    close,
  }
}

function readManifest(dir: string): string {
  try {
    return readFileSync(join(dir, 'manifest.json'), 'utf8')
  } catch (cause) {
    throw new IsoflopError(
      'CORPUS_MISSING',
      `${dir} has no finished corpus: manifest.json cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
      'Make one: isoflop corpus prepare INPUT... --out DIR; the same command goes on with one that broke off.',
      { cause },
    )
  }
}

/** An open file with the tokens `start` ... `end` - 1 of a split. */
interface Shard {
  readonly file: string
  readonly open: number
  readonly start: number
  readonly end: number
  /** CRC-32 of its sections that were not read yet; null where they are right, or nobody knows. */
  readonly sections: (number | null)[]
}

const tokenBytes = Uint16Array.BYTES_PER_ELEMENT

/** Opens the shards of a split into a list, which the caller closes even where this throws. */
function openShards(dir: string, manifest: Manifest, split: SplitName, shards: Shard[]): void {
  let start = 0
  for (const { file, tokens, sections = [] } of manifest[split].shards) {
    const path = join(dir, file)
    shards.push({ file: path, open: openShard(path), start, end: start + tokens, sections: [...sections] })
    const { size } = fstatSync(shards[shards.length - 1].open)
    if (size !== tokens * tokenBytes) throw invalidCorpus(`${path} has ${size} bytes, expected ${tokens * tokenBytes}`)
    start += tokens
  }
}

function openShard(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw invalidCorpus(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`)
  }
}

/** Typed arrays have the machine's order of bytes, which is the shards' on every platform that there are trainers for. */
function readTokens(
  shards: readonly Shard[],
  split: SplitName,
  start: number,
  length: number,
): Uint16Array<ArrayBuffer> {
  const total = shards.at(-1)?.end ?? 0
  if (
    !Number.isSafeInteger(start) ||
    !Number.isSafeInteger(length) ||
    start < 0 ||
    length < 0 ||
    start + length > total
  )
    throw new IsoflopError(
      'INTERNAL',
      `Tokens ${start} to ${start + length} of ${split} were asked for, which has ${total}.`,
      'Please report it with the command that showed it.',
    )
  const tokens = new Uint16Array(length)
  for (const shard of shards) {
    const from = Math.max(start, shard.start)
    const to = Math.min(start + length, shard.end)
    if (from < to) readInto(tokens.subarray(from - start, to - start), shard, from - shard.start)
  }
  return tokens
}

function readInto(tokens: Uint16Array, shard: Shard, place: number): void {
  const bytes = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength)
  checkSections(shard, place * tokenBytes, bytes.length)
  readBytes(shard, bytes, place * tokenBytes)
}

/** Checks the sections that hold these bytes, each once. */
function checkSections(shard: Shard, from: number, length: number): void {
  const { sections, start, end, file } = shard
  const size = (end - start) * tokenBytes
  for (let k = Math.floor(from / sectionBytes); k * sectionBytes < from + length; k++) {
    if (typeof sections[k] !== 'number') continue
    const section = new Uint8Array(Math.min(sectionBytes, size - k * sectionBytes))
    readBytes(shard, section, k * sectionBytes)
    if (crc32(section) !== sections[k])
      throw invalidCorpus(
        `${file} is not what was written: the checksum of its bytes from ${k * sectionBytes} on is wrong`,
      )
    sections[k] = null
  }
}

function readBytes({ file, open }: Shard, bytes: Uint8Array, from: number): void {
  let done = 0
  while (done < bytes.length) {
    const read = readSync(open, bytes, done, bytes.length - done, from + done)
    if (read === 0) throw invalidCorpus(`${file} ends after ${from + done} bytes`)
    done += read
  }
}
