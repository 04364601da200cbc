import { IsoflopError } from '../core/errors.ts'
import { CorruptRows } from './corrupt-rows.ts'
import { type Row, rowsOf } from './documents.ts'
import { requireUnchanged, type SurveyedSource } from './inputs.ts'
import type { Manifest, SplitName } from './manifest.ts'
import type { EncodingState } from './progress.ts'
import type { Cut } from './sections.ts'
import { noShards, type ShardsState, ShardWriter } from './shards.ts'
import { boundForBoth, boundOf, enoughText, type HashEnds, isSplit, sideOf, splitHash, withText } from './split.ts'
import type { Tokenizer } from './tokenizer.ts'
import { separator } from './vocabulary.ts'

export interface EncodingRequest {
  readonly folder: string
  readonly sources: readonly SurveyedSource[]
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
  /** Documents that have sections on both sides. */
  readonly dividedDocuments: number
  readonly emptyDocuments: number
  readonly corruptRows: Manifest['corruptRows']
}

/**
 * Encodes every document of the sources into the shards of its split, from the last mark on if there is one. Where chance gave too little text to a
 * part, as happens to small corpora, it is done again with another bound; where that is of no help, because there are few documents, with them in
 * fine sections.
 * @throws IsoflopError ROWS_CORRUPT, CORPUS_TOO_SMALL where a split stays empty, CORPUS_DIFFERS where a source changed, and what
 * the sources say.
 */
export async function encodeSources(request: EncodingRequest, mark: EncodingState | null): Promise<Encoded> {
  const usual = boundOf(request.valFraction)
  let state: EncodingState | null = mark ?? beginning(usual, 'usual')
  for (;;) {
    const encoding = new Encoding(request, state)
    const encoded = await encoding.run()
    const [train, val] = [encoded.train.bytes, encoded.val.bytes]
    if (isSplit(train, val, request.valFraction)) return encoded
    state = nextTry(state, usual, encoding.ends, train, val)
    if (state !== null) continue
    if (train > 0 && val > 0) return encoded
    throw tooSmall(encoded)
  }
}

/** Another bound, then finer sections, then both. */
function nextTry(
  { valBound, cut }: EncodingState,
  usual: number,
  ends: HashEnds,
  train: number,
  val: number,
): EncodingState | null {
  const bound = valBound === usual ? boundForBoth(ends, train, val) : null
  if (bound !== null && bound !== usual) return beginning(bound, cut)
  return cut === 'usual' && train + val >= enoughText ? beginning(usual, 'fine') : null
}

function tooSmall({ train, val }: Encoded): IsoflopError {
  const there = train.bytes + val.bytes
  const documents = train.documents + val.documents
  const what = `${there} bytes of text are there, in ${documents} ${documents === 1 ? 'document' : 'documents'}`
  return there < enoughText
    ? new IsoflopError(
        'CORPUS_TOO_SMALL',
        `${what}, of which no part is left to ${train.bytes > 0 ? 'validate with' : 'train on'}; ${enoughText} bytes are always enough.`,
        `Give ${enoughText - there} bytes more${documents === 1 ? ', or a second document' : ', or documents that differ'}.`,
      )
    : new IsoflopError(
        'CORPUS_TOO_SMALL',
        `${what} that are all equal, so that none can validate what others teach.`,
        'Give documents that differ.',
      )
}

const nothing = { documents: 0, bytes: 0, shards: noShards }

const beginning = (valBound: number, cut: Cut): EncodingState => ({
  valBound,
  cut,
  ends: { lowest: [], highest: null },
  source: 0,
  row: 0,
  open: null,
  isDivided: false,
  train: nothing,
  val: nothing,
  dividedDocuments: 0,
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
  readonly #cut: Cut
  #ends: HashEnds
  #open: SplitName | null
  /** Whether the document that is open was on the other side, too. */
  #isDivided: boolean
  #dividedDocuments: number
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
    this.#cut = state.cut
    this.#ends = state.ends
    this.#open = state.open
    this.#isDivided = state.isDivided
    this.#dividedDocuments = state.dividedDocuments
    this.#emptyDocuments = state.emptyDocuments
    this.#source = state.source
    this.#row = state.row
  }

  /** Of all texts so far. */
  get ends(): HashEnds {
    return this.#ends
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
    const corruptRows = this.#corrupt.state()
    return { ...splits, dividedDocuments: this.#dividedDocuments, emptyDocuments: this.#emptyDocuments, corruptRows }
  }

  async #read(source: SurveyedSource, before: number): Promise<void> {
    for await (const row of rowsOf(source, source.textField ?? 'text', this.#cut)) {
      this.#request.onRead(before + row.end)
      if (row.number <= this.#row) continue
      await this.#add(row)
      if (!row.endsRow) continue
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
    if (!row.endsDocument) return
    await this.#endDocument()
    if (this.#isDivided) this.#dividedDocuments++
    this.#isDivided = false
  }

  async #addText(text: string): Promise<void> {
    const textHash = splitHash(text)
    const side = sideOf(textHash, this.#valBound)
    const bytes = Buffer.byteLength(text)
    this.#ends = withText(this.#ends, textHash, bytes)
    // A document that changes sides ends on the one and begins on the other.
    if (this.#open !== null && this.#open !== side) {
      await this.#endDocument()
      this.#isDivided = true
    }
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
      cut: this.#cut,
      ends: this.#ends,
      source: this.#source,
      row: this.#row,
      open: this.#open,
      isDivided: this.#isDivided,
      train: this.#splits.train.sync(),
      val: this.#splits.val.sync(),
      dividedDocuments: this.#dividedDocuments,
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
