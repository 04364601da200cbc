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
    (sum) => weightGradient(graph, x, dy, sum),
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

/**
 * factor xᵀ dy + sum, for x [rows, in], dy [rows, out]: the gradient of a weight, with equal bits on 1 to 8 threads.
 *
 * ONNX Runtime adds up rows in blocks, whose length depends on how many columns a thread has (MLAS, sgemm.cpp: 128 rows for more than 64
 * columns, twice as many for each halving below), and gives threads columns where there are more columns than result rows. So
 * where a thread could have 64 columns or fewer, the blocks that one thread would use are made products of their own.
 */
export function weightGradient(graph: Graph, x: Tensor, dy: Tensor, sum: Tensor | null, factor = 1): Tensor {
  const [rows, columns] = dy.shape
  const block = columns > x.shape[1] && columns <= mostColumns ? blockRows(columns) : rows
  const sizes = Array.from({ length: Math.ceil(rows / block) }, (_, i) => Math.min(block, rows - i * block))
  const right = graph.split(dy, 0, sizes)
  return graph
    .split(transposed(graph, x), 1, sizes)
    .reduce<Tensor | null>((plus, left, i) => graph.gemm(left, right[i], { factor, plus }), sum) as Tensor
}

/** Eight threads with 64 columns each. */
const mostColumns = 512

function blockRows(columns: number): number {
  let rows = 128
  for (let width = 64; width >= 16 && width >= columns; width /= 2) rows *= 2
  return rows
}
