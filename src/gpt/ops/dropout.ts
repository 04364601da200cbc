import type { Tensor } from '../graph.ts'
import { plus, type Tape } from '../tape.ts'

/**
 * y = x ∘ mask, the mask being 0 or 1 / (1 - p), made outside the graph (`dropout-masks.ts`); without a mask y = x.
 *
 *     dx = dy ∘ mask
 */
export function dropout(tape: Tape, x: Tensor, mask: Tensor | null): Tensor {
  if (!mask) return x
  const { graph } = tape
  return tape.record(graph.multiply(x, mask), [x], (dy) => [plus(graph, graph.multiply(dy, mask))])
}
