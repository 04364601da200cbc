import { addIntegers, constant, get, repeat, set, types, wasmFunction } from './wasm.ts'

/**
 * Fills arrays with dropout masks, four elements at a time, in WebAssembly: a step of a small model needs some ten million random
 * decisions, which took JavaScript about a tenth of the step's time.
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

const vectorBytes = 16

export function maskFiller(sizes: readonly number[], rate: number): MaskFiller {
  let bytes = 0
  const offsets = sizes.map((size) => {
    const offset = bytes
    bytes += Math.ceil((size * 4) / vectorBytes) * vectorBytes
    return offset
  })
  const { call, memory } = wasmFunction(filling(), bytes)
  const least = Math.round(rate * 2 ** 32)
  const kept = new Int32Array(Float32Array.of(1 / (1 - rate)).buffer)[0]
  return {
    arrays: sizes.map((size, i) => new Float32Array(memory, offsets[i], size)),
    fill(array, from, count, a, b) {
      const start = offsets[array] + 4 * from
      if (count > 0) call(start, start + 4 * count, a, b, least, kept)
    },
  }
}

const golden = 0x9e3779b9

/** (from, to, a, b, least, kept), of four elements at least. */
const filling = () => ({
  parameters: [types.i32, types.i32, types.i32, types.i32, types.i32, types.i32],
  locals: [types.v128, types.v128, types.v128, types.v128, types.v128],
  body: body(),
})

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
    ...repeat(
      [
        ...[...get(counter), ...set(x)],
        ...shiftedXor(16),
        ...times(0x85ebca6b),
        ...[...get(x), ...get(key), ...simd.xor, ...set(x)],
        ...shiftedXor(13),
        ...times(0xc2b2ae35),
        ...shiftedXor(16),
        ...[...get(from), ...get(x), ...get(threshold), ...simd.notLess, ...get(value), ...simd.and, ...simd.store],
        ...[...get(counter), ...vector(ahead, ahead, ahead, ahead), ...simd.add, ...set(counter)],
        ...[...get(from), ...constant(vectorBytes), ...addIntegers, ...set(from)],
      ],
      from,
      to,
    ),
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

const vector = (...lanes: number[]): number[] => [
  ...[0xfd, 0x0c],
  ...new Uint8Array(Int32Array.from(lanes, (lane) => lane | 0).buffer),
]
