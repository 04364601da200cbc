import type { Tensor } from '../graph.ts'
import { plus, type Tape } from '../tape.ts'

/** Far below every score, and finite, so that nothing becomes NaN. */
const never = -1e30

export interface AttentionShape {
  readonly sequences: number
  readonly length: number
  readonly heads: number
  /**
   * Queries are taken in blocks of this many places, each with the keys up to its end: what lies beyond is never computed, and
   * a block's scores stay in the processor's cache. It divides `length`.
   */
  readonly block: number
}

/** Where each block of queries begins and ends. */
export function blocksOf({ length, block }: Pick<AttentionShape, 'length' | 'block'>): { from: number; to: number }[] {
  return Array.from({ length: length / block }, (_, i) => ({ from: i * block, to: (i + 1) * block }))
}

/**
 * Causal self-attention with dropout on the weights (Vaswani et al. 2017).
 * qkv [sequences * length, 3 d] holds the queries, keys and values of all heads; the result is [sequences * length, d].
 * `masks` has one dropout mask [sequences, heads, block, to] for each block of queries, or is null.
 *
 *     S = Q Kᵀ / √dh      P = softmax(S) over keys up to the query      O = (P ∘ M) V
 *
 *     dV = (P ∘ M)ᵀ dO      dP = (dO Vᵀ) ∘ M      dS = P ∘ (dP - δ)      dQ = dS K / √dh      dK = dSᵀ Q / √dh
 *
 * δ, the sum of dP ∘ P over keys, is the sum of dO ∘ O over the head's dimensions (Dao et al. 2022, appendix B), which is
 * much shorter.
 */
export function attention(tape: Tape, qkv: Tensor, shape: AttentionShape, masks: readonly Tensor[] | null): Tensor {
  const { graph } = tape
  const { sequences, length, heads, block } = shape
  const width = qkv.shape[1] / 3
  const headWidth = width / heads
  const factor = 1 / Math.sqrt(headWidth)
  const blocks = blocksOf(shape)
  const sizes = blocks.map(() => block)

  // [sequences * length, 3 d] -> three of [sequences, heads, length, headWidth]
  const apart = graph.transpose(graph.reshape(qkv, [sequences, length, 3, heads, headWidth]), [2, 0, 3, 1, 4])
  const byHead = [sequences, heads, length, headWidth]
  const [queries, keys, values] = graph.split(apart, 0, [1, 1, 1]).map((part) => graph.reshape(part, byHead))
  const joined = (parts: readonly Tensor[]) =>
    graph.reshape(graph.transpose(graph.concat(parts, 2), [0, 2, 1, 3]), [sequences * length, width])
  const apartHeads = (a: Tensor) =>
    graph.transpose(graph.reshape(a, [sequences, length, heads, headWidth]), [0, 2, 1, 3])

  const future = blocks.map(({ from, to }) => causalBias(tape, block, from, to))
  const q = graph.split(queries, 2, sizes)
  const k = blocks.map(({ to }) => graph.slice(keys, 2, 0, to))
  const v = blocks.map(({ to }) => graph.slice(values, 2, 0, to))
  const weights = blocks.map((_, i) => {
    const scores = graph.scale(graph.matmul(q[i], graph.swapped(k[i])), factor)
    return graph.softmax(graph.add(scores, future[i]))
  })
  const kept = weights.map((weight, i) => (masks ? graph.multiply(weight, masks[i]) : weight))
  const outputs = joined(blocks.map((_, i) => graph.matmul(kept[i], v[i])))

  return tape.record(outputs, [qkv], (dOutputs) => {
    const dO = graph.split(apartHeads(dOutputs), 2, sizes)
    const shares = graph.sum(apartHeads(graph.multiply(dOutputs, outputs)), -1) // δ, [sequences, heads, length, 1]
    const delta = graph.split(shares, 2, sizes)
    const dScores = blocks.map((_, i) => {
      const dKept = graph.matmul(dO[i], graph.swapped(v[i]))
      const dWeights = masks ? graph.multiply(dKept, masks[i]) : dKept
      return graph.multiply(weights[i], graph.subtract(dWeights, delta[i]))
    })
    const dQueries = graph.concat(
      blocks.map((_, i) => graph.scale(graph.matmul(dScores[i], k[i]), factor)),
      2,
    )
    const dKeys = sumOfPrefixes(
      tape,
      blocks.map((_, i) => graph.scale(graph.matmul(graph.swapped(dScores[i]), q[i]), factor)),
    )
    const dValues = sumOfPrefixes(
      tape,
      blocks.map((_, i) => graph.matmul(graph.swapped(kept[i]), dO[i])),
    )
    const stacked = graph.concat(
      [dQueries, dKeys, dValues].map((part) => graph.reshape(part, [1, ...byHead])),
      0,
    )
    return [plus(graph, graph.reshape(graph.transpose(stacked, [1, 3, 0, 2, 4]), qkv.shape))]
  })
}

/** What is added to the scores of queries from..to: zero for keys up to the query. [block, to] */
function causalBias({ graph }: Tape, block: number, from: number, to: number): Tensor {
  const data = Float32Array.from({ length: block * to }, (_, i) => (i % to > from + Math.floor(i / to) ? never : 0))
  return graph.constant(`causal ${from} ${to}`, [block, to], data)
}

/** The sum of tensors that begin at the same place and are each one block longer than the one before, along axis 2. */
function sumOfPrefixes({ graph }: Tape, parts: readonly Tensor[]): Tensor {
  return parts.reduce((sum, part) => {
    const done = sum.shape[2]
    const [overlap, rest] = graph.split(part, 2, [done, part.shape[2] - done])
    return graph.concat([graph.add(sum, overlap), rest], 2)
  })
}
