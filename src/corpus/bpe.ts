import { Heap } from './heap.ts'
import { pairKey, tokenOfByte, Vocabulary } from './vocabulary.ts'

/** Two tokens that stand side by side in words. */
interface Pair {
  readonly left: number
  readonly right: number
  /** How often, in all the text. */
  count: number
  /** Words that have it, or had it before a merge. */
  readonly words: number[]
}

/** A pair as it was counted when it was queued: the count may have fallen since. */
interface Queued {
  readonly pair: Pair
  readonly count: number
}

/** What occurs once teaches nothing. */
const fewestOccurrences = 2

/**
 * Trains a byte-level BPE (Sennrich et al. 2016) on words and how often each occurs: the most frequent pair of neighbouring
 * tokens becomes a token, again and again, up to `vocabularySize`. Of equally frequent pairs the one whose left token has the
 * lower id comes first, then the one whose right token has: the rule of Hugging Face's trainer.
 *
 * The vocabulary is smaller where no pair occurs twice any more. Counts are kept up to date word by word, and a pair whose count
 * fell is found out when it comes to the front of the queue, so that a merge costs no more than the words that it changes.
 *
 * @example trainBpe(new Map([['low', 5], ['lower', 2]]), 259).tokens.at(-1) // 'low'
 */
export function trainBpe(
  wordCounts: ReadonlyMap<string, number>,
  vocabularySize: number,
  onMerge: (size: number) => void = () => {},
): Vocabulary {
  const vocabulary = new Vocabulary()
  const words = new Words(wordCounts)
  const queue = new Heap<Queued>(isBefore)
  for (const pair of words.pairs()) queue.push({ pair, count: pair.count })
  while (vocabulary.size < vocabularySize) {
    const pair = nextPair(queue)
    if (pair === null) break
    const merged = vocabulary.merge(pair.left, pair.right)
    for (const grown of words.merge(pair, merged)) queue.push({ pair: grown, count: grown.count })
    onMerge(vocabulary.size)
  }
  return vocabulary
}

const isBefore = (p: Queued, q: Queued): boolean => {
  if (p.count !== q.count) return p.count > q.count
  return p.pair.left === q.pair.left ? p.pair.right < q.pair.right : p.pair.left < q.pair.left
}

/** The most frequent pair; null where none occurs often enough. */
function nextPair(queue: Heap<Queued>): Pair | null {
  for (;;) {
    const next = queue.pop()
    if (next === undefined) return null
    const { pair, count } = next
    if (pair.count < fewestOccurrences) continue
    if (pair.count === count) return pair
    queue.push({ pair, count: pair.count })
  }
}

/** All words as tokens, one after the other, and the pairs in them. */
class Words {
  readonly #tokens: Uint16Array
  /** Where each word starts and, since merges shorten it, how many tokens it has. */
  readonly #starts: Float64Array
  readonly #lengths: Uint32Array
  readonly #counts: Float64Array
  readonly #pairs = new Map<number, Pair>()

  constructor(wordCounts: ReadonlyMap<string, number>) {
    let total = 0
    for (const word of wordCounts.keys()) total += Buffer.byteLength(word)
    this.#tokens = new Uint16Array(total)
    this.#starts = new Float64Array(wordCounts.size)
    this.#lengths = new Uint32Array(wordCounts.size)
    this.#counts = Float64Array.from(wordCounts.values())
    let start = 0
    let word = 0
    for (const text of wordCounts.keys()) {
      const bytes = Buffer.from(text)
      for (let i = 0; i < bytes.length; i++) this.#tokens[start + i] = tokenOfByte[bytes[i]]
      for (let i = 1; i < bytes.length; i++) this.#grow(tokenOfByte[bytes[i - 1]], tokenOfByte[bytes[i]], word)
      this.#starts[word] = start
      this.#lengths[word++] = bytes.length
      start += bytes.length
    }
  }

  pairs(): Iterable<Pair> {
    return this.#pairs.values()
  }

  /** Replaces a pair by its token in every word; gives the pairs that are more frequent now. */
  merge(pair: Pair, merged: number): Set<Pair> {
    const grown = new Set<Pair>()
    for (const word of pair.words) this.#mergeIn(word, pair, merged, grown)
    pair.count = 0 // in "aaa" the pair overlaps itself, and was taken off once too often or too rarely
    this.#pairs.delete(pairKey(pair.left, pair.right))
    grown.delete(pair)
    return grown
  }

  #mergeIn(word: number, { left, right }: Pair, merged: number, grown: Set<Pair>): void {
    const tokens = this.#tokens
    const start = this.#starts[word]
    const end = start + this.#lengths[word]
    let to = start
    for (let from = start; from < end; from++) {
      if (tokens[from] !== left || from + 1 === end || tokens[from + 1] !== right) {
        tokens[to++] = tokens[from]
        continue
      }
      if (to > start) {
        this.#shrink(tokens[to - 1], left, word)
        grown.add(this.#grow(tokens[to - 1], merged, word))
      }
      if (from + 2 < end) {
        this.#shrink(right, tokens[from + 2], word)
        grown.add(this.#grow(merged, tokens[from + 2], word))
      }
      tokens[to++] = merged
      from++
    }
    this.#lengths[word] = to - start
  }

  #grow(left: number, right: number, word: number): Pair {
    const key = pairKey(left, right)
    let pair = this.#pairs.get(key)
    if (pair === undefined) {
      pair = { left, right, count: 0, words: [] }
      this.#pairs.set(key, pair)
    }
    pair.count += this.#counts[word]
    if (pair.words.at(-1) !== word) pair.words.push(word)
    return pair
  }

  #shrink(left: number, right: number, word: number): void {
    this.#pairs.get(pairKey(left, right))!.count -= this.#counts[word]
  }
}
