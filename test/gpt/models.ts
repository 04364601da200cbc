import type { Sequence } from '../../src/gpt/batches.ts'
import { type Binding, type Engine, openEngine } from '../../src/gpt/engine.ts'
import type { ModelShape } from '../../src/gpt/model.ts'
import { layoutOf, type Placed } from '../../src/gpt/state.ts'
import { type Cut, evaluationGraph, names, tableOfTokens, trainingGraph } from '../../src/gpt/step-graph.ts'
import { hashedMask } from './hashed.ts'

/** The native engine of the tests. */
export const nativeEngine = (threads = 1): Promise<Engine> => openEngine({ device: 'cpu', threads })

/** The model that scripts/reference/gpt.py pins; the text is three sequences. */
export const pinnedShape: ModelShape = { dModel: 12, numLayers: 2, numHeads: 3, vocabularySize: 37, contextLength: 32 }
/** Four blocks of queries; the third chunk of logits is a short one. */
export const pinnedCut: Cut = { sequences: 3, block: 8, chunk: 40 }

export interface Probe {
  /** What the graph reads, as the masks: change them between runs. */
  readonly weights: Float32Array
  readonly gradients: Float32Array
  readonly masks: ReadonlyMap<string, Float32Array>
  /** The loss of the sequences, whose gradients are then in `gradients`. */
  run(): Promise<number>
  close(): Promise<void>
}

export interface ProbeOptions {
  readonly shape: ModelShape
  readonly cut: Cut
  readonly weights: Float32Array
  readonly sequences: readonly Sequence[]
  readonly masked: boolean
}

/**
 * The training graph bound by hand, with the dropout masks of `hashed.ts`: what the trainer does, but for the masks, and the
 * token embedding's gradient added up in another way.
 */
export async function openProbe(
  engine: Engine,
  { shape, cut, weights, sequences, masked }: ProbeOptions,
): Promise<Probe> {
  const { parameters, size } = layoutOf(shape)
  const gradients = new Float32Array(size)
  const loss = new Float32Array(1)
  const text = bindingsOf(sequences)
  const rows = new Float32Array(text.ids.data.length * shape.dModel)
  const graph = trainingGraph(shape, cut, masked)
  const dense = parameters.filter(({ name }) => name !== tableOfTokens)
  const zero = dense.map((placed) => [names.sum(placed.name), slot(new Float32Array(size), placed)] as const)
  const masks = graph.masks.map((mask) => [mask.name, { data: hashedMask(shape, mask), shape: mask.shape }] as const)
  const { run, close } = await engine.load(
    graph.bytes,
    new Map([
      ...parameters.map((p) => [p.name, slot(weights, p)] as const),
      ...Object.entries(text),
      ...zero,
      ...masks,
    ]),
    new Map([
      [names.loss, { data: loss, shape: [] }],
      [names.rows, { data: rows, shape: [text.ids.data.length, shape.dModel] }],
      ...dense.map((placed) => [names.gradient(placed.name), slot(gradients, placed)] as const),
    ]),
  )
  const table = parameters.find(({ name }) => name === tableOfTokens)!
  return {
    weights,
    gradients,
    masks: new Map(masks.map(([name, { data }]) => [name, data])),
    async run() {
      await run()
      const sums = new Float64Array(table.to - table.from)
      rows.forEach((value, i) => {
        sums[Number(text.ids.data[Math.floor(i / shape.dModel)]) * shape.dModel + (i % shape.dModel)] += value
      })
      gradients.set(sums, table.from)
      return loss[0]
    },
    close,
  }
}

/** The loss of sequences by the evaluation graph. */
export async function lossOn(engine: Engine, { shape, cut, weights, sequences }: ProbeOptions): Promise<number> {
  const loss = new Float32Array(1)
  const { run, close } = await engine.load(
    evaluationGraph(shape, cut).bytes,
    new Map([
      ...layoutOf(shape).parameters.map((p) => [p.name, slot(weights, p)] as const),
      ...Object.entries(bindingsOf(sequences)),
    ]),
    new Map([[names.loss, { data: loss, shape: [] }]]),
  )
  await run()
  await close()
  return loss[0]
}

const slot = (flat: Float32Array, { from, to, shape }: Placed): Binding => ({ data: flat.subarray(from, to), shape })

function bindingsOf(sequences: readonly Sequence[]) {
  const flat = (side: 'ids' | 'targets') => {
    const data = BigInt64Array.from(
      sequences.flatMap((sequence) => [...sequence[side]]),
      BigInt,
    )
    return { data, shape: [data.length] }
  }
  return { [names.ids]: flat('ids'), [names.targets]: flat('targets') }
}

/** The largest error over the largest absolute value. */
export function worstError(actual: ArrayLike<number>, exact: ArrayLike<number>): number {
  let error = 0
  let size = 0
  for (let i = 0; i < exact.length; i++) {
    // Not Math.max alone: it would keep a NaN out of sight only if it came first.
    error = Number.isNaN(actual[i]) ? Number.NaN : Math.max(error, Math.abs(actual[i] - exact[i]))
    size = Math.max(size, Math.abs(exact[i]))
    if (Number.isNaN(error)) return error
  }
  return error / size
}
