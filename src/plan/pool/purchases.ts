import { type Runs, selectRuns } from '../../core/run.ts'
import type { Outcome } from '../../core/trainer.ts'
import type { Pool } from './pool.ts'

/** Makes the run of this index of the pool, or looks it up. */
export type Buy = (index: number) => Outcome | Promise<Outcome>

/** By how much a run was expected to lower the variance of the law's loss at the target: squared nats, of what there was before it. */
export interface Gain {
  readonly worth: number
  readonly before: number
}

/** A run that was bought, and why. */
export interface Purchase {
  readonly index: number
  /** 0 is the opening. */
  readonly round: number
  /** Null in the opening, which knows no law yet. */
  readonly gain: Gain | null
  readonly outcome: 'finished' | 'diverged' | 'lost'
}

/** What was bought from a pool so far. Only here are losses known, and only of runs that were asked for. */
export class Purchases {
  /** The runs that were spent on, in order; with those that diverged or were lost. */
  readonly made: Purchase[] = []
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

  async buy(index: number, round: number, gain: Gain | null): Promise<void> {
    if (!this.isOpen(index)) return
    this.#asked.add(index)
    const outcome = await this.#buy(index)
    if (outcome.kind === 'exhausted' || outcome.kind === 'interrupted') this.exhausted = true
    if (outcome.kind === 'exhausted' || outcome.kind === 'interrupted' || outcome.kind === 'refused') return
    this.made.push({ index, round, gain, outcome: outcome.kind })
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
