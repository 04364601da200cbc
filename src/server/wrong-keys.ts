import type { Clock } from '../core/clock.ts'
import { networkOf } from './network.ts'

/** How many wrong keys an address may try at once, and how soon it may try another, ms. */
export interface Patience {
  readonly atOnce: number
  readonly everyMs: number
}

/**
 * A person mistypes a key, a program sends the wrong one with every request, and both are told so. Guessing one of a class's 500
 * eight-digit keys takes a week from one address at this pace; 2,500 tries a second took a minute.
 */
export const usualPatience: Patience = { atOnce: 20, everyMs: 3_000 }

/** Addresses that are remembered at most; the ones that were quiet for longest are forgotten. */
const mostAddresses = 10_000

/** Keys of an address that may wait to be looked at. */
const mostWaiting = 500

/** What an address has left. */
interface Tries {
  left: number
  at: number
  /** Keys that are being looked at: each may yet be wrong. */
  pending: number
  readonly waiting: (() => void)[]
}

/** Looks at keys nobody has seen before, as many of an address as it has tries left. */
export interface WrongKeys {
  /**
   * What an attempt finds, null for a wrong key, which costs the address a try. `tired` is what it gives without an attempt where the
   * address has no try left: in how many seconds it has one.
   */
  attempt<Found>(
    address: string,
    look: () => Promise<Found | null>,
    tired: (seconds: number) => Error,
  ): Promise<Found | null>
  /** Wrong keys so far, and keys that were not looked at. */
  readonly wrong: number
  readonly refused: number
}

export function createWrongKeys(clock: Clock, { atOnce, everyMs }: Patience = usualPatience): WrongKeys {
  const addresses = new Map<string, Tries>()
  const counts = { wrong: 0, refused: 0 }

  const triesOf = (address: string): Tries => {
    const now = clock.now()
    const tries = addresses.get(address) ?? { left: atOnce, at: now, pending: 0, waiting: [] }
    // A clock that jumps back gives nothing and takes nothing.
    tries.left = Math.min(atOnce, tries.left + Math.max(0, now - tries.at) / everyMs)
    tries.at = now
    addresses.delete(address) // the last one in the order of the map
    addresses.set(address, tries)
    if (addresses.size > mostAddresses) forgetOldest()
    return tries
  }
  const forgetOldest = () => {
    for (const [address, { pending }] of addresses)
      if (pending === 0) {
        addresses.delete(address)
        return
      }
  }

  /** Takes a try, waiting while those before it may take the last ones; null where none is left, or too many wait. */
  const take = async (address: string): Promise<Tries | null> => {
    for (;;) {
      const tries = triesOf(address)
      if (tries.left - tries.pending >= 1) {
        tries.pending++
        return tries
      }
      if (tries.pending === 0 || tries.waiting.length >= mostWaiting) return null
      await new Promise<void>((resolve) => tries.waiting.push(resolve))
    }
  }

  /** A wrong key frees nobody: the try is gone, and whoever waits has to see the others end. */
  const giveBack = (tries: Tries, isWrong: boolean) => {
    tries.pending--
    if (isWrong) {
      tries.left--
      counts.wrong++
    }
    const freed = tries.pending === 0 ? tries.waiting.length : isWrong ? 0 : 1
    for (const go of tries.waiting.splice(0, freed)) go()
  }

  return {
    get wrong() {
      return counts.wrong
    },
    get refused() {
      return counts.refused
    },
    async attempt(from, look, tired) {
      const address = networkOf(from)
      const tries = await take(address)
      if (tries === null) {
        counts.refused++
        throw tired(Math.max(1, Math.ceil(((1 - triesOf(address).left) * everyMs) / 1000)))
      }
      let isWrong = false
      try {
        const found = await look()
        isWrong = found === null
        return found
      } finally {
        giveBack(tries, isWrong)
      }
    },
  }
}
