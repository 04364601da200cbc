import type { Tensor } from '../graph.ts'
import { plus, type Tape } from '../tape.ts'

/** y = a + b of equal shapes; both derivatives are dy. */
export function add(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const { graph } = tape
  return tape.record(graph.add(a, b), [a, b], (dy) => [plus(graph, dy), plus(graph, dy)])
}
