import { adamwStep } from './adamw.ts'
import type { Sequence } from './batches.ts'
import { dropoutMasks } from './dropout-masks.ts'
import type { Binding, Engine } from './engine.ts'
import type { ModelShape } from './model.ts'
import { type Layout, layoutOf, type Placed, type State } from './state.ts'
import { type Cut, evaluationGraph, names, tableOfTokens, trainingGraph } from './step-graph.ts'

/** A model on an engine, whose weights `step` changes in place. */
export interface Trainer {
  /**
   * One optimizer step on these sequences, as many as the batch has. Gives their mean loss before the step, and the norm of the
   * gradient before clipping; where either is not finite the weights stay as they were. Null, and nothing done, where the signal
   * came within the step.
   */
  step(options: StepOptions): Promise<{ readonly loss: number; readonly gradientNorm: number } | null>
  /** The mean loss of these sequences without dropout. */
  evaluate(sequences: readonly Sequence[]): Promise<number>
  /**
   * The gradients of the last step, summed over the groups of sequences that went through the graph at once: a step uses them times
   * the group's part of the batch. `[layout.size]`
   */
  readonly gradients: Float32Array
  readonly layout: Layout
  /** FLOPs of the matrix products that a sequence takes, forward and backward. */
  readonly sequenceFlops: number
  close(): Promise<void>
}

export interface StepOptions {
  readonly sequences: readonly Sequence[]
  /** Counted from 1. */
  readonly step: number
  readonly learningRate: number
  readonly signal?: AbortSignal
}

export interface TrainerOptions {
  readonly shape: ModelShape
  readonly cut: Cut
  readonly state: State
  readonly seed: number
  /** False for tests that compare with a model without it. */
  readonly dropout: boolean
}

/** Loads the graphs of a model on an engine. The caller closes it. */
export async function openTrainer(engine: Engine, options: TrainerOptions): Promise<Trainer> {
  const { shape, cut, state, seed } = options
  const layout = layoutOf(shape)
  const gradients = new Float32Array(layout.size)
  const text = textMemory(cut, shape)
  const rows = new Float32Array(cut.sequences * shape.contextLength * shape.dModel)
  const loss = new Float32Array(1)
  const weights = new Map(layout.parameters.map((placed) => [placed.name, slot(state.weights, placed)]))

  const graph = trainingGraph(shape, cut, options.dropout)
  const masks = dropoutMasks(graph.masks, cut.sequences, seed)
  const dense = layout.parameters.filter(({ name }) => name !== tableOfTokens)
  const training = await engine.load(
    graph.bytes,
    new Map([
      ...weights,
      ...text.bindings,
      ...graph.masks.map(({ name, shape }) => [name, { data: masks.arrays.get(name)!, shape }] as const),
      ...dense.map((placed) => [names.sum(placed.name), slot(gradients, placed)] as const),
    ]),
    new Map<string, Binding>([
      [names.loss, { data: loss, shape: [] }],
      [names.rows, { data: rows, shape: [rows.length / shape.dModel, shape.dModel] }],
      ...dense.map((placed) => [names.gradient(placed.name), slot(gradients, placed)] as const),
    ]),
  )
  // One sequence at a time: any number of them can be asked for.
  const alone = { ...cut, sequences: 1 }
  const textAlone = textMemory(alone, shape)
  const evaluation = await engine.load(
    evaluationGraph(shape, alone).bytes,
    new Map([...weights, ...textAlone.bindings]),
    new Map([[names.loss, { data: loss, shape: [] }]]),
  )

  /** Calls `run` for every group of sequences, which it finds in this memory; gives the mean loss. */
  const meanLoss = async (
    sequences: readonly Sequence[],
    { atOnce, set }: TextMemory,
    run: (first: number) => Promise<void>,
  ): Promise<number> => {
    if (sequences.length === 0 || sequences.length % atOnce > 0)
      throw new Error(`${sequences.length} sequences are no groups of ${atOnce}`)
    let sum = 0
    for (let first = 0; first < sequences.length; first += atOnce) {
      set(sequences.slice(first, first + atOnce))
      await run(first)
      sum += loss[0]
    }
    return (sum * atOnce) / sequences.length
  }
  const table = layout.parameters.find(({ name }) => name === tableOfTokens)!

  return {
    layout,
    gradients,
    sequenceFlops: graph.matrixFlops / cut.sequences,
    async step({ sequences, step, learningRate, signal }) {
      gradients.fill(0)
      const mean = await meanLoss(sequences, text, async (first) => {
        if (signal?.aborted) return
        masks.fill(step, first)
        await training.run()
        addRows(gradients, table, rows, text.ids)
      })
      if (signal?.aborted) return null
      const factor = cut.sequences / sequences.length
      if (!Number.isFinite(mean)) return { loss: mean, gradientNorm: Number.NaN }
      return { loss: mean, gradientNorm: adamwStep(state, gradients, { step, learningRate, factor }) }
    },
    evaluate: (sequences) => meanLoss(sequences, textAlone, () => evaluation.run()),
    async close() {
      await training.close()
      await evaluation.close()
    },
  }
}

/** A parameter's part of a flat array. */
const slot = (flat: Float32Array, { from, to, shape }: Placed): Binding => ({ data: flat.subarray(from, to), shape })

/** The memory that token ids are put into. */
function textMemory({ sequences }: Cut, { contextLength }: ModelShape) {
  const rows = sequences * contextLength
  const ids = new BigInt64Array(rows)
  const targets = new BigInt64Array(rows)
  return {
    ids,
    /** Sequences that it holds. */
    atOnce: sequences,
    bindings: [
      [names.ids, { data: ids, shape: [rows] }],
      [names.targets, { data: targets, shape: [rows] }],
    ] as [string, Binding][],
    set(group: readonly Sequence[]) {
      group.forEach((sequence, k) => {
        for (let i = 0; i < contextLength; i++) {
          ids[k * contextLength + i] = BigInt(sequence.ids[i])
          targets[k * contextLength + i] = BigInt(sequence.targets[i])
        }
      })
    },
  }
}

type TextMemory = ReturnType<typeof textMemory>

/** Adds each row to the row of the table that its token names, in order: equal sums every time. */
function addRows(gradients: Float32Array, table: Placed, rows: Float32Array, ids: BigInt64Array): void {
  const width = table.shape[1]
  for (let row = 0; row < ids.length; row++) {
    const to = table.from + Number(ids[row]) * width
    const from = row * width
    for (let j = 0; j < width; j++) gradients[to + j] += rows[from + j]
  }
}
