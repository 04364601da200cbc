import { createHash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { invalidCorpus, type SplitName, sectionBytes } from './manifest.ts'

interface WrittenShard {
  readonly file: string
  readonly tokens: number
  readonly sha256: string
  /** CRC-32 of each section of `sectionBytes`. */
  readonly sections: number[]
}

/** How far the shards of a split are written. */
export interface ShardsState {
  readonly done: readonly WrittenShard[]
  /** Tokens on disk in the shard behind those. */
  readonly openTokens: number
  /** CRC-32 of those, as they were written: what the disk made of them is seen when the shard is read again. */
  readonly openCrc32: number
}

export const noShards: ShardsState = { done: [], openTokens: 0, openCrc32: 0 }

/** Tokens that are collected before they are written. */
const bufferTokens = 1 << 19

/**
 * Writes the tokens of a split into `train-00000.bin` and so on, `shardTokens` in each. It goes on where a state says, whatever was
 * written behind that: after `sync`, what its state says is on disk. It throws what the system says, and CORPUS_INVALID where less is
 * there than the state says.
 */
export class ShardWriter {
  readonly #folder: string
  readonly #split: SplitName
  readonly #shardTokens: number
  readonly #done: WrittenShard[]
  readonly #buffer = new Uint16Array(bufferTokens)
  #buffered = 0
  #open: number
  #openTokens: number
  #openCrc32: number

  constructor(folder: string, split: SplitName, shardTokens: number, { done, openTokens, openCrc32 }: ShardsState) {
    this.#folder = folder
    this.#split = split
    this.#shardTokens = shardTokens
    this.#done = [...done]
    this.#openTokens = openTokens
    this.#openCrc32 = openCrc32
    removeFrom(folder, split, openTokens === 0 ? done.length : done.length + 1)
    this.#open = openAt(join(folder, shardName(split, done.length)), openTokens * tokenBytes)
  }

  async write(tokens: Uint16Array): Promise<void> {
    for (let start = 0; start < tokens.length; ) {
      const room = Math.min(bufferTokens, this.#shardTokens - this.#openTokens) - this.#buffered
      const part = tokens.subarray(start, start + room)
      this.#buffer.set(part, this.#buffered)
      this.#buffered += part.length
      start += part.length
      if (part.length < room) continue
      this.#flush()
      if (this.#openTokens === this.#shardTokens) {
        await this.#endShard()
        this.#open = openSync(join(this.#folder, shardName(this.#split, this.#done.length)), 'w')
      }
    }
  }

  /** Waits until everything is on disk. */
  sync(): ShardsState {
    this.#flush()
    fsyncSync(this.#open)
    return { done: [...this.#done], openTokens: this.#openTokens, openCrc32: this.#openCrc32 }
  }

  /** Ends the last shard; gives all of them. */
  async finish(): Promise<ShardsState['done']> {
    this.#flush()
    if (this.#openTokens > 0) await this.#endShard()
    this.close()
    removeFrom(this.#folder, this.#split, this.#done.length)
    return this.#done
  }

  /** Lets go of the file; what was not synced is lost. */
  close(): void {
    if (this.#open !== closed) closeSync(this.#open)
    this.#open = closed
  }

  #flush(): void {
    const bytes = new Uint8Array(this.#buffer.buffer, 0, this.#buffered * tokenBytes)
    const start = this.#openTokens * tokenBytes
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#open, bytes, done, bytes.length - done, start + done)
    this.#openTokens += this.#buffered
    this.#openCrc32 = crc32(bytes, this.#openCrc32)
    this.#buffered = 0
  }

  /**
   * Hash and checksums are of what is on disk, read again: a shard that was broken off and continued has no other. Errors: CORPUS_INVALID where
   * that is not what was written.
   */
  async #endShard(): Promise<void> {
    fsyncSync(this.#open)
    this.close()
    const file = shardName(this.#split, this.#done.length)
    const { crc32: onDisk, ...sums } = await sumsOf(join(this.#folder, file))
    if (onDisk !== this.#openCrc32) throw invalidCorpus(`${join(this.#folder, file)} is not what was written into it`)
    this.#done.push({ file, tokens: this.#openTokens, ...sums })
    this.#openTokens = 0
    this.#openCrc32 = 0
  }
}

/** In the place of an open file. */
const closed = -1

const tokenBytes = Uint16Array.BYTES_PER_ELEMENT

const shardName = (split: SplitName, index: number): string => `${split}-${String(index).padStart(5, '0')}.bin`

/** Opens a file for writing behind its first `size` bytes. Errors: CORPUS_INVALID where it has fewer. */
function openAt(path: string, size: number): number {
  const open = openSync(path, size === 0 ? 'w' : 'r+')
  if (fstatSync(open).size >= size) {
    ftruncateSync(open, size)
    return open
  }
  closeSync(open)
  throw invalidCorpus(`${path} is shorter than it was at the last mark, ${size} bytes`)
}

/** Removes the shards of a split from an index on, which an earlier process left. */
function removeFrom(folder: string, split: SplitName, index: number): void {
  const first = shardName(split, index)
  for (const name of readdirSync(folder))
    if (name >= first && name.startsWith(`${split}-`) && /-\d{5}\.bin$/.test(name)) rmSync(join(folder, name))
}

/** SHA-256 of a file. Throws what the system says. */
export const fileSha256 = async (file: string): Promise<string> => (await sumsOf(file)).sha256

/** SHA-256 and CRC-32 of a file, and CRC-32 of each section of it. Throws what the system says. */
async function sumsOf(file: string): Promise<Pick<WrittenShard, 'sha256' | 'sections'> & { crc32: number }> {
  const hash = createHash('sha256')
  const sections: number[] = []
  let all = 0
  let [sum, filled] = [0, 0]
  for await (const chunk of createReadStream(file, { highWaterMark: sectionBytes }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    all = crc32(chunk, all)
    // A chunk is a section, but where the system gives less at a time.
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + sectionBytes - filled)
      sum = crc32(part, sum)
      filled += part.length
      from += part.length
      if (filled < sectionBytes) continue
      sections.push(sum)
      ;[sum, filled] = [0, 0]
    }
  }
  if (filled > 0) sections.push(sum)
  return { sha256: hash.digest('hex'), crc32: all, sections }
}
