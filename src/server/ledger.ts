import { setTimeout as sleep } from 'node:timers/promises'
import { messages } from '../api/contract.ts'
import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { integerAsWritten } from '../core/exact-integer.ts'
import { expectLoss } from '../core/trainer.ts'
import { anyCodec } from '../space/any.ts'
import type { Progresses } from './progress.ts'
import type { Store } from './store/store.ts'
import type { Tickets } from './tickets.ts'

/** What a query came to. `charged` is false for a repeat. */
export interface Answer {
  readonly loss: number
  /** All that the key has used, FLOPs. */
  readonly used: bigint
  readonly charged: boolean
}

/** Answers queries and charges them: reserve, run, settle; release when the run fails. */
export interface Ledger {
  /**
   * The loss of a configuration. Repeats are free, equal queries in flight are one run. `hasLeft` says whether
   * nobody waits for this answer any more: a run that has begun is finished and settled, waiting for one of another process is given up.
   * @throws IsoflopError BUDGET_EXCEEDED, STORE_UNAVAILABLE, QUERY_ENDED, or what the backend refuses with; nothing is charged then.
   */
  query(keyId: string, config: Config, hasLeft?: () => boolean): Promise<Answer>
  /** How many queries are running. */
  readonly running: number
  /** Ends the queries that wait for runs of other processes. */
  stop(): void
}

/** How long to wait before asking again for a query that another process runs, ms: doubling from the first to the last. */
const patience = { first: 10, last: 500 }

/** A query in flight, and whether those who asked for it have left. */
interface Flight {
  readonly answer: Promise<Answer>
  readonly asked: (() => boolean)[]
}

/** What a ledger stands on. */
interface LedgerParts {
  readonly store: Store
  readonly backend: Backend<Config>
  readonly clock: Clock
  readonly tickets: Tickets
  readonly progresses: Progresses
}

export function createLedger({ store, backend, clock, tickets, progresses }: LedgerParts): Ledger {
  const inFlight = new Map<string, Flight>()
  let isStopping = false

  /** The answer, or null where the reservation was freed meanwhile, which has charged nothing. */
  const runReserved = async (ticket: bigint, lossOf: () => Promise<number>): Promise<Answer | null> => {
    tickets.hold(ticket)
    try {
      const loss = await lossOf()
      const settled = await store.settle(ticket, loss, clock.now())
      tickets.drop(ticket)
      return settled && { loss, used: settled.used, charged: true }
    } catch (error) {
      // Whether the run or its settling failed, nothing is charged. Where the store is away, nobody need wait until it is asked again.
      const givenBack = tickets.giveBack(ticket)
      if (!isStoreAway(error)) await givenBack
      throw error
    }
  }

  const lossFrom = async (keyId: string, config: Config): Promise<number> => {
    const progress = progresses.of(keyId, config)
    try {
      return expectLoss(await backend.train(config, { asker: keyId, onProgress: progress.tell }))
    } finally {
      await progress.keep()
      progress.end()
    }
  }

  const query = async (keyId: string, config: Config, isWanted: () => boolean): Promise<Answer> => {
    const cost = integerAsWritten(config.trainFlops)
    let run: Promise<number> | undefined
    // Made once, however often its cost has to be set aside again.
    const lossOf = () => (run ??= lossFrom(keyId, config))
    for (let wait = patience.first; ; wait = Math.min(2 * wait, patience.last)) {
      const reservation = await store.reserve(keyId, config, cost, clock.now())
      switch (reservation.kind) {
        case 'settled':
          return { loss: reservation.loss, used: reservation.used, charged: false }
        case 'reserved': {
          const answer = await runReserved(reservation.ticket, lossOf)
          if (answer) return answer
          break
        }
        case 'refused':
          throw new IsoflopError(
            'BUDGET_EXCEEDED',
            messages.overBudget(cost, reservation.left, reservation.budget),
            'Choose a smaller train_flops, or repeat an earlier query, which is free.',
          )
        case 'in-flight':
          await sleep(wait)
          if (!isWanted()) throw ended()
      }
    }
  }

  const begin = (name: string, keyId: string, config: Config): Flight => {
    const flight: Flight = {
      asked: [],
      answer: query(keyId, config, () => {
        const isWanted = !isStopping && flight.asked.some((hasLeft) => !hasLeft())
        if (!isWanted) inFlight.delete(name) // at once: whoever asks from now on must not be told that it has ended
        return isWanted
      }).finally(() => {
        if (inFlight.get(name) === flight) inFlight.delete(name)
      }),
    }
    inFlight.set(name, flight)
    return flight
  }

  return {
    get running() {
      return inFlight.size
    },
    async query(keyId, config, hasLeft = () => false) {
      const name = `${keyId} ${anyCodec.identity(config)}`
      const known = inFlight.get(name)
      const flight = known ?? begin(name, keyId, config)
      flight.asked.push(hasLeft)
      const answer = await flight.answer
      return known ? { ...answer, charged: false } : answer
    },
    stop() {
      isStopping = true
    },
  }
}

const isStoreAway = (error: unknown) => error instanceof IsoflopError && error.code === 'STORE_UNAVAILABLE'

const ended = () =>
  new IsoflopError(
    'QUERY_ENDED',
    'An equal query of this key is running elsewhere, and waiting for it was ended. Nothing was charged.',
    'Ask again: the answer is free once the other query has it.',
  )
