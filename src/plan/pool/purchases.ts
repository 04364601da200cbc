import { type Runs, selectRuns } from '../../core/run.ts'
import type { Outcome } from '../../core/trainer.ts'
import type { Pool } from './pool.ts'

/** Makes the run of this index of the pool, or looks it up. */
export type Buy = (index: number) => Outcome | Promise<Outcome>

/** What was bought from a pool so far. Only here are losses known, and only of runs that were asked for. */
export class Purchases {
  /** Indices of the runs that were spent on, in order; with those that diverged or were lost. */
  readonly bought: number[] = []
  /** Indices of those that finished, in order. */
  readonly known: number[] = []
  spent = 0
  /** Whether whoever makes the runs takes no more. */
  exhausted = false
  readonly #pool: Pool
  readonly #budget: number
  readonly #buy: Buy
  readonly #asked = new Set<number>()
  readonly #loss: Float64Array

  constructor(pool: Pool, budget: number, buy: Buy) {
    this.#pool = pool
    this.#budget = budget
    this.#buy = buy
    this.#loss = new Float64Array(pool.settings.size).fill(Number.NaN)
  }

  /** Whether the run was not asked for yet and costs no more than what `planned` leaves of the budget. */
  isOpen(index: number, planned = 0): boolean {
    return !this.exhausted && !this.#asked.has(index) && this.spent + planned + this.#pool.cost[index] <= this.#budget
  }

  async buy(index: number): Promise<void> {
    if (!this.isOpen(index)) return
    this.#asked.add(index)
    const outcome = await this.#buy(index)
    if (outcome.kind === 'exhausted') this.exhausted = true
    if (outcome.kind === 'exhausted' || outcome.kind === 'refused') return
    this.bought.push(index)
    this.spent += this.#pool.cost[index]
    if (outcome.kind !== 'finished') return
    this.known.push(index)
    this.#loss[index] = outcome.loss
  }

  /** The runs that finished. */
  runs(): Runs {
    return selectRuns({ ...this.#pool.settings, loss: this.#loss }, this.known)
  }
}
