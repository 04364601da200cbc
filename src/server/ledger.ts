import { setTimeout as sleep } from 'node:timers/promises'
import { messages } from '../api/contract.ts'
import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../core/clock.ts'
import { configIdentity, type TrainingConfig } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { integerAsWritten } from '../core/exact-integer.ts'
import { expectLoss } from '../core/trainer.ts'
import type { Reservation, Store } from './store/store.ts'

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
   * The loss of a configuration. Repeats are free, equal queries in flight are one run.
   * @throws IsoflopError BUDGET_EXCEEDED, STORE_UNAVAILABLE, or what the backend refuses with; nothing is charged then.
   */
  query(keyId: string, config: TrainingConfig): Promise<Answer>
  /** How many queries are running. */
  readonly running: number
}

/** How long to wait before asking again for a query that another process runs, ms: doubling from the first to the last. */
const patience = { first: 10, last: 500 }

export function createLedger(store: Store, backend: Backend, clock: Clock): Ledger {
  const inFlight = new Map<string, Promise<Answer>>()

  const runReserved = async (ticket: bigint, keyId: string, config: TrainingConfig): Promise<Answer> => {
    try {
      const loss = expectLoss(await backend.train(config, { asker: keyId }))
      const { used } = await store.settle(ticket, loss)
      return { loss, used, charged: true }
    } catch (error) {
      // Whether the run or its settling failed, nothing is charged. If giving back fails too, a sweep will do it.
      await store.release(ticket).catch(() => {})
      throw error
    }
  }

  const query = async (keyId: string, config: TrainingConfig): Promise<Answer> => {
    const cost = integerAsWritten(config.trainFlops)
    for (let wait = patience.first; ; wait = Math.min(2 * wait, patience.last)) {
      const reservation: Reservation = await store.reserve(keyId, config, cost, clock.now())
      switch (reservation.kind) {
        case 'settled':
          return { loss: reservation.loss, used: reservation.used, charged: false }
        case 'reserved':
          return runReserved(reservation.ticket, keyId, config)
        case 'refused':
          throw new IsoflopError(
            'BUDGET_EXCEEDED',
            messages.overBudget(cost, reservation.left, reservation.budget),
            'Choose a smaller train_flops, or repeat an earlier query, which is free.',
          )
        case 'in-flight':
          await sleep(wait)
      }
    }
  }

  return {
    get running() {
      return inFlight.size
    },
    query(keyId, config) {
      const name = `${keyId} ${configIdentity(config)}`
      const known = inFlight.get(name)
      if (known) return known.then((answer) => ({ ...answer, charged: false }))
      const answer = query(keyId, config).finally(() => inFlight.delete(name))
      inFlight.set(name, answer)
      return answer
    },
  }
}
