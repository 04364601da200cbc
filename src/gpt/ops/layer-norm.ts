import type { Tensor } from '../graph.ts'
import { plus, type Tape } from '../tape.ts'

/** Added to the variance, as in PyTorch. */
const epsilon = 1e-5

/**
 * y = w ∘ n, n = (x - mean) / √(variance + 1e-5) over each row (Ba et al. 2016), without a bias.   x, y [rows, d], w [d]
 *
 *     dw = the sum of dy ∘ n over rows      dx = (dn - mean(dn) - n mean(dn ∘ n)) / √(variance + 1e-5),  dn = dy ∘ w
 */
export function layerNorm(tape: Tape, x: Tensor, weight: Tensor): Tensor {
  const { graph } = tape
  const { normal, overDeviation } = graph.normalized(x, epsilon)
  return tape.record(graph.multiply(normal, weight), [x, weight], (dy) => {
    const dweight = graph.sum(graph.multiply(dy, normal), 0)
    const dnormal = graph.multiply(dy, weight)
    const along = graph.multiply(normal, graph.mean(graph.multiply(dnormal, normal), -1))
    const across = graph.subtract(graph.subtract(dnormal, graph.mean(dnormal, -1)), along)
    return [plus(graph, graph.multiply(across, overDeviation)), plus(graph, graph.reshape(dweight, weight.shape))]
  })
}
