import assert from 'node:assert/strict'
import { type Random, random } from '../../src/core/random.ts'
import type { Binding, Engine } from '../../src/gpt/engine.ts'
import { Graph, type Tensor } from '../../src/gpt/graph.ts'

/** Numbers of a shape, on the graph's side and on ours. */
export interface Grid {
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
  at(...index: number[]): number
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

export function gridOf(shape: readonly number[], data: Float32Array | BigInt64Array): Grid {
  const at = (...index: number[]) => Number(data[shape.reduce((place, size, axis) => place * size + index[axis], 0)])
  return { shape, data, at }
}

/** Normal numbers. */
export const drawn = (shape: readonly number[], { normal }: Random): Grid =>
  gridOf(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => normal()),
  )

/** Whole numbers below `end`. */
export const drawnIds = (shape: readonly number[], end: number, { integer }: Random): Grid =>
  gridOf(
    shape,
    BigInt64Array.from({ length: sizeOf(shape) }, () => BigInt(integer(end))),
  )

/** Every index of a shape, in the order of memory. */
function* indices(shape: readonly number[]): Generator<number[]> {
  for (let place = 0; place < sizeOf(shape); place++) {
    const index: number[] = []
    let rest = place
    for (const size of shape.toReversed()) {
      index.unshift(rest % size)
      rest = Math.floor(rest / size)
    }
    yield index
  }
}

/** What a tensor has to hold, by index. */
export type Plain = (...index: number[]) => number

/** A graph of these inputs, loaded; `results` are as long as the outputs' declared shapes. */
export async function loaded<Names extends string>(
  engine: Engine,
  inputs: Readonly<Record<string, Grid>>,
  build: (graph: Graph, tensors: Readonly<Record<string, Tensor>>) => Record<Names, Tensor>,
) {
  const graph = new Graph()
  const entries = Object.entries(inputs)
  const tensors = entries.map(([name, { shape, data }]) => {
    const type = data instanceof Float32Array ? 'float32' : 'int64'
    return [name, graph.input(name, shape, type)] as const
  })
  const outputs = Object.entries<Tensor>(build(graph, Object.fromEntries(tensors)))
  const bindings = outputs.map(([name, tensor]): [string, Binding] => {
    graph.output(`out.${name}`, tensor)
    return [`out.${name}`, { data: new Float32Array(sizeOf(tensor.shape)), shape: tensor.shape }]
  })
  const runner = await engine.load(graph.encode(), new Map(entries), new Map(bindings))
  const results = Object.fromEntries(outputs.map(([name], i) => [name, bindings[i][1].data as Float32Array]))
  return { ...runner, graph, results: results as Record<Names, Float32Array> }
}

/** Runs a graph of these inputs and asserts that each output has its declared shape and holds what plain JavaScript gives. */
export async function check(
  engine: Engine,
  inputs: Readonly<Record<string, Grid>>,
  build: (graph: Graph, tensors: Readonly<Record<string, Tensor>>) => Record<string, [Tensor, Plain]>,
): Promise<void> {
  let expected: Record<string, [Tensor, Plain]> = {}
  const { run, close, results } = await loaded(engine, inputs, (graph, tensors) => {
    expected = build(graph, tensors)
    return Object.fromEntries(Object.entries(expected).map(([name, [tensor]]) => [name, tensor]))
  })
  await run()
  await close()
  for (const [name, [{ shape }, plain]] of Object.entries(expected)) {
    const values = Array.from(indices(shape), (index) => plain(...index))
    values.forEach((value, i) => {
      const error = Math.abs(results[name][i] - value) / Math.max(1, Math.abs(value))
      assert.ok(error < 2e-6, `${name} of [${shape}] at ${i}: ${results[name][i]}, not ${value}`)
    })
  }
}

export const seeded = (seed: number): Random => random(seed, 17)
