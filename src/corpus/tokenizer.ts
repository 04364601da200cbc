import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Heap } from './heap.ts'
import { invalidCorpus } from './manifest.ts'
import { wordEnd } from './pretokenize.ts'
import { pairKey, separator, separatorToken, tokenOfByte, Vocabulary } from './vocabulary.ts'
import { ownCopy } from './word-counts.ts'

/** Words whose tokens are remembered, and the longest of them in code units. */
const mostRemembered = 1 << 19
const longestRemembered = 64

/**
 * Text to tokens and back. Its own code and not Hugging Face's binding, which encodes 1.3 MB/s where this does 15 (measured on
 * one core; most words have been seen before) and brings 64 MB of native code; a test holds the two equal.
 */
export class Tokenizer {
  readonly vocabulary: Vocabulary
  readonly #ranks: ReadonlyMap<number, number>
  readonly #remembered = new Map<string, number | readonly number[]>()
  #tokens = new Uint16Array(1 << 16)

  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary
    this.#ranks = new Map(vocabulary.merges.map(({ left, right }, rank) => [pairKey(left, right), rank]))
  }

  /** The tokens of a well-formed text, without a separator: one that stands in the text is encoded as the letters it has. */
  encode(text: string): Uint16Array<ArrayBuffer> {
    let size = 0
    for (let start = 0; start < text.length; ) {
      const end = wordEnd(text, start)
      this.#reserve(size + 3 * (end - start)) // a code unit has three bytes at most
      const tokens = this.#tokensOf(text.slice(start, end))
      if (typeof tokens === 'number') this.#tokens[size++] = tokens
      else for (const token of tokens) this.#tokens[size++] = token
      start = end
    }
    return this.#tokens.slice(0, size)
  }

  /** The text of tokens; separators have none, and bytes that are no UTF-8 become U+FFFD. */
  decode(tokens: Iterable<number>): string {
    return Buffer.concat(Array.from(tokens, (token) => this.vocabulary.bytesOf(token))).toString()
  }

  #reserve(size: number): void {
    if (size <= this.#tokens.length) return
    const larger = new Uint16Array(2 * size)
    larger.set(this.#tokens)
    this.#tokens = larger
  }

  /** A number where the word is a single token, as most are. */
  #tokensOf(word: string): number | readonly number[] {
    const known = this.#remembered.get(word)
    if (known !== undefined) return known
    const list = this.#encodeWord(word)
    const tokens = list.length === 1 ? list[0] : list
    if (word.length <= longestRemembered) {
      if (this.#remembered.size === mostRemembered) this.#remembered.clear()
      this.#remembered.set(ownCopy(word), tokens)
    }
    return tokens
  }

  /**
   * Merges the pair of lowest rank, of equal ones the leftmost, as long as there is one. A heap of ranks and places, because a word
   * can be a megabyte long.
   */
  #encodeWord(word: string): number[] {
    const tokens = Array.from(Buffer.from(word), (byte) => tokenOfByte[byte])
    const after = tokens.map((_, place) => place + 1)
    const before = tokens.map((_, place) => place - 1)
    const queue = new Heap<number>((p, q) => p < q)
    const rankAt = (place: number): number | undefined =>
      after[place] < tokens.length ? this.#ranks.get(pairKey(tokens[place], tokens[after[place]])) : undefined
    const enqueue = (place: number): void => {
      const rank = rankAt(place)
      if (rank !== undefined) queue.push(rank * placeLimit + place)
    }
    for (let place = 0; place + 1 < tokens.length; place++) enqueue(place)
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const place = next % placeLimit
      const rank = (next - place) / placeLimit
      if (tokens[place] === gone || rankAt(place) !== rank) continue // an earlier merge took one of the two
      const right = after[place]
      tokens[place] = this.vocabulary.merges[rank].merged
      tokens[right] = gone
      after[place] = after[right]
      if (after[place] < tokens.length) before[after[place]] = place
      enqueue(place)
      if (before[place] >= 0) enqueue(before[place])
    }
    return tokens.filter((token) => token !== gone)
  }
}

/** More than the bytes of a word; ranks times this are exact in a double. */
const placeLimit = 2 ** 32
const gone = -1

/** `tokenizer.json` as Hugging Face's `tokenizers` reads it. */
export function tokenizerText({ tokens, merges }: Vocabulary): string {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  return `${JSON.stringify(
    {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [{ id: separator, content: separatorToken, ...flags }],
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: merges.map(({ left, right }) => `${tokens[left]} ${tokens[right]}`),
      },
    },
    null,
    1,
  )}\n`
}

/**
 * The tokenizer of a corpus, from its `tokenizer.json`.
 * @throws IsoflopError CORPUS_INVALID where that file has not this SHA-256, or is not one that `tokenizerText` makes.
 */
export function openTokenizer(folder: string, sha256: string): Tokenizer {
  const file = join(folder, 'tokenizer.json')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalidCorpus(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`)
  }
  if (createHash('sha256').update(text).digest('hex') !== sha256)
    throw invalidCorpus(`${file} is not the tokenizer that was trained: its SHA-256 differs`)
  const vocabulary = vocabularyIn(text)
  if (vocabulary === null || tokenizerText(vocabulary) !== text)
    throw invalidCorpus(`${file} is not a tokenizer that isoflop wrote`)
  return new Tokenizer(vocabulary)
}

function vocabularyIn(text: string): Vocabulary | null {
  try {
    const vocabulary = new Vocabulary()
    for (const merge of JSON.parse(text).model.merges) {
      const [left, right] = merge.split(' ').map((token: string) => vocabulary.idOf(token))
      vocabulary.merge(left, right)
    }
    return vocabulary
  } catch {
    return null
  }
}
