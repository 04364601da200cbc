import unicode from './unicode.json' with { type: 'json' }

/**
 * The cuts that no token crosses: GPT-2's (Radford et al. 2019), as Hugging Face's `ByteLevel` pre-tokenizer makes them,
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * by hand and with that library's classes of characters (`scripts/unicode-classes.ts`): JavaScript's \s has other members, its
 * \p{L} grows with Node, and the regular expression takes four times as long.
 */

const letter = 1
const number = 2
const white = 3

/** The class of every code point; 0 is that of all others. */
const classes = new Uint8Array(0x110000)
for (const [kind, ranges] of [
  [letter, unicode.letters],
  [number, unicode.numbers],
  [white, unicode.spaces],
] as const)
  for (let i = 0; i < ranges.length; i += 2) classes.fill(kind, ranges[i], ranges[i + 1] + 1)

const space = 0x20
const apostrophe = 0x27
/** Where the code units begin of which a character takes two. */
const surrogates = 0xd800

/** Where the word ends that starts at `start`, in UTF-16 code units. The text must be well-formed and longer than `start`. */
export function wordEnd(text: string, start: number): number {
  const code = text.charCodeAt(start)
  if (code === apostrophe) {
    const length = contractionLength(text, start + 1)
    if (length > 0) return start + 1 + length
  }
  const first = code === space && start + 1 < text.length ? start + 1 : start
  const kind = classes[text.codePointAt(first)!]
  if (kind !== white) return runEnd(text, first, kind)
  const end = runEnd(text, start, white)
  // The last character of white space belongs to what follows it, or stands alone.
  return end === text.length || end === start + 1 ? end : end - 1
}

/** The end of the characters of one class. */
function runEnd(text: string, start: number, kind: number): number {
  let end = start
  while (end < text.length) {
    let code = text.charCodeAt(end)
    let length = 1
    if (code >= surrogates) {
      code = text.codePointAt(end)!
      if (code > 0xffff) length = 2
    }
    if (classes[code] !== kind) return end
    end += length
  }
  return end
}

/** Of the letters behind an apostrophe that belong to it: s, t, m, d, re, ve, ll; else 0. */
function contractionLength(text: string, start: number): number {
  switch (text[start]) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 1
    case 'r':
    case 'v':
      return text[start + 1] === 'e' ? 2 : 0
    case 'l':
      return text[start + 1] === 'l' ? 2 : 0
    default:
      return 0
  }
}
