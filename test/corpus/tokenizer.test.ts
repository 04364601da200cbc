import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Tokenizer as HuggingFace } from 'tokenizers'
import { trainBpe } from '../../src/corpus/bpe.ts'
import { openTokenizer, Tokenizer, tokenizerText } from '../../src/corpus/tokenizer.ts'
import { separatorToken, Vocabulary } from '../../src/corpus/vocabulary.ts'
import { WordCounts } from '../../src/corpus/word-counts.ts'
import { nasty, prose, write } from './files.ts'

const training = [prose(1, 20_000), ...nasty, ...nasty].join('\n')
const counts = new WordCounts()
counts.add(training)
const vocabulary = trainBpe(counts.words, 1500)
const ours = new Tokenizer(vocabulary)
const file = write('tokenizer.json', tokenizerText(vocabulary))
const theirs = HuggingFace.fromFile(file)

const theirIds = async (text: string): Promise<number[]> => (await theirs.encode(text)).getIds()

/** An encoder by definition: the merges one after the other, each wherever it applies. */
function slowly(word: string): number[] {
  let tokens = [...new Tokenizer(new Vocabulary()).encode(word)]
  for (const { left, right, merged } of vocabulary.merges)
    for (let i = 0; i + 1 < tokens.length; i++)
      if (tokens[i] === left && tokens[i + 1] === right) tokens = tokens.toSpliced(i, 2, merged)
  return tokens
}

test('tokenizer.json loads in Hugging Face’s library, with the same ids', () => {
  assert.equal(theirs.getVocabSize(true), 1500)
  for (const [id, token] of vocabulary.tokens.entries()) assert.equal(theirs.tokenToId(token), id)
})

test('equal ids on nasty texts, and back', async () => {
  for (const text of [...nasty, prose(2, 3000), nasty.join('')]) {
    const tokens = ours.encode(text)
    assert.deepEqual([...tokens], await theirIds(text), JSON.stringify(text.slice(0, 80)))
    assert.equal(ours.decode(tokens), text)
    assert.equal(await theirs.decode([...tokens], false), text)
  }
})

test('equal ids on any text, and back', async () => {
  const unit = fc.constantFrom<'binary' | 'grapheme'>('binary', 'grapheme')
  const text = unit.chain((unit) => fc.string({ unit, maxLength: 60 }))
  const words = fc.array(fc.constantFrom(...training.slice(0, 5000).split(' '))).map((list) => list.join(' '))
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, words), async (text) => {
      if (text.includes(separatorToken)) return
      const tokens = ours.encode(text)
      assert.deepEqual([...tokens], await theirIds(text))
      assert.equal(ours.decode(tokens), text)
    }),
    { numRuns: 1000, seed: 1 },
  )
})

test('words are encoded as merging in order does', () => {
  for (const word of prose(3, 300).split(/\s+/)) assert.deepEqual([...ours.encode(word)], slowly(word), word)
})

test('a separator in a text is letters, never the token; Hugging Face’s own encode makes it the token', async () => {
  const text = `before${separatorToken}after`
  const tokens = ours.encode(text)
  assert.ok(!tokens.includes(0))
  assert.equal(ours.decode(tokens), text)
  assert.ok((await theirIds(text)).includes(0))
  const plain = JSON.parse(tokenizerText(vocabulary))
  plain.added_tokens = []
  assert.deepEqual([...tokens], (await HuggingFace.fromString(JSON.stringify(plain)).encode(text)).getIds())
})

test('a word of a megabyte takes no longer than its length asks', () => {
  const started = performance.now()
  assert.equal(ours.decode(ours.encode('ab'.repeat(1 << 19))).length, 1 << 20)
  assert.ok(performance.now() - started < 10_000)
})

test('bytes that are no UTF-8, and separators, decode to what can be shown', () => {
  const [, ...bytes] = [0, ...ours.encode('é')]
  const halves = new Tokenizer(new Vocabulary()).encode('é')
  assert.equal(ours.decode([0, ...bytes, 0]), 'é')
  assert.equal(ours.decode([halves[0]]), '\ufffd')
})

test('a tokenizer comes back from its file, and from no other', () => {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const text = readFileSync(file, 'utf8')
  assert.deepEqual(openTokenizer(dirname(file), hash(text)).vocabulary.tokens, vocabulary.tokens)
  assert.throws(() => openTokenizer(dirname(file), hash('')), { code: 'CORPUS_INVALID' })
  for (const strange of ['', '{}', '{"model":{"merges":[["a"]]}}', '{"model":{"merges":["a nowhere"]}}', ` ${text}`]) {
    const folder = dirname(write(`strange/tokenizer.json`, strange))
    assert.throws(() => openTokenizer(folder, hash(strange)), { code: 'CORPUS_INVALID' })
  }
  assert.throws(() => openTokenizer('nowhere', hash('')), { code: 'CORPUS_INVALID' })
})
