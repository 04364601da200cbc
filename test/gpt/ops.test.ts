import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Random, random } from '../../src/core/random.ts'
import type { Tensor } from '../../src/gpt/graph.ts'
import { add } from '../../src/gpt/ops/add.ts'
import { attention, blocksOf } from '../../src/gpt/ops/attention.ts'
import { crossEntropy } from '../../src/gpt/ops/cross-entropy.ts'
import { dropout } from '../../src/gpt/ops/dropout.ts'
import { embedding } from '../../src/gpt/ops/embedding.ts'
import { gelu } from '../../src/gpt/ops/gelu.ts'
import { layerNorm } from '../../src/gpt/ops/layer-norm.ts'
import { linear } from '../../src/gpt/ops/linear.ts'
import { plus, Tape } from '../../src/gpt/tape.ts'
import { drawn, drawnIds, type Grid, gridOf, loaded, seeded, sizeOf } from './graphs.ts'
import { nativeEngine } from './models.ts'

const engine = await nativeEngine()

type Build = (tape: Tape, tensors: Readonly<Record<string, Tensor>>) => Tensor

/** An operation with numbers to go in; `fixed` are those that have no derivative. */
interface Case {
  readonly inputs: Readonly<Record<string, Grid>>
  readonly fixed?: Readonly<Record<string, Grid>>
  readonly build: Build
}

/**
 * Asserts that the derivatives of a random weighting of an operation's result are its slopes: along a random direction of each
 * input and along single elements. The weighting is added up here, in float64, since a float32 loss would hide small slopes.
 */
async function slopesAgree({ inputs, fixed = {}, build }: Case, seed: number): Promise<void> {
  const stream = random(seed, 5)
  const wanted = Object.keys(inputs)
  let y: Tensor | null = null
  const model = await loaded(engine, { ...inputs, ...fixed }, (graph, tensors) => {
    const tape = new Tape(graph)
    y = build(tape, tensors)
    // A loss that has no weighting, as it is the end of its tape, is a single number.
    const weights = graph.constant('weights', y.shape, weightsOf(y, stream))
    const result = y
    const total =
      y.shape.length === 0 ? y : tape.record(graph.total(graph.multiply(y, weights)), [y], () => [plus(graph, weights)])
    const gradients = tape.differentiate(
      total,
      wanted.map((name) => tensors[name]),
    )
    return { result, ...Object.fromEntries(wanted.map((name, i) => [`d.${name}`, gradients[i]])) } as Record<
      string,
      Tensor
    >
  })
  const weighting = weightsOf(y!, random(seed, 5))
  const loss = async () => {
    await model.run()
    return model.results.result.reduce((sum, value, i) => sum + value * weighting[i], 0)
  }
  await loss()
  const gradients = wanted.map((name) => Float64Array.from(model.results[`d.${name}`]))
  for (const [i, name] of wanted.entries())
    for (const direction of directions(gradients[i].length, stream)) {
      const expected = await slope(loss, inputs[name].data as Float32Array, direction)
      const found = gradients[i].reduce((sum, value, k) => sum + value * direction[k], 0)
      const error = Math.abs(found - expected) / Math.max(0.1, Math.hypot(...gradients[i]))
      assert.ok(error < 1e-3, `${name} [${inputs[name].shape}]: ${found}, not ${expected}`)
    }
  await model.close()
}

/** One for a lone number. */
const weightsOf = ({ shape }: Tensor, stream: Random): Float32Array =>
  shape.length === 0 ? Float32Array.of(1) : (drawn(shape, stream).data as Float32Array)

/** A random one, and two single elements; all of length one. */
function directions(size: number, { normal, integer }: Random): number[][] {
  const values = Array.from({ length: size }, () => normal())
  const length = Math.hypot(...values)
  const single = (k: number) => values.map((_, i) => Number(i === k))
  return [values.map((value) => value / length), single(integer(size)), single(integer(size))]
}

/** Central differences at two steps, extrapolated. */
async function slope(loss: () => Promise<number>, data: Float32Array, direction: readonly number[]): Promise<number> {
  const start = Float32Array.from(data)
  const lossAt = async (h: number) => {
    for (let i = 0; i < data.length; i++) data[i] = start[i] + h * direction[i]
    return loss()
  }
  const at = async (h: number) => ((await lossAt(h)) - (await lossAt(-h))) / (2 * h)
  const value = (4 * (await at(0.02)) - (await at(0.04))) / 3
  data.set(start)
  return value
}

