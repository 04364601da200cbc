import { type Attribute, type Constant, type ElementType, encodeModel, type Node, type ValueInfo } from './onnx.ts'

/** A tensor of a graph: a name, and what is known of it before anything runs. */
export type Tensor = ValueInfo

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/**
 * An ONNX graph being built. Methods are ONNX's operators with shapes: each adds nodes and gives the tensor that comes out.
 * They know nothing of derivatives; `tape.ts` and `ops/` do.
 */
export class Graph {
  readonly #nodes: Node[] = []
  readonly #inputs: ValueInfo[] = []
  readonly #outputs: ValueInfo[] = []
  readonly #constants = new Map<string, Constant>()
  #names = 0
  #matrixFlops = 0

  /** What is fed in each run. */
  input(name: string, shape: readonly number[], type: ElementType = 'float32'): Tensor {
    const tensor = { name, shape, type }
    this.#inputs.push(tensor)
    return tensor
  }

  /** Makes a tensor an output of this name. */
  output(name: string, { name: inner, shape, type }: Tensor): void {
    this.#nodes.push({ operator: 'Identity', inputs: [inner], outputs: [name], attributes: {} })
    this.#outputs.push({ name, shape, type })
  }

  /** The bytes that ONNX Runtime loads. */
  encode(): Uint8Array {
    return encodeModel({
      nodes: this.#nodes,
      constants: [...this.#constants.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    })
  }

  /** FLOPs of all matrix products in one run. */
  get matrixFlops(): number {
    return this.#matrixFlops
  }

  get inputs(): readonly ValueInfo[] {
    return this.#inputs
  }

  get outputs(): readonly ValueInfo[] {
    return this.#outputs
  }

  /** Adds a node of any operator with one output. */
  node(
    operator: string,
    inputs: readonly Tensor[],
    shape: readonly number[],
    attributes: Readonly<Record<string, Attribute>> = {},
    type: ElementType = inputs[0].type,
  ): Tensor {
    return this.nodes(operator, inputs, [shape], attributes, type)[0]
  }

  /** Adds a node with several outputs of one type. */
  nodes(
    operator: string,
    inputs: readonly Tensor[],
    shapes: readonly (readonly number[])[],
    attributes: Readonly<Record<string, Attribute>> = {},
    type: ElementType = inputs[0].type,
  ): Tensor[] {
    const outputs = shapes.map((shape) => ({ name: `t${this.#names++}`, shape, type }))
    this.#nodes.push({
      operator,
      inputs: inputs.map(({ name }) => name),
      outputs: outputs.map(({ name }) => name),
      attributes,
    })
    return outputs
  }

  /** A number, of shape []. */
  scalar(value: number): Tensor {
    return this.constant(`float ${value}`, [], Float32Array.of(value))
  }

  /** A constant, once for each name. */
  constant(name: string, shape: readonly number[], data: Float32Array): Tensor {
    return this.#constantOf({ name, shape, type: 'float32', data })
  }

  #integers(values: readonly number[]): Tensor {
    const data = BigInt64Array.from(values, BigInt)
    return this.#constantOf({ name: `int64 ${values.join(' ')}`, shape: [values.length], type: 'int64', data })
  }

  #constantOf(constant: Constant): Tensor {
    if (!this.#constants.has(constant.name)) this.#constants.set(constant.name, constant)
    return constant
  }

  // Element by element. The second operand may be of fewer dimensions, or have sizes of one: ONNX repeats it.

  add = (a: Tensor, b: Tensor): Tensor => this.node('Add', [a, b], a.shape)
  subtract = (a: Tensor, b: Tensor): Tensor => this.node('Sub', [a, b], a.shape)
  multiply = (a: Tensor, b: Tensor): Tensor => this.node('Mul', [a, b], a.shape)
  divide = (a: Tensor, b: Tensor): Tensor => this.node('Div', [a, b], a.shape)
  scale = (a: Tensor, factor: number): Tensor => (factor === 1 ? a : this.multiply(a, this.scalar(factor)))
  shift = (a: Tensor, by: number): Tensor => this.add(a, this.scalar(by))
  exp = (a: Tensor): Tensor => this.node('Exp', [a], a.shape)
  log = (a: Tensor): Tensor => this.node('Log', [a], a.shape)
  squareRoot = (a: Tensor): Tensor => this.node('Sqrt', [a], a.shape)
  erf = (a: Tensor): Tensor => this.node('Erf', [a], a.shape)
  atLeast = (a: Tensor, least: number): Tensor => this.node('Max', [a, this.scalar(least)], a.shape)

  // Sums and means keep the dimension, with size one.

