import { writeFileSync } from 'node:fs'
import { random } from '../src/core/random.ts'

/** How many bits of each kind of file are flipped: none may be believed. */
export const flips = 200

/** Writes bytes into a file with one bit of them flipped, so many times, evenly over their length; gives where. */
export function* flipped(file: string, bytes: Uint8Array, seed = 1): Generator<string> {
  const { uniform, integer } = random(seed, bytes.length)
  for (let k = 0; k < flips; k++) {
    const at = Math.floor(((k + uniform()) / flips) * bytes.length)
    const bit = integer(8)
    const copy = Uint8Array.from(bytes)
    copy[at] ^= 1 << bit
    writeFileSync(file, copy)
    yield `bit ${bit} of byte ${at}`
  }
  writeFileSync(file, bytes)
}
