import type { Tensor } from '../graph.ts'
import { plus, type Tape } from '../tape.ts'

/**
 * y = tokens + positions: to the row of each token [sequences * length, d] the row of its place [length, d] is added.
 *
 * `tokens` are rows taken from the table of token embeddings, whose derivative is not spread over the table here: it is zero
 * in nearly all rows, so `trainer.ts` adds the rows of dy to the table's gradient.
 */
export function embedding(tape: Tape, tokens: Tensor, positions: Tensor): Tensor {
  const { graph } = tape
  const [length, width] = positions.shape
  const bySequence = [tokens.shape[0] / length, length, width]
  const y = graph.reshape(graph.add(graph.reshape(tokens, bySequence), positions), tokens.shape)
  return tape.record(y, [tokens, positions], (dy) => {
    const dpositions = graph.reshape(graph.sum(graph.reshape(dy, bySequence), 0), positions.shape)
    return [plus(graph, dy), plus(graph, dpositions)]
  })
}
