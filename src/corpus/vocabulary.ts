/**
 * The tokens of a byte-level BPE: the separator, the 256 bytes, and what merges made of them. A token is written in GPT-2's
 * alphabet of bytes, in which every byte is one visible character.
 */

export const separatorToken = '<|endoftext|>'
/** The id of the separator. */
export const separator = 0
/** Ids below this are the separator and the bytes: the smallest vocabulary has so many. */
export const firstMerged = 257

/** Bytes that stand for themselves in the alphabet come first, in the order that Hugging Face's trainer gives them. */
const isVisible = (byte: number): boolean =>
  (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad && byte <= 0xff)

const allBytes = Array.from({ length: 256 }, (_, byte) => byte)
const bytesInOrder = [...allBytes.filter(isVisible), ...allBytes.filter((byte) => !isVisible(byte))]
const invisible = allBytes.filter((byte) => !isVisible(byte))

/** The token of every byte. */
export const tokenOfByte = Uint16Array.from(allBytes, (byte) => 1 + bytesInOrder.indexOf(byte))

const letterOfByte = (byte: number): string =>
  String.fromCharCode(isVisible(byte) ? byte : 256 + invisible.indexOf(byte))

const byteOfLetter = new Map(allBytes.map((byte) => [letterOfByte(byte), byte]))

/** Two tokens and the one that they become. */
export interface Merge {
  readonly left: number
  readonly right: number
  readonly merged: number
}

/** Tokens that grow by merging. */
export class Vocabulary {
  /** By id, in the alphabet of bytes. */
  readonly tokens: string[] = [separatorToken, ...bytesInOrder.map(letterOfByte)]
  /** First the ones that an encoder prefers. */
  readonly merges: Merge[] = []
  readonly #ids = new Map(this.tokens.map((token, id) => [token, id]))

  get size(): number {
    return this.tokens.length
  }

  /** The id of a token; undefined where there is none. */
  idOf(token: string): number | undefined {
    return this.#ids.get(token)
  }

  /** Adds a merge; gives its token, which is an old one where other merges made the same text before. */
  merge(left: number, right: number): number {
    const token = this.tokens[left] + this.tokens[right]
    const merged = this.#ids.get(token) ?? this.tokens.push(token) - 1
    this.#ids.set(token, merged)
    this.merges.push({ left, right, merged })
    return merged
  }

  /** The bytes of a token; none for the separator. */
  bytesOf(id: number): Uint8Array {
    if (id === separator) return new Uint8Array()
    return Uint8Array.from(this.tokens[id], (letter) => byteOfLetter.get(letter)!)
  }
}

/** Two tokens as one number, ordered by the left one, then by the right one. */
export const pairKey = (left: number, right: number): number => left * 0x10000 + right
