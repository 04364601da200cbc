import type { Graph, Tensor } from './graph.ts'

/**
 * A derivative on its way: given the sum of those that came before it, or null for the first one, the sum with this one. An
 * operation that ends in a matrix product can so add within the product.
 */
export type Contribution = (sum: Tensor | null) => Tensor

/** What an operation adds to the derivative of each of its inputs, in their order, given the derivative of its output. */
export type Backward = (derivative: Tensor) => Contribution[]

interface Step {
  readonly inputs: readonly Tensor[]
  readonly output: Tensor
  readonly backward: Backward
}

/** A contribution whose value is known. */
export const plus =
  (graph: Graph, value: Tensor): Contribution =>
  (sum) =>
    sum ? graph.add(sum, value) : value

/**
 * Reverse-mode differentiation over a list of operations. Operations (`ops/`) build their forward nodes on `graph` and
 * record how derivatives go back through them; `differentiate` then builds the backward graph.
 */
export class Tape {
  readonly graph: Graph
  readonly #steps: Step[] = []

  constructor(graph: Graph) {
    this.graph = graph
  }

  /** Notes an operation; gives its output. */
  record(output: Tensor, inputs: readonly Tensor[], backward: Backward): Tensor {
    this.#steps.push({ output, inputs, backward })
    return output
  }

  /**
   * Adds the graph of the derivatives of `loss` by `wanted` tensors; gives them in order. `begun` holds sums that
   * derivatives are added to, by the name of the tensor. A wanted tensor that the loss does not depend on is an Error.
   */
  differentiate(loss: Tensor, wanted: readonly Tensor[], begun: ReadonlyMap<string, Tensor> = new Map()): Tensor[] {
    const sums = new Map(begun)
    sums.set(loss.name, this.graph.scalar(1))
    for (const { inputs, output, backward } of this.#steps.toReversed()) {
      const derivative = sums.get(output.name)
      if (!derivative) continue
      backward(derivative).forEach((contribution, i) => {
        sums.set(inputs[i].name, contribution(sums.get(inputs[i].name) ?? null))
      })
    }
    return wanted.map(({ name }) => {
      const sum = sums.get(name)
      if (!sum) throw new Error(`the loss does not depend on ${name}`)
      return sum
    })
  }
}
