import { wordEnd } from './pretokenize.ts'

/** Code units of the longest word that is counted: what is longer is no word, but data in letters. */
const longestWord = 256

/**
 * How often each word occurs in texts. Where there are more words than `most`, the rarest are forgotten, first those that
 * occurred once, until half of the room is free: memory is bounded, and equal texts in equal order give equal counts.
 */
export class WordCounts {
  readonly words = new Map<string, number>()
  readonly #most: number

  constructor(most = 1 << 21) {
    this.#most = most
  }

  add(text: string): void {
    for (let start = 0; start < text.length; ) {
      const end = wordEnd(text, start)
      if (end - start <= longestWord) this.#count(text.slice(start, end))
      start = end
    }
  }

  #count(word: string): void {
    const count = this.words.get(word)
    // A slice would keep the whole text in memory.
    if (count === undefined) this.words.set(ownCopy(word), 1)
    else this.words.set(word, count + 1)
    if (this.words.size > this.#most) this.#forget()
  }

  #forget(): void {
    for (let rare = 1; this.words.size > this.#most / 2; rare++)
      for (const [word, count] of this.words) if (count <= rare) this.words.delete(word)
  }
}

/** The same text in memory of its own. */
export const ownCopy = (text: string): string => Buffer.from(text).toString()
