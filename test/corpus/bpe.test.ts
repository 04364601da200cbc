import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trainBpe } from '../../src/corpus/bpe.ts'
import { firstMerged, type Vocabulary } from '../../src/corpus/vocabulary.ts'
import { WordCounts } from '../../src/corpus/word-counts.ts'
import { reference } from '../support.ts'
import { prose } from './files.ts'

const counted = (text: string, most?: number): Map<string, number> => {
  const counts = new WordCounts(most)
  counts.add(text)
  return counts.words
}

const mergesOf = ({ tokens, merges }: Vocabulary): string[] =>
  merges.map(({ left, right }) => `${tokens[left]} ${tokens[right]}`)

const { vocabularySize, cases } = reference('bpe') as {
  vocabularySize: number
  cases: { name: string; text: string; merges: string[] }[]
}
for (const { name, text, merges } of cases)
  test(`merges of Python's reference and of Hugging Face's trainer: ${name}`, () => {
    assert.deepEqual(mergesOf(trainBpe(counted(text), vocabularySize)), merges)
  })

test('the size is kept to, and reached only where pairs occur twice', () => {
  const words = counted(prose(1, 3000))
  assert.equal(trainBpe(words, firstMerged).merges.length, 0)
  assert.equal(trainBpe(words, 500).size, 500)
  assert.equal(trainBpe(new Map([['abc', 1]]), 500).size, firstMerged)
  assert.equal(trainBpe(new Map(), 500).size, firstMerged)
})

test('a smaller vocabulary is the beginning of a larger one', () => {
  const words = counted(prose(2, 3000))
  const large = trainBpe(words, 600)
  assert.deepEqual(trainBpe(words, 400).tokens, large.tokens.slice(0, 400))
})

test('words are counted in bounded memory, the frequent ones to the end', () => {
  const text = prose(3, 20_000)
  const all = counted(text)
  const some = counted(text, 1000)
  assert.ok(all.size > 1000)
  assert.ok(some.size <= 1000)
  const [word, count] = [...all].sort((p, q) => q[1] - p[1])[0]
  assert.equal(some.get(word), count)
  assert.deepEqual([...counted(text, 1000)], [...some])
  assert.equal(counted('a'.repeat(257)).size, 0)
  assert.equal(counted('a'.repeat(256)).size, 1)
})
