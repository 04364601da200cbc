import { random } from '../core/random.ts'
import { streams } from './state.ts'

/** Where tokens are read. */
export interface Tokens {
  readonly size: number
  /** Tokens from..from + length. */
  read(from: number, length: number): Uint16Array
}

/** One sequence to learn from: in each place the token, and the one that follows it. */
export interface Sequence {
  readonly ids: Uint16Array
  readonly targets: Uint16Array
}

/**
 * The training sequences of a seed, without end. The corpus is cut into windows of the context length; each pass over it takes
 * every window once, in a new order.
 */
export function trainingSequences(tokens: Tokens, contextLength: number, seed: number): (index: number) => Sequence {
  const windows = windowsIn(tokens, contextLength)
  let pass = -1
  let order = new Uint32Array(0)
  return (index) => {
    const wanted = Math.floor(index / windows)
    if (wanted !== pass) {
      pass = wanted
      order = shuffled(windows, seed, pass)
    }
    return windowAt(tokens, contextLength, order[index % windows])
  }
}

/** At most `most` windows of a text, evenly spread, always the same. */
export function evaluationSequences(tokens: Tokens, contextLength: number, most: number): Sequence[] {
  const windows = windowsIn(tokens, contextLength)
  const count = Math.min(most, windows)
  return Array.from({ length: count }, (_, i) => windowAt(tokens, contextLength, Math.floor((i * windows) / count)))
}

/** How many windows there are; each needs one token more than it is long. */
export const windowsIn = (tokens: Tokens, contextLength: number): number =>
  Math.max(0, Math.floor((tokens.size - 1) / contextLength))

function windowAt(tokens: Tokens, contextLength: number, window: number): Sequence {
  const text = tokens.read(window * contextLength, contextLength + 1)
  return { ids: text.subarray(0, contextLength), targets: text.subarray(1) }
}

/** 0, ..., count - 1 in random order (Fisher and Yates). */
function shuffled(count: number, seed: number, pass: number): Uint32Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  const stream = random(seed, streams.order, pass)
  for (let i = count - 1; i > 0; i--) {
    const j = stream.integer(i + 1)
    const moved = order[i]
    order[i] = order[j]
    order[j] = moved
  }
  return order
}
