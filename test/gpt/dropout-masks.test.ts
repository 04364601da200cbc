import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DropoutMasks, dropoutMasks, dropoutRate } from '../../src/gpt/dropout-masks.ts'
import type { Tensor } from '../../src/gpt/graph.ts'
import { attention } from '../../src/gpt/ops/attention.ts'
import { dropout } from '../../src/gpt/ops/dropout.ts'
import { trainingGraph } from '../../src/gpt/step-graph.ts'
import { Tape } from '../../src/gpt/tape.ts'
import { drawn, gridOf, loaded, seeded } from './graphs.ts'
import { nativeEngine } from './models.ts'

/** The masks of a real graph: of the embedding, and in each layer two of attention weights and two of outputs. */
const shape = { dModel: 64, numLayers: 2, numHeads: 4, vocabularySize: 50, contextLength: 256 }
const masksFor = (sequences: number): readonly Tensor[] =>
  trainingGraph(shape, { sequences, block: 128, chunk: 256 }, true).masks

const tensors = masksFor(1)

/** A copy of the masks of a step, by name, as -1 (dropped) and 1 (kept). */
function signs(masks: DropoutMasks, step: number, first = 0): Map<string, Int8Array> {
  masks.fill(step, first)
  return new Map([...masks.arrays].map(([name, values]) => [name, Int8Array.from(values, (v) => (v > 0 ? 1 : -1))]))
}

/** How often elements agree, in standard deviations from what chance gives. */
function agreement(a: Int8Array, b: Int8Array): number {
  const byChance = dropoutRate ** 2 + (1 - dropoutRate) ** 2
  const count = Math.min(a.length, b.length)
  let equal = 0
  for (let i = 0; i < count; i++) if (a[i] === b[i]) equal++
  return (equal - count * byChance) / Math.sqrt(count * byChance * (1 - byChance))
}

test('embedding, attention weights, and the outputs of attention and feed-forward layers are dropped', () => {
  const names = ['weights.0', 'weights.128', 'attention', 'feedForward']
  const expected = ['embedding', ...[0, 1].flatMap((layer) => names.map((name) => `${layer}.${name}`))]
  assert.deepEqual(
    tensors.map(({ name }) => name),
    expected.map((name) => `mask.${name}`),
  )
})

test('nine elements of ten are kept, as 1 / 0.9, in every mask and over all of them', () => {
  const { arrays, fill } = dropoutMasks(tensors, 1, 5)
  fill(1, 0)
  const deviations: number[] = []
  let all = 0
  let kept = 0
  for (const [name, values] of arrays) {
    const count = values.reduce((sum, value) => sum + Number(value > 0), 0)
    const expected = (1 - dropoutRate) * values.length
    deviations.push((count - expected) / Math.sqrt(expected * dropoutRate))
    assert.ok(Math.abs(deviations.at(-1)!) < 4, `${name}: ${count} of ${values.length}`)
    assert.ok(values.every((value) => value === 0 || value === Math.fround(1 / 0.9)))
    all += values.length
    kept += count
  }
  assert.ok(Math.abs(kept - 0.9 * all) < 4 * Math.sqrt(0.09 * all))
  assert.ok(Math.abs(kept / 0.9 / all - 1) < 2e-3, 'so their mean is one')
  // Neither too far off nor too near to be random.
  const spread = deviations.reduce((sum, z) => sum + z * z, 0) / deviations.length
  assert.ok(spread > 0.1 && spread < 3, `${spread}`)
})

test('neighbours are independent, in a row and across rows', () => {
  const all = signs(dropoutMasks(tensors, 1, 6), 3)
  for (const [name, values] of all)
    for (const lag of [1, 2, 3, 4, 8, 63, 64, 65, 128, 256]) {
      const z = agreement(values, values.subarray(lag))
      assert.ok(Math.abs(z) < 4.5, `${name}: ${z} at a distance of ${lag}`)
    }
})

