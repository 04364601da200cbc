import { setImmediate as nextTurn } from 'node:timers/promises'
import { IsoflopError } from '../core/errors.ts'
import { repeat } from './repeat.ts'
import type { Requests } from './requests.ts'
import type { HeldReservation, Proof, SeenReservation, Store } from './store/store.ts'
import type { Tickets } from './tickets.ts'

/** How often reservations are looked after, and how often the sums are proved. */
export interface UpkeepTimes {
  /** Between two looks, ms. */
  readonly lookEvery: number
  /** In so many looks in a row a reservation has to stand still before it is freed. */
  readonly looks: number
  /** Between two proofs, ms. */
  readonly proveEvery: number
}

/** A reservation that nobody renews is freed after 18 to 21 s. */
export const usualTimes: UpkeepTimes = { lookEvery: 3_000, looks: 6, proveEvery: 300_000 }

/** Requests that are taken over in one look: in the next ones another server has a share. */
const mostTaken = 1000

/** Looks after what a store has reserved. */
export interface Upkeep {
  /** Reservations that were freed because nobody renewed them. */
  readonly reclaimed: number
  /** Keys whose sums were wrong in the last proof, or whose rows were damaged; one more where the list of keys was. */
  readonly unbalanced: number
  stop(): void
}

/**
 * Renews the reservations of this process, frees those of others that stand still or takes over the requests that they are of, proves that each key's sums are those of its
 * runs and reservations, and leaves trainings that were cancelled as their server died. Whoever serves a store does this; one is enough.
 *
 * Nothing is compared with a clock: a reservation is dead when it was looked at several times and was never renewed in between.
 * A process that is stopped, or whose clock jumps, sees nothing dead by that, and a reservation that is freed though its run lives
 * costs that run a second reservation (see `ledger.ts`), never an answer.
 *
 * Rejects with STORE_UNAVAILABLE when the first look fails; later ones are told to `onError` and tried again.
 */
export async function startUpkeep(
  store: Store,
  { tickets, requests }: { readonly tickets: Tickets; readonly requests: Pick<Requests, 'adopt' | 'tidy'> },
  onError: (error: Error) => void,
  times: UpkeepTimes = usualTimes,
): Promise<Upkeep> {
  const watch = watchReservations<HeldReservation>(times.looks)
  const alarmed = new Map<string, string>()
  let reclaimed = 0

  const look = async () => {
    await tickets.renew()
    const seen = await store.reservations()
    const standing = watch(seen)
    if (standing.length > 0) reclaimed += await store.reclaim(standing)
    const left = [...new Set([...standing, ...seen.filter(({ isLeft }) => isLeft)])].slice(0, mostTaken)
    if (left.length > 0) requests.adopt(await store.takeOver(left))
  }

  /** Tells of a fault where it is another one than before. */
  const alarm = (subject: string, fault: IsoflopError | null) => {
    if (fault && alarmed.get(subject) !== fault.message) onError(fault)
    if (fault) alarmed.set(subject, fault.message)
    else alarmed.delete(subject)
  }

  const proveKey = async (id: string) => {
    const proof = await store.prove(id)
    alarm(id, proof && faultOf(id, proof))
    if (proof && proof.reserved !== proof.held) await store.reconcile(id)
  }

  const prove = async () => {
    const keys = await damageOf(
      () => store.listKeys(),
      (damage) => alarm('all keys', damage),
    )
    for (const { id } of keys ?? []) {
      await damageOf(
        () => proveKey(id),
        (damage) => damage && alarm(id, damage),
      )
      await nextTurn() // 50,000 runs of a key are added up in 12 ms; requests come in between
    }
  }

  await look()
  prove().catch(onError) // while it serves: it takes as long as there are runs
  const looking = repeat(look, times.lookEvery, () => {}) // a store that is away is told to each caller
  const proving = repeat(prove, times.proveEvery, onError)
  const tidying = repeat(
    () => requests.tidy(),
    times.proveEvery,
    () => {},
  ) // the same of the queue's database
  return {
    get reclaimed() {
      return reclaimed
    },
    get unbalanced() {
      return alarmed.size
    },
    stop() {
      looking()
      proving()
      tidying()
    },
  }
}

/** A memory of reservations: given all that there are, it says which have stood still for so many looks. */
export function watchReservations<Seen extends SeenReservation>(looks: number): (seen: readonly Seen[]) => Seen[] {
  let known = new Map<bigint, { readonly renewals: bigint; readonly still: number }>()
  return (seen) => {
    known = new Map(
      seen.map(({ ticket, renewals }) => {
        const before = known.get(ticket)
        return [ticket, { renewals, still: before?.renewals === renewals ? before.still + 1 : 0 }]
      }),
    )
    return seen.filter(({ ticket }) => known.get(ticket)!.still >= looks)
  }
}

/** Does something with a database; tells of damage that it meets, null where it meets none, and is done with that. */
async function damageOf<T>(work: () => Promise<T>, tell: (damage: IsoflopError | null) => void): Promise<T | null> {
  try {
    const result = await work()
    tell(null)
    return result
  } catch (error) {
    if (!(error instanceof IsoflopError) || error.code !== 'RECORD_DAMAGED') throw error
    tell(error)
    return null
  }
}

/** What is wrong with a key's sums; null where nothing is. */
function faultOf(id: string, { used, ran, reserved, held }: Proof): IsoflopError | null {
  const faults = [
    used === ran ? null : `has used ${used} FLOPs, but its runs add up to ${ran}`,
    reserved === held ? null : `has reserved ${reserved} FLOPs, but its reservations add up to ${held}`,
  ].filter((fault) => fault !== null)
  return faults.length === 0 ? null : unbalanced(id, faults.join(', and '))
}

const unbalanced = (keyId: string, fault: string) =>
  new IsoflopError(
    'LEDGER_UNBALANCED',
    `Key ${keyId} ${fault}.`,
    'What it has reserved is set right by itself. Where used differs, somebody has changed the database, or its disk is damaged: compare with a backup.',
  )
