import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluationSequences, type Sequence, type Tokens, trainingSequences, windowsIn } from '../../src/gpt/batches.ts'

/** A text whose tokens are their places. */
function counted(size: number): Tokens & { readonly asked: [number, number][] } {
  const tokens = Uint16Array.from({ length: size }, (_, i) => i)
  const asked: [number, number][] = []
  return {
    size,
    asked,
    read(from, length) {
      assert.ok(from >= 0 && from + length <= size, `${from}, ${length}`)
      asked.push([from, length])
      return tokens.slice(from, from + length)
    },
  }
}

const places = (length: number, at: (index: number) => Sequence) => Array.from({ length }, (_, i) => at(i).ids[0] / 512)
const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)

test('a window has 513 tokens: each of 512 and the one after it', () => {
  const text = counted(5000)
  const { ids, targets } = trainingSequences(text, 512, 1)(0)
  assert.deepEqual(
    text.asked.map(([, length]) => length),
    [513],
  )
  assert.equal(ids.length, 512)
  assert.deepEqual(
    targets,
    ids.map((id) => id + 1),
  )
  assert.equal(ids[0] % 512, 0)
})

test('every pass takes each window once, in another order', () => {
  const windows = 40
  const at = trainingSequences(counted(512 * windows + 1), 512, 1)
  const pass = (n: number) => places(windows, (i) => at(n * windows + i))
  const passes = [pass(0), pass(1), pass(2)]
  for (const order of passes)
    assert.deepEqual(
      sorted(order),
      Array.from({ length: windows }, (_, i) => i),
    )
  assert.notDeepEqual(passes[0], sorted(passes[0]))
  assert.notDeepEqual(passes[0], passes[1])
  assert.notDeepEqual(passes[1], passes[2])
})

test('seed and index alone say which window it is, in whatever order they are asked for', () => {
  const windows = 25
  const text = counted(512 * windows + 1)
  const forward = places(3 * windows, trainingSequences(text, 512, 4))
  const again = trainingSequences(text, 512, 4)
  const backward = places(3 * windows, (i) => again(3 * windows - 1 - i)).toReversed()
  assert.deepEqual(backward, forward)
  assert.notDeepEqual(places(3 * windows, trainingSequences(text, 512, 5)), forward)
})

test('every order is as likely: over many seeds each window comes first as often', () => {
  const windows = 6
  const text = counted(512 * windows + 1)
  const counts = new Float64Array(windows)
  const seeds = 3000
  for (let seed = 0; seed < seeds; seed++) counts[trainingSequences(text, 512, seed)(0).ids[0] / 512]++
  const expected = seeds / windows
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  assert.ok(chiSquare < 25.7, `${counts}`) // 1 in 10,000 with five degrees of freedom
})

test('a window needs the token after it', () => {
  assert.deepEqual(
    [0, 1, 512, 513, 1024, 1025].map((size) => windowsIn(counted(size), 512)),
    [0, 0, 0, 1, 1, 2],
  )
})

test('evaluation takes whole windows, spread evenly, always the same', () => {
  const text = counted(512 * 100 + 300)
  const held = evaluationSequences(text, 512, 10)
  assert.deepEqual(
    held.map(({ ids }) => ids[0] / 512),
    [0, 10, 20, 30, 40, 50, 60, 70, 80, 90],
  )
  assert.deepEqual(evaluationSequences(text, 512, 10), held)
  const odd = evaluationSequences(text, 512, 70).map(({ ids }) => ids[0] / 512)
  assert.equal(new Set(odd).size, 70)
  assert.equal(evaluationSequences(text, 512, 1000).length, 100)
})