test('masks, sequences, steps and seeds are independent of each other', () => {
  const [embedding, early] = tensors.map(({ name }) => name)
  const here = signs(dropoutMasks(tensors, 1, 7), 4, 2)
  const others = {
    'another mask': signs(dropoutMasks(tensors, 1, 7), 4, 2).get('mask.1.attention')!,
    'the next sequence': signs(dropoutMasks(tensors, 1, 7), 4, 3).get(embedding)!,
    'the next step': signs(dropoutMasks(tensors, 1, 7), 5, 2).get(embedding)!,
    'a later step': signs(dropoutMasks(tensors, 1, 7), 1004, 2).get(embedding)!,
    'another seed': signs(dropoutMasks(tensors, 1, 8), 4, 2).get(embedding)!,
    'step and sequence swapped': signs(dropoutMasks(tensors, 1, 7), 2, 4).get(embedding)!,
  }
  for (const [name, values] of Object.entries(others)) {
    const z = agreement(here.get(embedding)!, values)
    assert.ok(Math.abs(z) < 4.5, `${name}: ${z}`)
  }
  assert.ok(Math.abs(agreement(here.get(early)!, here.get('mask.1.weights.0')!)) < 4.5)
})

test('an element over many steps is kept in nine of ten', () => {
  const few = [{ name: 'few', shape: [1, 16], type: 'float32' }] as const
  const masks = dropoutMasks(few, 1, 9)
  const counts = new Float64Array(16)
  const steps = 4000
  for (let step = 1; step <= steps; step++) {
    masks.fill(step, 0)
    masks.arrays.get('few')!.forEach((value, i) => {
      counts[i] += Number(value > 0)
    })
  }
  for (const count of counts) assert.ok(Math.abs(count - 0.9 * steps) < 4 * Math.sqrt(0.09 * steps), `${counts}`)
})

test('a sequence has the same masks whatever goes through the graph beside it', () => {
  const one = dropoutMasks(tensors, 1, 10)
  const two = dropoutMasks(masksFor(2), 2, 10)
  two.fill(6, 4)
  for (const k of [0, 1]) {
    one.fill(6, 4 + k)
    for (const [name, values] of one.arrays)
      assert.deepEqual(two.arrays.get(name)!.subarray(k * values.length, (k + 1) * values.length), values, name)
  }
})

test('the same name of a step gives the same masks', () => {
  const first = signs(dropoutMasks(tensors, 1, 11), 1)
  const masks = dropoutMasks(tensors, 1, 11)
  masks.fill(2, 0)
  assert.deepEqual(signs(masks, 1), first)
})

test('over many steps the mean of what is dropped is what it would be without: residuals and attention', async () => {
  const heads = { sequences: 2, length: 8, heads: 2, block: 4 }
  const tensors: Tensor[] = [
    { name: 'early', shape: [2, 2, 4, 4], type: 'float32' },
    { name: 'late', shape: [2, 2, 4, 8], type: 'float32' },
    { name: 'residual', shape: [16, 8], type: 'float32' },
  ]
  const masks = dropoutMasks(tensors, 2, 12)
  const grids = tensors.map(({ name, shape }) => [name, gridOf(shape, masks.arrays.get(name)!)] as const)
  const inputs = { qkv: drawn([16, 24], seeded(1)), ...Object.fromEntries(grids) }
  const model = await loaded(await nativeEngine(), inputs, (graph, { qkv, early, late, residual }) => {
    const tape = new Tape(graph)
    const whole = attention(tape, qkv, heads, null)
    const attended = attention(tape, qkv, heads, [early, late])
    return { whole, attended, dropped: dropout(tape, whole, residual) }
  })
  const { whole, attended, dropped } = model.results
  const steps = 4000
  const sums = [attended, dropped].map(({ length }) => ({
    sum: new Float64Array(length),
    squares: new Float64Array(length),
  }))
  for (let step = 1; step <= steps; step++) {
    masks.fill(step, 0)
    await model.run()
    for (const [k, values] of [attended, dropped].entries())
      values.forEach((value, i) => {
        sums[k].sum[i] += value - whole[i]
        sums[k].squares[i] += (value - whole[i]) ** 2
      })
  }
  await model.close()
  for (const { sum, squares } of sums) {
    const deviations = sum.map((value, i) => value / Math.sqrt(squares[i]))
    assert.ok(squares.every((value) => value > 0))
    assert.ok(
      deviations.every((z) => Math.abs(z) < 4.5),
      `${deviations}`,
    )
  }
})