  sum(a: Tensor, axis: number): Tensor {
    return this.node('ReduceSum', [a, this.#integers([axis])], withSize(a.shape, axis, 1), { keepdims: 1 })
  }

  mean(a: Tensor, axis: number): Tensor {
    return this.node('ReduceMean', [a, this.#integers([axis])], withSize(a.shape, axis, 1), { keepdims: 1 })
  }

  /** The sum of everything, of shape []. */
  total(a: Tensor): Tensor {
    return this.node('ReduceSum', [a], [], { keepdims: 0 })
  }

  /** Over the last dimension. */
  softmax(a: Tensor): Tensor {
    return this.node('Softmax', [a], a.shape, { axis: -1 })
  }

  /** Each row of `a` [rows, columns] less its mean and over its standard deviation, and one over that deviation [rows, 1]. */
  normalized(a: Tensor, epsilon: number): { normal: Tensor; overDeviation: Tensor } {
    const [rows, columns] = a.shape
    const ones = this.constant(`ones ${columns}`, [columns], new Float32Array(columns).fill(1))
    const shapes = [a.shape, [rows, 1], [rows, 1]]
    const attributes = { axis: -1, epsilon: { float: epsilon } }
    const [normal, , overDeviation] = this.nodes('LayerNormalization', [a, ones], shapes, attributes)
    return { normal, overDeviation }
  }

  /** `factor a b + c` for matrices; `a` or `b` transposed first where asked. */
  gemm(
    a: Tensor,
    b: Tensor,
    options: { transposeA?: boolean; transposeB?: boolean; factor?: number; plus?: Tensor | null } = {},
  ): Tensor {
    const { transposeA = false, transposeB = false, factor = 1, plus = null } = options
    const shape = [transposeA ? a.shape[1] : a.shape[0], transposeB ? b.shape[0] : b.shape[1]]
    this.#matrixFlops += 2 * sizeOf(shape) * a.shape[transposeA ? 0 : 1]
    return this.node('Gemm', plus ? [a, b, plus] : [a, b], shape, {
      transA: Number(transposeA),
      transB: Number(transposeB),
      alpha: { float: factor },
    })
  }

  /**
   * The product of the matrices in the last two dimensions. ONNX Runtime's optimizer puts transpositions and scalings
   * before it into one kernel.
   */
  matmul(a: Tensor, b: Tensor): Tensor {
    const shape = [...a.shape.slice(0, -1), b.shape[b.shape.length - 1]]
    this.#matrixFlops += 2 * sizeOf(shape) * a.shape[a.shape.length - 1]
    return this.node('MatMul', [a, b], shape)
  }

  /** The last two dimensions swapped. */
  swapped(a: Tensor): Tensor {
    const last = a.shape.length - 1
    const order = a.shape.map((_, i) => (i === last ? last - 1 : i === last - 1 ? last : i))
    return this.transpose(a, order)
  }

  transpose(a: Tensor, order: readonly number[]): Tensor {
    return this.node(
      'Transpose',
      [a],
      order.map((axis) => a.shape[axis]),
      { perm: order },
    )
  }

  reshape(a: Tensor, shape: readonly number[]): Tensor {
    if (sizeOf(shape) !== sizeOf(a.shape)) throw new Error(`[${a.shape}] has no shape [${shape}]`)
    return this.node('Reshape', [a, this.#integers(shape)], shape)
  }

  /** Parts of these sizes along an axis. */
  split(a: Tensor, axis: number, sizes: readonly number[]): Tensor[] {
    if (sizes.length === 1) return [a]
    const shapes = sizes.map((size) => withSize(a.shape, axis, size))
    return this.nodes('Split', [a, this.#integers(sizes)], shapes, { axis })
  }

  concat(parts: readonly Tensor[], axis: number): Tensor {
    if (parts.length === 1) return parts[0]
    const size = parts.reduce((sum, part) => sum + part.shape[axis], 0)
    return this.node('Concat', parts, withSize(parts[0].shape, axis, size), { axis })
  }

  /** `a[from..to)` along an axis. */
  slice(a: Tensor, axis: number, from: number, to: number): Tensor {
    if (from === 0 && to === a.shape[axis]) return a
    const inputs = [a, this.#integers([from]), this.#integers([to]), this.#integers([axis])]
    return this.node('Slice', inputs, withSize(a.shape, axis, to - from))
  }

  /** Rows of a table: `table[ids]`, `[ids, width]`. */
  rows(table: Tensor, ids: Tensor): Tensor {
    return this.node('Gather', [table, ids], [...ids.shape, ...table.shape.slice(1)], { axis: 0 })
  }

  /** From each row of `a` [rows, columns] the element in column `ids` [rows, 1]; [rows, 1]. */
  pick(a: Tensor, ids: Tensor): Tensor {
    return this.node('GatherElements', [a, ids], ids.shape, { axis: 1 })
  }

  /** `a` [rows, columns] with the element of each row in column `ids` [rows, 1] replaced. */
  replace(a: Tensor, ids: Tensor, values: Tensor): Tensor {
    return this.node('ScatterElements', [a, ids, values], a.shape, { axis: 1 })
  }
}

const withSize = (shape: readonly number[], axis: number, size: number): number[] =>
  shape.map((other, i) => (i === axis || i === axis + shape.length ? size : other))
