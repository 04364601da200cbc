import type { Store } from './store/store.ts'

/** The reservations that this process answers for. */
export interface Tickets {
  readonly held: number
  /** Renewed from now on; `onLost` is told when it is gone without having been dropped. */
  hold(ticket: bigint, onLost?: () => void): void
  /** Not renewed any more: its run is settled, or the reservation was gone. */
  drop(ticket: bigint): void
  /** Gives it back, now or, where the store is away, with a later `renew`. Never rejects. */
  giveBack(ticket: bigint): Promise<void>
  /** Gives back what is owed, and tells the store that the runs of all others go on. */
  renew(): Promise<void>
}

/** The tickets of one process. What it does not renew is freed by whoever looks: a lost `release` costs time, not budget. */
export function createTickets(store: Pick<Store, 'release' | 'renew'>): Tickets {
  const held = new Map<bigint, (() => void) | undefined>()
  const owed = new Set<bigint>()

  const giveBack = async (ticket: bigint) => {
    try {
      await store.release([ticket])
      owed.delete(ticket)
    } catch {} // it stays owed
  }

  return {
    get held() {
      return held.size
    },
    hold: (ticket, onLost) => held.set(ticket, onLost),
    drop: (ticket) => held.delete(ticket),
    async giveBack(ticket) {
      held.delete(ticket)
      owed.add(ticket)
      await giveBack(ticket)
    },
    async renew() {
      const gone = held.size > 0 ? await store.renew([...held.keys()]) : []
      for (const ticket of gone) held.get(ticket)?.()
      await Promise.all([...owed].map(giveBack))
    },
  }
}
