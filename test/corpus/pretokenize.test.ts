import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { byteLevelPreTokenizer } from 'tokenizers'
import { wordEnd } from '../../src/corpus/pretokenize.ts'
import unicode from '../../src/corpus/unicode.json' with { type: 'json' }
import { nasty, prose } from './files.ts'

const splitter = byteLevelPreTokenizer(false)

/** The lengths of words in bytes: the library writes a byte as one character. */
const theirs = (text: string): number[] => splitter.preTokenizeString(text).map(([word]) => [...word].length)

function ours(text: string): number[] {
  const lengths: number[] = []
  for (let start = 0; start < text.length; ) {
    const end = wordEnd(text, start)
    lengths.push(Buffer.byteLength(text.slice(start, end)))
    start = end
  }
  return lengths
}

test('words are cut where Hugging Face cuts them', () => {
  for (const text of [...nasty, ...nasty.map((text) => `x${text}x`), prose(1, 5000)])
    assert.deepEqual(ours(text), theirs(text), JSON.stringify(text.slice(0, 80)))
})

test('so is any text', () => {
  const piece = fc.constantFrom(
    ' ',
    '  ',
    '\n',
    "'",
    "'s",
    "'ll",
    'a',
    'B',
    '1',
    '½',
    '!',
    '\u0085',
    '\ufeff',
    'é',
    '😀',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(piece).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, (text) => {
      assert.deepEqual(ours(text), theirs(text))
    }),
    { numRuns: 2000, seed: 1 },
  )
})

test('the table of classes is the library’s, at both ends of every range and beside them', () => {
  const codes = [unicode.letters, unicode.numbers, unicode.spaces].flat().flatMap((code) => [code - 1, code, code + 1])
  for (const code of new Set(codes)) {
    const character = String.fromCodePoint(code)
    if (!character.isWellFormed()) continue
    for (const left of ['a', '1', '!', ' '])
      assert.deepEqual(ours(left + character), theirs(left + character), `${left} U+${code.toString(16)}`)
  }
})
