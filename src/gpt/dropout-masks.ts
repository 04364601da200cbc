import { random } from '../core/random.ts'
import type { Tensor } from './graph.ts'
import { maskFiller } from './mask-filler.ts'
import { streams } from './state.ts'

/** The part of activations and attention weights that is dropped (course handout). */
export const dropoutRate = 0.1

/** The memory of a graph's dropout masks, which is filled anew for every sequence. */
export interface DropoutMasks {
  /** The masks by name; `fill` changes these very arrays. */
  readonly arrays: ReadonlyMap<string, Float32Array>
  /**
   * Draws the masks of the sequences first, first + 1, ... of a step, as many as the graph takes at once. What a sequence gets
   * depends on the seed, the step and its place in the step alone, not on what runs beside it.
   */
  fill(step: number, first: number): void
}

/** Masks for these tensors [sequences, ...] or [sequences * rows, width], 0 or 1 / (1 - rate). */
export function dropoutMasks(tensors: readonly Tensor[], sequences: number, seed: number): DropoutMasks {
  const sizes = tensors.map(({ shape }) => shape.reduce((product, size) => product * size, 1))
  const filler = maskFiller(sizes, dropoutRate)
  const arrays = new Map(tensors.map(({ name }, i) => [name, filler.arrays[i]]))
  return {
    arrays,
    fill(step, first) {
      sizes.forEach((size, mask) => {
        const part = size / sequences
        for (let k = 0; k < sequences; k++) {
          const keys = random(seed, streams.dropout, step, first + k, mask)
          filler.fill(mask, k * part, part, keys.integer(2 ** 32), keys.integer(2 ** 32))
        }
      })
    },
  }
}
