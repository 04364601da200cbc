/**
 * The only source of random numbers. A stream is named by a seed and any number of integers, for example
 * `random(seed, replicate)`: equal names give equal numbers, on any machine and any number of threads.
 */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** Uniform over 0, 1, ..., n - 1. */
  integer(n: number): number
  /** Standard normal. */
  normal(): number
}

/** One round of a 32-bit integer hash (murmur3's finalizer): every input bit changes about half of the output's. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/**
 * A stream of random numbers. The generator is xoshiro128** (Blackman and Vigna 2018), its state hashed from the name.
 *
 * @example random(0, 7).uniform() // the first number of stream 7 of seed 0
 */
export function random(seed: number, ...stream: number[]): Random {
  let hash = 0x9e3779b9
  const absorb = (value: number) => {
    hash = mix(Math.imul(hash, 31) + mix(value | 0) + mix(Math.floor(value / 2 ** 32) | 0) * 3)
  }
  for (const value of [seed, ...stream]) absorb(value)
  const next = () => {
    hash = (hash + 0x9e3779b9) | 0
    return mix(hash)
  }
  let a = next()
  let b = next()
  let c = next()
  let d = next() | 1 // the state must not be all zero

  const bits = (): number => {
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }
  const uniform = () => ((bits() >>> 5) * 67108864 + (bits() >>> 6)) / 9007199254740992

  let spare: number | null = null
  const normal = (): number => {
    if (spare !== null) {
      const value = spare
      spare = null
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())) // Box-Muller
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  return { uniform, integer: (n) => Math.floor(uniform() * n), normal }
}