const size = (most: number) => fc.integer({ min: 1, max: most })
const seeds = fc.nat(1000)

const maskOf = (shape: readonly number[], seed: number): Grid => {
  const { uniform } = random(seed, 6)
  return gridOf(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => (uniform() < 0.2 ? 0 : 1.25)),
  )
}

/** For each operation, cases of random shapes. */
const operations: Record<string, fc.Arbitrary<Case>> = {
  add: fc.tuple(size(5), size(5), seeds).map(([rows, width, seed]) => ({
    inputs: { a: drawn([rows, width], seeded(seed)), b: drawn([rows, width], seeded(seed + 1)) },
    // The sum is used twice, and so is a.
    build: (tape, { a, b }) => add(tape, add(tape, a, b), a),
  })),

  dropout: fc.tuple(size(5), size(5), seeds).map(([rows, width, seed]) => ({
    inputs: { x: drawn([rows, width], seeded(seed)) },
    fixed: { mask: maskOf([rows, width], seed) },
    build: (tape, { x, mask }) => dropout(tape, x, mask),
  })),

  embedding: fc.tuple(size(3), size(5), size(5), seeds).map(([sequences, length, width, seed]) => ({
    inputs: {
      tokens: drawn([sequences * length, width], seeded(seed)),
      positions: drawn([length, width], seeded(seed + 1)),
    },
    build: (tape, { tokens, positions }) => embedding(tape, tokens, positions),
  })),

  gelu: fc.tuple(size(5), size(9), seeds).map(([rows, width, seed]) => ({
    inputs: { x: drawn([rows, width], seeded(seed)) },
    build: (tape, { x }) => gelu(tape, x),
  })),

  // A width of two has normals of ±1 alone, whose slope is nothing.
  layerNorm: fc.tuple(size(5), fc.integer({ min: 3, max: 9 }), seeds).map(([rows, width, seed]) => ({
    inputs: { x: drawn([rows, width], seeded(seed)), weight: drawn([width], seeded(seed + 1)) },
    build: (tape, { x, weight }) => layerNorm(tape, x, weight),
  })),

  linear: fc.tuple(size(5), size(5), size(5), seeds).map(([rows, inputs, outputs, seed]) => ({
    inputs: {
      x: drawn([rows, inputs], seeded(seed)),
      weight: drawn([inputs, outputs], seeded(seed + 1)),
      other: drawn([inputs, outputs], seeded(seed + 3)),
      bias: drawn([outputs], seeded(seed + 2)),
    },
    // x goes into two, so that the second derivative is added within its product.
    build: (tape, { x, weight, bias, other }) => add(tape, linear(tape, x, weight, bias), linear(tape, x, other)),
  })),

  attention: fc
    .tuple(size(2), size(3), size(3), fc.tuple(size(3), size(3)), fc.boolean(), seeds)
    .map(([sequences, heads, headWidth, [blocks, block], masked, seed]) => {
      const shape = { sequences, heads, length: blocks * block, block }
      const masks = blocksOf(shape).map(
        ({ to }, i) => [`mask${i}`, maskOf([sequences, heads, block, to], seed + i)] as const,
      )
      const names = masks.map(([name]) => name)
      return {
        inputs: { qkv: drawn([sequences * shape.length, 3 * heads * headWidth], seeded(seed)) },
        fixed: masked ? Object.fromEntries(masks) : {},
        build: (tape, tensors) =>
          attention(tape, tensors.qkv, shape, masked ? names.map((name) => tensors[name]) : null),
      }
    }),

  crossEntropy: fc
    .tuple(size(7), size(5), fc.integer({ min: 2, max: 9 }), size(8), seeds)
    .map(([rows, width, vocabulary, chunk, seed]) => ({
      inputs: { h: drawn([rows, width], seeded(seed)), weight: drawn([width, vocabulary], seeded(seed + 1)) },
      fixed: { targets: drawnIds([rows], vocabulary, seeded(seed + 2)) },
      build: (tape, { h, weight, targets }) => crossEntropy(tape, h, weight, targets, chunk),
    })),
}

for (const [name, cases] of Object.entries(operations))
  test(`${name}: derivatives are slopes`, () =>
    fc.assert(fc.asyncProperty(cases, seeds, slopesAgree), { numRuns: name === 'attention' ? 12 : 6, seed: 2 }))
