import type { Config } from '../../core/config.ts'
import type { KeyRecord } from './key-record.ts'
import type { PastStore } from './pasts.ts'
import type { QueueStore } from './queued.ts'
import type { RequestStore } from './requests.ts'
import type { SessionStore } from './sessions.ts'

export type { KeyRecord }

/** A settled run of a key. */
export interface StoredRun {
  readonly config: Config
  readonly cost: bigint
  readonly loss: number
  /** When it was settled, ms since 1970; null of a run of an older version. */
  readonly settledAt: number | null
}

/** Some of a key's runs, and what to give as `after` for the next ones; null where there are none. */
export interface RunsPage {
  readonly runs: readonly StoredRun[]
  readonly next: bigint | null
}

/** What became of a wish to run a configuration. */
export type Reservation =
  /** This key settled this configuration before: no charge. */
  | { readonly kind: 'settled'; readonly loss: number; readonly used: bigint }
  /** The cost is set aside; `settle` or `release` must follow. */
  | { readonly kind: 'reserved'; readonly ticket: bigint }
  /** An equal query of this key is in flight, here or in another process: ask again soon. */
  | { readonly kind: 'in-flight' }
  /** The budget does not hold it: nothing was set aside. */
  | { readonly kind: 'refused'; readonly left: bigint; readonly budget: bigint; readonly used: bigint }

/** A 1e19 configuration that a key's owner believes in, and the loss predicted for it. */
export interface Prediction {
  readonly config: Config
  readonly predictedLoss: number
  /** Milliseconds since 1970. */
  readonly submittedAt: number
}

/** A prediction that was kept. */
export interface Submission extends Prediction {
  /** What the key had used by then, FLOPs; null of a submission of an older version. */
  readonly used: bigint | null
}

/** A key and what its owner did with it. */
export interface Standing {
  readonly key: KeyRecord
  readonly runs: number
  /** The lowest loss of its runs; null without runs. */
  readonly bestLoss: number | null
  /** When the last of its runs was settled; null without runs, or where none of them says. */
  readonly lastRunAt: number | null
  /** Its last prediction; null without one. */
  readonly submission: Submission | null
  readonly attempts: number
}

/** A key as it is added: see `KeyRecord`. */
export interface NewKeyRecord {
  readonly id: string
  readonly hash: string
  readonly label: string
  readonly budget: bigint
  readonly createdAt: number
  readonly instructor?: boolean
}

/** What became of a prediction, and how many attempts the key has made in all. */
export interface Submitted {
  /** `repeated`: the key's last one came again, and is no attempt. `refused`: there are as many as there may be. */
  readonly kind: 'kept' | 'repeated' | 'refused'
  readonly attempts: number
}

/** Whether a producer is the one that is noted, and whether the database has runs, reservations or predictions. */
export interface Claim {
  readonly kind: 'held' | 'not-held'
  readonly answered: boolean
}

/** A reservation as whoever looks after them sees it. */
export interface SeenReservation {
  readonly ticket: bigint
  /** How often its holder has said that its run goes on. */
  readonly renewals: bigint
}

/** The same, and whether its holder has left it to whoever takes its request over. */
export interface HeldReservation extends SeenReservation {
  readonly isLeft: boolean
}

/** What a key's sums are and what they have to be, FLOPs, all read at one moment. */
export interface Proof {
  readonly used: bigint
  /** Sum of its runs. */
  readonly ran: bigint
  readonly reserved: bigint
  /** Sum of its reservations. */
  readonly held: bigint
}

/**
 * Where keys, runs and reservations live. Every method is atomic. A resolved `settle` is durable: it survives `kill -9`
 * and a power cut, as does every other write but `reserve`, `release` and `renew`. A reservation need not: whoever holds
 * one renews it, and `reclaim` frees those that nobody renews (see `upkeep.ts`). Several processes may share a store. No
 * method depends on a clock.
 *
 * Methods reject with an IsoflopError: STORE_UNAVAILABLE when the disk is full, a lock is not to be had or the
 * connection is lost, having changed nothing (see `settle`), and the same call may succeed later; KEY_INVALID when
 * `reserve` or `submit` finds no such key; CONFIG_INVALID when FLOPs are negative;
 * BAD_OPTION when a key's id or hash is taken; INTERNAL when a loss is not finite.
 */
