import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from './program.ts'
import type { ProcessJob } from './run-folder.ts'

/** How often to look whether a program that was there before has ended, ms. */
const lookMs = 500

/** Places for runs at once, from 0. Programs that an earlier process started keep theirs until they end. */
export class Slots {
  readonly #count: number
  readonly #taken = new Set<number>()
  #before: readonly ProcessJob[]

  constructor(count: number, before: readonly ProcessJob[]) {
    this.#count = count
    this.#before = before
  }

  /** The first place that is free; waits until one is, or until nobody waits: then null. */
  async take(signal?: AbortSignal): Promise<number | null> {
    while (signal?.aborted !== true) {
      this.#before = this.#before.filter(({ process }) => isRunning(process))
      const held = new Set([...this.#taken, ...this.#before.map(({ slot }) => slot)])
      const free = Array.from({ length: this.#count }, (_, slot) => slot).find((slot) => !held.has(slot))
      if (free !== undefined) {
        this.#taken.add(free)
        return free
      }
      await sleep(lookMs, undefined, { signal }).catch(() => {})
    }
    return null
  }

  give(slot: number): void {
    this.#taken.delete(slot)
  }
}
