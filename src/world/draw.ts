import type { Random } from '../core/random.ts'

/** Draws by name, so that a prior reads as a table. */
export class Draw {
  readonly #random: Random

  constructor(source: Random) {
    this.#random = source
  }

  between = (low: number, high: number): number => low + (high - low) * this.#random.uniform()

  /** Uniform in the logarithm. */
  scale = (low: number, high: number): number => low * (high / low) ** this.#random.uniform()

  oneOf = <T>(choices: readonly T[]): T => choices[this.#random.integer(choices.length)]

  chance = (p: number): boolean => this.#random.uniform() < p

  /** Normal about the first, with the second as standard deviation. */
  about = (mean: number, sd: number): number => mean + sd * this.#random.normal()
}
