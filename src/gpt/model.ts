import type { Graph, Tensor } from './graph.ts'
import { add } from './ops/add.ts'
import { attention, blocksOf } from './ops/attention.ts'
import { dropout } from './ops/dropout.ts'
import { embedding } from './ops/embedding.ts'
import { gelu } from './ops/gelu.ts'
import { layerNorm } from './ops/layer-norm.ts'
import { linear } from './ops/linear.ts'
import type { Tape } from './tape.ts'

/** A Transformer of the assignment: pre-norm, learned absolute positions, a feed-forward width of 4 d_model, an untied head. */
export interface ModelShape {
  readonly dModel: number
  readonly numLayers: number
  readonly numHeads: number
  readonly vocabularySize: number
  readonly contextLength: number
}

/** How a parameter begins: normal with deviation one, uniform within ±bound, or all ones. */
export type Start =
  | { readonly kind: 'normal' }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'ones' }

export interface Parameter {
  readonly name: string
  readonly shape: readonly number[]
  readonly start: Start
}

/**
 * The parameters in the order of checkpoints. They begin as PyTorch's layers do: embeddings normal, linear layers uniform
 * within 1 / √inputs. Logits then have variance 1 / 3, so the first loss is ln(vocabulary) + 1 / 6: 10.54 for
 * 32,000 words, which is what the course's API reports for runs of one step (docs/math.md E61).
 */
export function parametersOf({ dModel: d, numLayers, vocabularySize, contextLength }: ModelShape): Parameter[] {
  const normal = (name: string, ...shape: number[]): Parameter => ({ name, shape, start: { kind: 'normal' } })
  const ones = (name: string): Parameter => ({ name, shape: [d], start: { kind: 'ones' } })
  const uniform = (name: string, inputs: number, shape: readonly number[]): Parameter => ({
    name,
    shape,
    start: { kind: 'uniform', bound: 1 / Math.sqrt(inputs) },
  })
  const matrix = (name: string, inputs: number, outputs: number) => uniform(name, inputs, [inputs, outputs])
  const layer = (i: number): Parameter[] => [
    ones(`${i}.attentionNorm`),
    matrix(`${i}.qkv`, d, 3 * d),
    matrix(`${i}.out`, d, d),
    ones(`${i}.feedForwardNorm`),
    matrix(`${i}.up`, d, 4 * d),
    uniform(`${i}.upBias`, d, [4 * d]),
    matrix(`${i}.down`, 4 * d, d),
    uniform(`${i}.downBias`, 4 * d, [d]),
  ]
  return [
    normal('tokenEmbedding', vocabularySize, d),
    normal('positionEmbedding', contextLength, d),
    ...Array.from({ length: numLayers }, (_, i) => layer(i)).flat(),
    ones('finalNorm'),
    matrix('head', d, vocabularySize),
  ]
}

/** Where the model finds its weights and dropout masks: by name. */
export interface Supplies {
  parameter(name: string): Tensor
  /** A mask of this shape; null where nothing is dropped. */
  mask(name: string, shape: readonly number[]): Tensor | null
}

/**
 * The forward pass: what the model sees before its head, [sequences * context, d].
 * `tokens` [sequences * context, d] are the rows of the token embedding.
 */
export function transformer(tape: Tape, shape: ModelShape, tokens: Tensor, block: number, supplies: Supplies): Tensor {
  const { dModel, numLayers, numHeads, contextLength } = shape
  const [rows] = tokens.shape
  const heads = { sequences: rows / contextLength, length: contextLength, heads: numHeads, block }
  const { parameter, mask } = supplies
  const dropped = (name: string, x: Tensor) => dropout(tape, x, mask(name, [rows, dModel]))

  let x = dropped('embedding', embedding(tape, tokens, parameter('positionEmbedding')))
  for (let i = 0; i < numLayers; i++) {
    const weight = (name: string) => parameter(`${i}.${name}`)
    const qkv = linear(tape, layerNorm(tape, x, weight('attentionNorm')), weight('qkv'))
    const attended = attention(tape, qkv, heads, attentionMasks(`${i}.weights`, heads, supplies))
    x = add(tape, x, dropped(`${i}.attention`, linear(tape, attended, weight('out'))))

    const up = linear(tape, layerNorm(tape, x, weight('feedForwardNorm')), weight('up'), weight('upBias'))
    const down = linear(tape, gelu(tape, up), weight('down'), weight('downBias'))
    x = add(tape, x, dropped(`${i}.feedForward`, down))
  }
  return layerNorm(tape, x, parameter('finalNorm'))
}

/** One mask for each block of queries; null where nothing is dropped. */
function attentionMasks(
  name: string,
  { sequences, length, heads, block }: { sequences: number; length: number; heads: number; block: number },
  { mask }: Supplies,
): Tensor[] | null {
  const masks = blocksOf({ length, block }).map(({ from, to }) =>
    mask(`${name}.${from}`, [sequences, heads, block, to]),
  )
  const kept = masks.filter((tensor) => tensor !== null)
  return kept.length > 0 ? kept : null
}

/** The rows of the token embedding for `ids` [rows]. */
export const embedded = (graph: Graph, ids: Tensor, supplies: Supplies): Tensor =>
  graph.rows(supplies.parameter('tokenEmbedding'), ids)