export interface Store extends RequestStore, PastStore, SessionStore, QueueStore {
  /** What whoever serves this database should know of it. */
  readonly cautions: readonly string[]
  addKey(key: NewKeyRecord): Promise<void>
  /** Adds all of them or none. */
  addKeys(keys: readonly NewKeyRecord[]): Promise<void>
  /**
   * The key with this hash, revoked or not; null when there is none. The quick question of every request: its sums may
   * count runs of this process that are being made durable just now. All other methods show only what is durable.
   */
  findKey(hash: string): Promise<KeyRecord | null>
  /** The key with this id. */
  getKey(id: string): Promise<KeyRecord | null>
  listKeys(): Promise<KeyRecord[]>
  /** The hashes of all keys. */
  hashes(): Promise<string[]>
  /** Gives the key with a hash another one; nothing where there is none. */
  replaceHash(hash: string, by: string): Promise<void>
  /** Cancels what the key has asked for, too, and ends its sessions. False when there is no such key; the same for the next four. */
  revokeKey(id: string, now: number): Promise<boolean>
  /** Makes a revoked key one that works again. */
  restoreKey(id: string): Promise<boolean>
  /** Gives the owner another key, by its hash: the one before works no more, and its sessions end. It can be taken back. */
  rekey(id: string, hash: string, now: number): Promise<boolean>
  setBudget(id: string, budget: bigint): Promise<boolean>
  /** Forgets the key's runs, requests and reservations and what it spent, and where that is asked for its submissions. It can be taken back. */
  resetKey(id: string, forgets: { readonly submissions: boolean }, now: number): Promise<boolean>

  /**
   * Sets the cost of a configuration aside for a key, unless it is settled, in flight or over the budget. A revoked key
   * is no key.
   */
  reserve(keyId: string, config: Config, cost: bigint, now: number): Promise<Reservation>
  /**
   * Turns a reservation into a run; gives what the key has used. Null where the reservation is gone: it was released,
   * reclaimed or settled, or its key was reset, and nothing was charged just now. If a connection breaks before the answer comes, the run may have been stored: it is charged once, and the
   * next `reserve` of the configuration answers `settled`. After a rejection call `release`: the reservation may still
   * be there.
   */
  settle(ticket: bigint, loss: number, now: number): Promise<{ readonly used: bigint } | null>
  /** Gives reservations back; those of open requests are left to be taken over. Unknown tickets are ignored. */
  release(tickets: readonly bigint[]): Promise<void>
  /** Says that the runs of these reservations go on, but of those that are changed just now. Gives those that are gone. */
  renew(tickets: readonly bigint[]): Promise<bigint[]>
  /** All reservations, of every process. */
  reservations(): Promise<HeldReservation[]>
  /** Gives back those that were not renewed since they were seen, as far as their keys are not locked and no open request needs them; gives their number. */
  reclaim(seen: readonly SeenReservation[]): Promise<number>
  /**
   * A key's runs in the order they were settled: at most `limit` of those behind `after`, which is 0n or what an earlier page gave.
   * Pages are read one by one: runs that are settled meanwhile come in the last one.
   */
  runs(keyId: string, after: bigint, limit: number): Promise<RunsPage>

  /** What is kept under a name for the whole database: what was kept first, `value` where that is now. */
  remember(name: string, value: string): Promise<string>
  /** Keeps a value under a name, whatever was there. */
  note(name: string, value: string): Promise<void>
  /** What is kept under a name; null where nothing is. */
  recall(name: string): Promise<string | null>
  /**
   * Notes what answers this database, under the name `producer`: where nothing was noted and nothing was answered yet. With `anyway` also
   * where something was answered and nothing noted, or the other way round; never where both are. Where another one was noted, what was reset comes back no more.
   */
  claim(producer: string, anyway: boolean): Promise<Claim>

  /** A key's sums beside what they have to be; null when there is no such key. */
  prove(keyId: string): Promise<Proof | null>
  /** Makes what a key has reserved the sum of its reservations. */
  reconcile(keyId: string): Promise<void>
  /** Writes something, to see whether that is possible. */
  check(): Promise<void>

  /** Keeps a prediction as one of at most so many. */
  submit(keyId: string, prediction: Prediction, most: number): Promise<Submitted>
  /** All that a key has submitted, the last one last. */
  submissions(keyId: string): Promise<Submission[]>
  /** The last prediction of every key that has one, and how many it has. */
  listSubmissions(): Promise<{ readonly key: KeyRecord; readonly submission: Submission; readonly attempts: number }[]>
  /** Every key, or each of these that is there, and what was done with it. */
  standings(keyIds?: readonly string[]): Promise<Standing[]>

  /** Finishes what was begun, gives this process's reservations back, and rejects everything later. */
  close(): Promise<void>
}
