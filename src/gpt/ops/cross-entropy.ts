import type { Tensor } from '../graph.ts'
import type { Tape } from '../tape.ts'
import { weightGradient } from './linear.ts'

/** The least probability whose logarithm is taken, so that a token's loss ends at 87 nats: above float32's subnormal numbers. */
const leastProbability = 1.2e-38

/**
 * The mean cross-entropy, in nats per token, of the softmax of h W against target tokens.
 * h [rows, d], W [d, vocabulary], targets [rows]; the result has shape [].
 *
 *     Z = h W      P = softmax(Z)      loss = -mean(log P[target])
 *
 *     dZ = (P - onehot(target)) / rows      dh = dZ Wᵀ      dW = hᵀ dZ
 *
 * Logits are as many as rows times vocabulary, so they are made for `chunk` rows at a time and never leave the graph. The loss
 * is the end of the tape: its derivative by itself is one.
 */
export function crossEntropy(tape: Tape, h: Tensor, weight: Tensor, targets: Tensor, chunk: number): Tensor {
  const { graph } = tape
  const rows = h.shape[0]
  const sizes = Array.from({ length: Math.ceil(rows / chunk) }, (_, i) => Math.min(chunk, rows - i * chunk))
  const hidden = graph.split(h, 0, sizes)
  const targetColumns = graph.split(graph.reshape(targets, [rows, 1]), 0, sizes)
  const probabilities = hidden.map((part) => graph.softmax(graph.gemm(part, weight)))
  const picked = probabilities.map((part, i) => graph.pick(part, targetColumns[i]))
  const logs = graph.log(graph.atLeast(graph.concat(picked, 0), leastProbability))
  const loss = graph.scale(graph.total(logs), -1 / rows)

  return tape.record(loss, [h, weight], () => {
    // The probabilities of a chunk become its dZ, times `rows`, in place.
    const dLogits = probabilities.map((part, i) => graph.replace(part, targetColumns[i], graph.shift(picked[i], -1)))
    const factor = 1 / rows
    return [
      (sum) => {
        const parts = dLogits.map((part) => graph.gemm(part, weight, { transposeB: true, factor }))
        const dh = graph.concat(parts, 0)
        return sum ? graph.add(sum, dh) : dh
      },
      (sum) =>
        dLogits.reduce<Tensor | null>(
          (total, part, i) => weightGradient(graph, hidden[i], part, total, factor),
          sum,
        ) as Tensor,
    ]
  })
}
