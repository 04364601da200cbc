import type { Graph, Tensor } from '../graph.ts'
import { plus, type Tape } from '../tape.ts'

/**
 * y = x W + b.   x [rows, in], W [in, out], b [out], y [rows, out]
 *
 *     dx = dy Wᵀ      dW = xᵀ dy      db = the sum of dy over rows
 */
export function linear(tape: Tape, x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const { graph } = tape
  const y = graph.gemm(x, weight, { plus: bias ?? null })
  return tape.record(y, bias ? [x, weight, bias] : [x, weight], (dy) => [
    (sum) => graph.gemm(dy, weight, { transposeB: true, plus: sum }),
    (sum) => graph.gemm(transposed(graph, x), dy, { plus: sum }),
    ...(bias ? [plus(graph, graph.reshape(graph.sum(dy, 0), bias.shape))] : []),
  ])
}

/**
 * A matrix transposed by an operation of its own. The detour by a third dimension keeps ONNX Runtime from folding it into the
 * product, whose kernel gathers a transposed left side so slowly that products with it take up to 1.6 times as long.
 */
export function transposed(graph: Graph, a: Tensor): Tensor {
  const [rows, columns] = a.shape
  return graph.reshape(graph.transpose(graph.reshape(a, [1, rows, columns]), [0, 2, 1]), [columns, rows])
}
