import { IsoflopError } from '../core/errors.ts'
import { CorruptRows } from './corrupt-rows.ts'
import { type Row, rowsOf } from './documents.ts'
import { requireUnchanged, type SurveyedSource } from './inputs.ts'
import type { Manifest, SplitName } from './manifest.ts'
import type { EncodingState } from './progress.ts'
import { type ShardsState, ShardWriter } from './shards.ts'
import { boundOf, sideOf, splitHash } from './split.ts'
import type { Tokenizer } from './tokenizer.ts'
import { separator } from './vocabulary.ts'

export interface EncodingRequest {
  readonly folder: string
  readonly sources: readonly SurveyedSource[]
  readonly textField: string
  readonly valFraction: number
  readonly tokenizer: Tokenizer
  /** Rows that may be corrupt before it gives up. */
  readonly maxCorrupt: number
  /** Of a shard, at most. */
  readonly shardTokens: number
  /** Bytes of text between two marks. */
  readonly markBytes: number
  /** Called at every mark, when everything that the state says is on disk. */
  readonly onMark: (state: EncodingState) => void
  /** Unpacked bytes that were gone through, of all sources. */
  readonly onRead: (bytes: number) => void
}

interface EncodedSplit {
  readonly documents: number
  readonly bytes: number
  readonly shards: ShardsState['done']
}

export interface Encoded {
  readonly train: EncodedSplit
  readonly val: EncodedSplit
  readonly emptyDocuments: number
  readonly corruptRows: Manifest['corruptRows']
}

/**
 * Encodes every document of the sources into the shards of its split, from the last mark on if there is one. Where chance gave no
 * text to the validation part, as happens to small corpora, it is done again with the text of the lowest hash as that part.
 * @throws IsoflopError ROWS_CORRUPT, CORPUS_TOO_SMALL where a split stays empty, CORPUS_DIFFERS where a source changed, and what
 * the sources say.
 */
export async function encodeSources(request: EncodingRequest, mark: EncodingState | null): Promise<Encoded> {
  let encoding = new Encoding(request, mark ?? beginning(boundOf(request.valFraction)))
  let encoded = await encoding.run()
  if (encoded.val.documents === 0 && encoded.train.documents > 1) {
    encoding = new Encoding(request, beginning(encoding.lowestHash + 1))
    encoded = await encoding.run()
  }
  const { train, val } = encoded
  if (train.documents > 0 && val.documents > 0) return encoded
  throw new IsoflopError(
    'CORPUS_TOO_SMALL',
    `${train.documents} documents are there to train on and ${val.documents} to validate with, expected some of each.`,
    val.documents > 0
      ? 'Give more documents, or a lower --val-fraction.'
      : 'Give more documents; a text file counts as several where it is longer than 32 KiB.',
  )
}

const nothing = { documents: 0, bytes: 0, shards: { done: [], openTokens: 0 } }

const beginning = (valBound: number): EncodingState => ({
  valBound,
  lowestHash: null,
  source: 0,
  row: 0,
  open: null,
  train: nothing,
  val: nothing,
  emptyDocuments: 0,
  corruptRows: { count: 0, first: [] },
})

const separators = Uint16Array.of(separator)

/** One way through all sources. */
class Encoding {
  readonly #request: EncodingRequest
  readonly #valBound: number
  readonly #splits: Readonly<Record<SplitName, Split>>
  readonly #corrupt: CorruptRows
  #lowestHash: number | null
  #open: SplitName | null
  #emptyDocuments: number
  /** Where it is: a source's place, and the last row of it that is done. */
  #source: number
  #row: number
  /** Bytes of text since the last mark. */
  #unmarked = 0

