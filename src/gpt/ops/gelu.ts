import type { Tensor } from '../graph.ts'
import { plus, type Tape } from '../tape.ts'

/**
 * y = x Φ(x), Φ being the normal distribution function (Hendrycks and Gimpel 2016), exactly rather than by tanh.
 *
 *     dx = dy ∘ (Φ(x) + x φ(x)),  φ(x) = exp(-x² / 2) / √(2π)
 */
export function gelu(tape: Tape, x: Tensor): Tensor {
  const { graph } = tape
  const cumulative = graph.scale(graph.shift(graph.erf(graph.scale(x, Math.SQRT1_2)), 1), 0.5)
  return tape.record(graph.multiply(x, cumulative), [x], (dy) => {
    const density = graph.scale(graph.exp(graph.scale(graph.multiply(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    const slope = graph.add(cumulative, graph.multiply(x, density))
    return [plus(graph, graph.multiply(dy, slope))]
  })
}
