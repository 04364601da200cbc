import type { Outcome } from '../core/trainer.ts'
import type { Planned } from '../plan/strategy.ts'

/** What buying a round needs to know. */
export interface RoundOptions {
  /** In the order of the plan. */
  readonly queries: readonly Planned[]
  /** How many runs are made at once. */
  readonly capacity: number
  /** Whether so many FLOPs may still be spent, after all outcomes that were told. */
  readonly isWithinBudget: (flops: number) => boolean
  readonly isInterrupted: () => boolean
  /** Resolves when the next run may begin. */
  readonly mayBegin?: () => Promise<void>
  readonly train: (query: Planned) => Promise<Outcome>
  /** Told of every outcome, in the order of the plan. */
  readonly onOutcome: (query: Planned, outcome: Outcome) => void
}

/** A run that was begun and is not told yet. */
interface Begun {
  readonly query: Planned
  readonly outcome: Promise<Outcome>
  isDone: boolean
}

/**
 * Makes the runs of a plan, `capacity` of them at a time, and tells their outcomes in the order of the plan, so that what follows from
 * them is the same as one after another. What runs counts as spent; where only that stands in the way of a run, its outcome is
 * waited for. Begins no more once interrupted or exhausted, and waits for what runs.
 *
 * @returns why buying has to end; null if it has not.
 * @throws what `train` throws, after the runs beside it have ended.
 */
export async function buyRound(options: RoundOptions): Promise<string | null> {
  const { queries, capacity, isWithinBudget, train, onOutcome } = options
  const begun: Begun[] = []
  let end: string | null = null

  /** Whether a run can be paid for beside those that run. */
  const isAffordable = ({ config }: Planned): boolean =>
    isWithinBudget(begun.reduce((sum, { query }) => sum + query.config.trainFlops, config.trainFlops))
  const running = () => begun.filter(({ isDone }) => !isDone)

  /** Tells of the oldest run, once it has ended. */
  async function tellOldest(): Promise<void> {
    const { query, outcome: promised } = begun[0]
    const outcome = await promised
    begun.shift()
    onOutcome(query, outcome)
    if (outcome.kind === 'interrupted') end ??= 'interrupted'
    if (outcome.kind === 'exhausted') end ??= `the budget is used up: ${outcome.error.message}`
  }

  /** Waits for room; tells meanwhile what can be told. */
  async function makeRoom(query: Planned): Promise<void> {
    while (begun.length > 0 && end === null) {
      if (begun[0].isDone || !isAffordable(query)) await tellOldest()
      else if (running().length >= capacity) await Promise.race(running().map(({ outcome }) => outcome))
      else return
    }
  }

  try {
    for (const query of queries) {
      await makeRoom(query)
      await options.mayBegin?.()
      if (options.isInterrupted()) end ??= 'interrupted'
      if (end !== null) break
      if (!isAffordable(query)) continue
      const run: Begun = { query, outcome: train(query), isDone: false }
      const done = () => {
        run.isDone = true
      }
      run.outcome.then(done, done)
      begun.push(run)
    }
    while (begun.length > 0) await tellOldest()
  } catch (error) {
    await Promise.allSettled(begun.map(({ outcome }) => outcome))
    throw error
  }
  return end
}