  constructor(request: EncodingRequest, state: EncodingState) {
    const { folder, shardTokens, sources, maxCorrupt } = request
    this.#request = request
    this.#valBound = state.valBound
    this.#splits = {
      train: new Split(folder, 'train', shardTokens, state.train),
      val: new Split(folder, 'val', shardTokens, state.val),
    }
    this.#corrupt = new CorruptRows(sources, maxCorrupt, state.corruptRows)
    this.#lowestHash = state.lowestHash
    this.#open = state.open
    this.#emptyDocuments = state.emptyDocuments
    this.#source = state.source
    this.#row = state.row
  }

  /** Of all texts; there must have been one. */
  get lowestHash(): number {
    return this.#lowestHash!
  }

  async run(): Promise<Encoded> {
    try {
      return await this.#run()
    } finally {
      this.#splits.train.close()
      this.#splits.val.close()
    }
  }

  async #run(): Promise<Encoded> {
    const { sources } = this.#request
    this.#corrupt.requireFew()
    let before = sources.slice(0, this.#source).reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0)
    while (this.#source < sources.length) {
      await this.#read(sources[this.#source], before)
      before += sources[this.#source].unpackedBytes
      this.#source++
      this.#row = 0
    }
    this.#mark()
    const { train, val } = this.#splits
    const splits = { train: await train.finish(), val: await val.finish() }
    return { ...splits, emptyDocuments: this.#emptyDocuments, corruptRows: this.#corrupt.state() }
  }

  async #read(source: SurveyedSource, before: number): Promise<void> {
    for await (const row of rowsOf(source, this.#request.textField)) {
      this.#request.onRead(before + row.end)
      if (row.number <= this.#row) continue
      await this.#add(row)
      this.#row = row.number
      if (this.#unmarked >= this.#request.markBytes) this.#mark()
    }
    requireUnchanged(source)
  }

  async #add(row: Row): Promise<void> {
    const content = row.read()
    if (content.kind === 'text') await this.#addText(content.text)
    else if (content.kind === 'corrupt') this.#addCorrupt(row.number, content.reason)
    else if (row.endsDocument && this.#open === null) this.#emptyDocuments++
    if (row.endsDocument) await this.#endDocument()
  }

  async #addText(text: string): Promise<void> {
    const textHash = splitHash(text)
    const side = sideOf(textHash, this.#valBound)
    this.#lowestHash = Math.min(textHash, this.#lowestHash ?? textHash)
    // A document that changes sides ends on the one and begins on the other.
    if (this.#open !== side) await this.#endDocument()
    const bytes = Buffer.byteLength(text)
    await this.#splits[side].add(this.#request.tokenizer.encode(text), bytes)
    this.#open = side
    this.#unmarked += bytes
  }

  async #endDocument(): Promise<void> {
    if (this.#open !== null) await this.#splits[this.#open].endDocument()
    this.#open = null
  }

  #addCorrupt(row: number, reason: string): void {
    this.#corrupt.add({ source: this.#source, row, reason })
    this.#corrupt.requireFew()
  }

  #mark(): void {
    this.#unmarked = 0
    this.#request.onMark({
      valBound: this.#valBound,
      lowestHash: this.#lowestHash,
      source: this.#source,
      row: this.#row,
      open: this.#open,
      train: this.#splits.train.sync(),
      val: this.#splits.val.sync(),
      emptyDocuments: this.#emptyDocuments,
      corruptRows: this.#corrupt.state(),
    })
  }
}

/** One side of the corpus, as it grows. */
class Split {
  readonly #shards: ShardWriter
  #documents: number
  #bytes: number

  constructor(folder: string, name: SplitName, shardTokens: number, state: EncodingState['train']) {
    this.#shards = new ShardWriter(folder, name, shardTokens, state.shards)
    this.#documents = state.documents
    this.#bytes = state.bytes
  }

  async add(tokens: Uint16Array, bytes: number): Promise<void> {
    await this.#shards.write(tokens)
    this.#bytes += bytes
  }

  async endDocument(): Promise<void> {
    await this.#shards.write(separators)
    this.#documents++
  }

  sync(): EncodingState['train'] {
    return { documents: this.#documents, bytes: this.#bytes, shards: this.#shards.sync() }
  }

  close(): void {
    this.#shards.close()
  }

  async finish(): Promise<EncodedSplit> {
    return { documents: this.#documents, bytes: this.#bytes, shards: await this.#shards.finish() }
  }
}
