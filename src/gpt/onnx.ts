/**
 * Writes ONNX models: the few messages of onnx.proto that a training graph needs, in protobuf's wire format
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, https://protobuf.dev/programming-guides/encoding).
 */

export type ElementType = 'float32' | 'int32' | 'int64' | 'bool'

/** TensorProto.DataType. */
const dataType: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 }

export interface ValueInfo {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
}

export interface Constant extends ValueInfo {
  readonly data: Float32Array | BigInt64Array
}

/** A number that ONNX declares as float, even where it is whole. */
export interface FloatAttribute {
  readonly float: number
}

/** Whole numbers are ints. */
export type Attribute = number | readonly number[] | string | FloatAttribute

export interface Node {
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

export interface Model {
  readonly nodes: readonly Node[]
  readonly constants: readonly Constant[]
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
}

/** Opset 20 has everything used here; IR version 9 is what it came with. */
const versions = { ir: 9, opset: 20 } as const

/** AttributeProto.AttributeType. */
const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const

const text = new TextEncoder()

/** One protobuf message being written. */
class Message {
  #parts: Uint8Array[] = []
  #size = 0

  /** Length-delimited: bytes, a string, or a message inside. */
  bytes(field: number, value: Uint8Array | string | Message): this {
    const bytes = typeof value === 'string' ? text.encode(value) : value instanceof Message ? value.finish() : value
    this.#key(field, 2)
    this.#varint(bytes.length)
    return this.#append(bytes)
  }

  int(field: number, value: number): this {
    this.#key(field, 0)
    this.#varint(value)
    return this
  }

  float(field: number, value: number): this {
    this.#key(field, 5)
    return this.#append(new Uint8Array(Float32Array.of(value).buffer))
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.#size)
    let at = 0
    for (const part of this.#parts) {
      out.set(part, at)
      at += part.length
    }
    return out
  }

  #key(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType)
  }

  /** Seven bits a byte, lowest first; negative numbers as 64-bit two's complement. */
  #varint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value))
    const out: number[] = []
    do {
      const low = Number(rest & 127n)
      rest >>= 7n
      out.push(rest > 0n ? low | 128 : low)
    } while (rest > 0n)
    this.#append(Uint8Array.from(out))
  }

  #append(bytes: Uint8Array): this {
    this.#parts.push(bytes)
    this.#size += bytes.length
    return this
  }
}

/** The model as a file's bytes, which ONNX Runtime loads. */
export function encodeModel({ nodes, constants, inputs, outputs }: Model): Uint8Array {
  const graph = new Message()
  for (const node of nodes) graph.bytes(1, nodeMessage(node))
  graph.bytes(2, 'isoflop')
  for (const constant of constants) graph.bytes(5, constantMessage(constant))
  for (const input of inputs) graph.bytes(11, valueMessage(input))
  for (const output of outputs) graph.bytes(12, valueMessage(output))
  const opset = new Message().bytes(1, '').int(2, versions.opset)
  return new Message().int(1, versions.ir).bytes(7, graph).bytes(8, opset).finish()
}

function nodeMessage({ operator, inputs, outputs, attributes }: Node): Message {
  const message = new Message()
  for (const input of inputs) message.bytes(1, input)
  for (const output of outputs) message.bytes(2, output)
  message.bytes(4, operator)
  for (const [name, value] of Object.entries(attributes)) message.bytes(5, attributeMessage(name, value))
  return message
}

function attributeMessage(name: string, value: Attribute): Message {
  const message = new Message().bytes(1, name)
  if (typeof value === 'number') return message.int(3, value).int(20, attributeType.int)
  if (typeof value === 'string') return message.bytes(4, value).int(20, attributeType.string)
  if ('float' in value) return message.float(2, value.float).int(20, attributeType.float)
  for (const item of value) message.int(8, item)
  return message.int(20, attributeType.ints)
}

function constantMessage({ name, type, shape, data }: Constant): Message {
  const message = new Message()
  for (const size of shape) message.int(1, size)
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return message.int(2, dataType[type]).bytes(8, name).bytes(9, bytes)
}

function valueMessage({ name, type, shape }: ValueInfo): Message {
  const dimensions = new Message()
  for (const size of shape) dimensions.bytes(1, new Message().int(1, size))
  const tensor = new Message().int(1, dataType[type]).bytes(2, dimensions)
  return new Message().bytes(1, name).bytes(2, new Message().bytes(1, tensor))
}
