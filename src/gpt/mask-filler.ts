/**
 * Fills arrays with dropout masks, four elements at a time. This is a WebAssembly module of one function, assembled here: a
 * step of a small model needs some ten million random decisions, which took JavaScript about a tenth of the step's time.
 *
 * Element i of a mask with the keys a and b is a counter-based random number, a hash of i (docs/math.md E58):
 *
 *     x = a + i * 0x9e3779b9;  x ^= x >>> 16;  x *= 0x85ebca6b;  x ^= b;  x ^= x >>> 13;  x *= 0xc2b2ae35;  x ^= x >>> 16
 *
 * (murmur3's finalizer with a key inside). It is kept, as 1 / (1 - rate), where x >= rate * 2^32, and else 0.
 */
export interface MaskFiller {
  /** One array for each size asked for. */
  readonly arrays: readonly Float32Array[]
  /** Elements from .. from + count of an array; `from` is a multiple of four. Up to three elements after them may change too. */
  fill(array: number, from: number, count: number, a: number, b: number): void
}

/** What is used of WebAssembly, which Node's types leave to the browser's. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

const pageBytes = 65_536
const vectorBytes = 16

export function maskFiller(sizes: readonly number[], rate: number): MaskFiller {
  let bytes = 0
  const offsets = sizes.map((size) => {
    const offset = bytes
    bytes += Math.ceil((size * 4) / vectorBytes) * vectorBytes
    return offset
  })
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assembled()), { host: { memory } })
  const fill = exports.fill as (from: number, to: number, a: number, b: number, least: number, kept: number) => void
  const least = Math.round(rate * 2 ** 32)
  const kept = new Int32Array(Float32Array.of(1 / (1 - rate)).buffer)[0]
  return {
    arrays: sizes.map((size, i) => new Float32Array(memory.buffer, offsets[i], size)),
    fill(array, from, count, a, b) {
      const start = offsets[array] + 4 * from
      if (count > 0) fill(start, start + 4 * count, a, b, least, kept)
    },
  }
}

const golden = 0x9e3779b9

/** The module: https://webassembly.github.io/spec/core/binary. */
function assembled(): Uint8Array<ArrayBuffer> {
  const i32 = 0x7f
  const v128 = 0x7b
  const type = [1, 0x60, 6, i32, i32, i32, i32, i32, i32, 0] // (from, to, a, b, least, kept) -> ()
  const imports = [1, ...text('host'), ...text('memory'), 2, 0, 0]
  const exports = [1, ...text('fill'), 0, 0]
  const code = [1, ...sized([1, 5, v128, ...body()])]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, ...sized(type)],
    ...[2, ...sized(imports)],
    ...[3, ...sized([1, 0])],
    ...[7, ...sized(exports)],
    ...[10, ...sized(code)],
  ])
}

function body(): number[] {
  const [from, to, a, b, least, kept, counter, x, key, threshold, value] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  const shiftedXor = (by: number) => [...get(x), ...get(x), ...constant(by), ...simd.shiftRight, ...simd.xor, ...set(x)]
  const times = (factor: number) => [...get(x), ...vector(factor, factor, factor, factor), ...simd.multiply, ...set(x)]
  const lanes = [0, 1, 2, 3].map((lane) => Math.imul(golden, lane))
  const ahead = Math.imul(golden, 4)
  return [
    ...[...get(a), ...simd.splat, ...vector(...lanes), ...simd.add, ...set(counter)],
    ...[...get(b), ...simd.splat, ...set(key)],
    ...[...get(least), ...simd.splat, ...set(threshold)],
    ...[...get(kept), ...simd.splat, ...set(value)],
    ...[0x03, 0x40], // loop
    ...[...get(counter), ...set(x)],
    ...shiftedXor(16),
    ...times(0x85ebca6b),
    ...[...get(x), ...get(key), ...simd.xor, ...set(x)],
    ...shiftedXor(13),
    ...times(0xc2b2ae35),
    ...shiftedXor(16),
    ...[...get(from), ...get(x), ...get(threshold), ...simd.notLess, ...get(value), ...simd.and, ...simd.store],
    ...[...get(counter), ...vector(ahead, ahead, ahead, ahead), ...simd.add, ...set(counter)],
    ...[...get(from), ...constant(vectorBytes), 0x6a, ...set(from)], // from += 16
    ...[...get(from), ...get(to), 0x49, 0x0d, 0], // again while from < to
    ...[0x0b, 0x0b], // end of the loop, end of the function
  ]
}

/** Instructions on vectors of four 32-bit numbers. */
const simd = {
  store: [0xfd, 0x0b, 4, 0], // aligned to 16 bytes
  splat: [0xfd, 0x11],
  notLess: [0xfd, 0x40], // unsigned; all ones where true
  and: [0xfd, 0x4e],
  xor: [0xfd, 0x51],
  shiftRight: [0xfd, 0xad, 0x01], // unsigned
  add: [0xfd, 0xae, 0x01],
  multiply: [0xfd, 0xb5, 0x01],
} as const

const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const constant = (value: number): number[] => [0x41, value] // up to 63 in one byte
const vector = (...lanes: number[]): number[] => [
  ...[0xfd, 0x0c],
  ...new Uint8Array(Int32Array.from(lanes, (lane) => lane | 0).buffer),
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
