/**
 * Small WebAssembly modules, assembled here: loops over arrays, several elements at a time, that would take JavaScript a tenth of
 * a training step (https://webassembly.github.io/spec/core/binary).
 */

/** What is used of WebAssembly, which Node's types leave to the browser's. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

export const types = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const
export type WasmType = (typeof types)[keyof typeof types]

/** A function without a result. Its variables are its parameters and then its locals, counted on. */
export interface WasmFunction {
  readonly parameters: readonly WasmType[]
  readonly locals: readonly WasmType[]
  readonly body: readonly number[]
}

const pageBytes = 65_536

/** A function in a memory of its own, of at least so many bytes. */
export function wasmFunction(
  { parameters, locals, body }: WasmFunction,
  bytes: number,
): { readonly call: (...values: number[]) => void; readonly memory: ArrayBuffer } {
  const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / pageBytes)) })
  const declared = locals.flatMap((type) => [1, type])
  const code = [locals.length, ...declared, ...body, 0x0b]
  const module = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, ...sized([1, 0x60, parameters.length, ...parameters, 0])], // its type
    ...[2, ...sized([1, ...text('host'), ...text('memory'), 2, 0, 0])],
    ...[3, ...sized([1, 0])],
    ...[7, ...sized([1, ...text('call'), 0, 0])],
    ...[10, ...sized([1, ...sized(code)])],
  ])
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { host: { memory } })
  return { call: exports.call as (...values: number[]) => void, memory: memory.buffer }
}

export const get = (local: number): number[] => [0x20, local]
export const set = (local: number): number[] => [0x21, local]
/** An integer of up to 63, in one byte. */
export const constant = (value: number): number[] => [0x41, value]
export const addIntegers = [0x6a]

/** Repeats a body at least once, as long as the counter is below the end. */
export const repeat = (body: readonly number[], counter: number, end: number): number[] => [
  ...[0x03, 0x40, ...body],
  ...[...get(counter), ...get(end), 0x49, 0x0d, 0], // unsigned
  0x0b,
]

const text = (value: string): number[] => [value.length, ...new TextEncoder().encode(value)]

/** Bytes with their number before them (LEB128). */
function sized(bytes: readonly number[]): number[] {
  const size: number[] = []
  let rest = bytes.length
  do {
    size.push(rest > 127 ? (rest & 127) | 128 : rest)
    rest >>>= 7
  } while (rest > 0)
  return [...size, ...bytes]
}
