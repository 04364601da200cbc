import { Graph, type Tensor } from './graph.ts'
import { embedded, type ModelShape, parametersOf, type Supplies, transformer } from './model.ts'
import { crossEntropy } from './ops/cross-entropy.ts'
import { Tape } from './tape.ts'

/** How a step's work is cut up. None of it changes what is computed, beyond rounding. */
export interface Cut {
  /** Sequences that go through the graph at once. */
  readonly sequences: number
  /** Queries that attend at once; it divides the context length. */
  readonly block: number
  /** Rows of logits at once. */
  readonly chunk: number
}

/** A graph, and the names of what goes in and out besides weights. */
export interface StepGraph {
  readonly bytes: Uint8Array
  /** Dropout masks to be fed, in order. */
  readonly masks: readonly Tensor[]
  /** FLOPs of its matrix products. */
  readonly matrixFlops: number
}

/** The parameter whose gradient comes as rows of tokens, to be added to the table outside the graph. */
export const tableOfTokens = 'tokenEmbedding'

/** Names of a graph's inputs and outputs. */
export const names = {
  ids: 'ids',
  targets: 'targets',
  loss: 'loss',
  rows: 'rows',
  sum: (parameter: string) => `sum.${parameter}`,
  gradient: (parameter: string) => `gradient.${parameter}`,
} as const

/**
 * Forward and backward through the model. In: weights by name, `ids` and `targets` [rows], dropout masks, and `sum.*`, the sums
 * of gradients so far. Out: `loss`, the mean over the rows; `gradient.*`, the sums with this one; and `rows` [rows, d], the
 * derivatives by the rows that `ids` took from the token embedding.
 */
export function trainingGraph(shape: ModelShape, cut: Cut, withDropout: boolean): StepGraph {
  const graph = new Graph()
  const tape = new Tape(graph)
  const { loss, tokens, masks } = lossOf(tape, shape, cut, withDropout)
  const dense = parametersOf(shape).filter(({ name }) => name !== tableOfTokens)
  const weights = dense.map(({ name, shape }) => ({ name, shape, type: 'float32' }) as const)
  const sums = new Map(dense.map(({ name, shape }) => [name, graph.input(names.sum(name), shape)]))
  const [rows, ...gradients] = tape.differentiate(loss, [tokens, ...weights], sums)
  graph.output(names.loss, loss)
  graph.output(names.rows, rows)
  dense.forEach(({ name }, i) => {
    graph.output(names.gradient(name), gradients[i])
  })
  return { bytes: graph.encode(), masks, matrixFlops: graph.matrixFlops }
}

/** The forward pass alone, without dropout. Out: `loss`, the mean over the rows. */
export function evaluationGraph(shape: ModelShape, cut: Cut): StepGraph {
  const tape = new Tape(new Graph())
  const { loss, masks } = lossOf(tape, shape, cut, false)
  tape.graph.output(names.loss, loss)
  return { bytes: tape.graph.encode(), masks, matrixFlops: tape.graph.matrixFlops }
}

function lossOf(tape: Tape, shape: ModelShape, cut: Cut, withDropout: boolean) {
  const { graph } = tape
  const rows = cut.sequences * shape.contextLength
  const weights = new Map(parametersOf(shape).map(({ name, shape }) => [name, graph.input(name, shape)]))
  const ids = graph.input(names.ids, [rows], 'int64')
  const targets = graph.input(names.targets, [rows], 'int64')
  const masks: Tensor[] = []
  const supplies: Supplies = {
    parameter: (name) => weights.get(name) as Tensor,
    mask(name, shape) {
      if (!withDropout) return null
      const mask = graph.input(`mask.${name}`, shape)
      masks.push(mask)
      return mask
    },
  }
  const tokens = embedded(graph, ids, supplies)
  const hidden = transformer(tape, shape, tokens, cut.block, supplies)
  const loss = crossEntropy(tape, hidden, supplies.parameter('head'), targets, cut.chunk)
  return { loss, tokens, masks }
}

/** Queries that attend at once on a CPU: of 64, 128, 256 and 512 the fastest, at each of three model sizes. */
const usualBlock = 128

/** Sequences at once, where they divide the batch: two share the time that small operations need to begin. */
const usualSequences = 2

/**
 * The cut that is fastest on a CPU. Logits (64 MB of a sequence for 32,000 words) are made for one sequence at a time; all else is done for
 * two, which took a model 64 wide 13 % less processor time on two threads than one (18 % less time), one 256 wide 5 %, one 128 wide 1 %. With the logits of both in
 * one product it took up to half more. docs/log.md has the figures.
 */
export function cutFor({ contextLength }: ModelShape, batchSize: number): Cut {
  const block = contextLength % usualBlock === 0 ? usualBlock : contextLength
  const sequences = batchSize % usualSequences === 0 ? usualSequences : 1
  return { sequences, block, chunk: contextLength }
}
