import type { Config } from '../../core/config.ts'
import type { CurvePoint } from '../../core/trainer.ts'

/** What may be the matter with a request, in the order in which it happens. */
export const requestStates = ['waiting', 'running', 'finished', 'diverged', 'failed', 'cancelled'] as const
export type RequestState = (typeof requestStates)[number]

/** Whether a request goes on by itself. */
export const isOpen = (state: RequestState): boolean => state === 'waiting' || state === 'running'

/** Why a request came to no loss. */
export interface RequestFailure {
  readonly code: string
  readonly message: string
}

/** A configuration that a key asked for, and what has become of it. Queries of GET /loss are one, too, once they are settled. */
export interface StoredRequest {
  readonly config: Config
  readonly state: RequestState
  /** The key's count of changes at the last change of this one. */
  readonly number: bigint
  /** What its asker called it. */
  readonly name: string | null
  /** Milliseconds since 1970; null where it was not asked for, has not begun or has not ended, or where an older version kept no time. */
  readonly askedAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Of one that has finished. */
  readonly loss: number | null
  /** FLOPs that the key was charged; 0 unless it has finished. */
  readonly charged: bigint
  /** Of one that failed. */
  readonly failure: RequestFailure | null
}

/** What became of asking. */
export type Asked =
  /**
   * It is open from now on. Whoever asked makes its run under this ticket; null where an equal query of GET /loss is in flight, whose answer will
   * be this one's.
   */
  | { readonly kind: 'opened'; readonly request: StoredRequest; readonly ticket: bigint | null }
  /** It was open already, or has ended. */
  | { readonly kind: 'known'; readonly request: StoredRequest }
  /** The budget does not hold it. */
  | { readonly kind: 'refused'; readonly left: bigint; readonly budget: bigint; readonly used: bigint }
  /** The key has as many open ones as it may. */
  | { readonly kind: 'too-many'; readonly open: number }

/** A wish to have a configuration run. */
export interface Wish {
  readonly config: Config
  readonly cost: bigint
  /** Asking again under the same name never begins anew what failed or was cancelled. */
  readonly name: string | null
  /** How many open requests the key may have. */
  readonly most: number
}

/** A request whose server has left it, and that is this process's now. */
export interface TakenRequest {
  readonly keyId: string
  readonly config: Config
  readonly ticket: bigint
}

/** Some of a key's requests. */
export interface RequestFilter {
  /** All unless given. */
  readonly states?: readonly RequestState[]
  /** Those that were changed after this number. */
  readonly after: bigint
  readonly limit: number
}

/** How many requests are open, of all keys. */
export interface OpenCounts {
  readonly waiting: number
  readonly running: number
}

/** How many requests that came to nothing are remembered of a key; older ones are forgotten, so that asking and cancelling fills no disk. */
export const mostForgotten = 1000

/** How many queries of GET /loss of a key are shown: a thousand at once need a thousand connections. */
export const mostQueries = 1000

/**
 * Requests that outlive whoever asked and whichever server took them. An open one has a reservation, and a request and its reservation change
 * together, in one durable transaction; `settle` makes the request of its configuration one that has finished. `release`, `reclaim` and the
 * closing of a store free no reservation of an open request: they leave it to be taken over.
 */
export interface RequestStore {
  /**
   * Asks for a configuration: sets its cost aside unless it is settled, asked for already or over the budget.
   * Rejects with KEY_INVALID where there is no such key, or it was revoked.
   */
  ask(keyId: string, wish: Wish, now: number): Promise<Asked>
  /** A request of a key; null where it never asked for this. */
  request(keyId: string, config: Config): Promise<StoredRequest | null>
  /** A key's requests in the order of their last changes. */
  requests(keyId: string, filter: RequestFilter): Promise<StoredRequest[]>
  /**
   * The key's queries of GET /loss that are under way, the oldest 1,000: reservations that no open request needs. They run, as far as is known here; their number is that of
   * the key's last change.
   */
  queries(keyId: string): Promise<StoredRequest[]>
  /** Says that the run of a ticket has begun; nothing where the ticket is not that of a waiting request. */
  begin(ticket: bigint, now: number): Promise<void>
  /** Ends a request that came to no loss, and frees its reservation; false where the ticket is not that of an open one. */
  end(ticket: bigint, state: 'diverged' | 'failed', failure: RequestFailure | null, now: number): Promise<boolean>
  /** Ends an open request for its key, and frees its reservation, unless a query of GET /loss goes on with that; null where there is none of that configuration. */
  cancel(keyId: string, config: Config, now: number): Promise<{ readonly kind: 'cancelled' | 'ended' } | null>
  /** Takes those of the requests that were not renewed since they were seen, each under a new ticket: the old one counts no more. */
  takeOver(seen: readonly { readonly ticket: bigint; readonly renewals: bigint }[]): Promise<TakenRequest[]>
  /** Keeps how far the run of an open request is. It may be lost with the process. */
  noteCurve(keyId: string, config: Config, curve: readonly CurvePoint[]): Promise<void>
  /** What was kept of that; empty where nothing was. */
  curve(keyId: string, config: Config): Promise<readonly CurvePoint[]>
  /** The counts of changes of these keys, as far as they are there and not revoked. */
  changes(keyIds: readonly string[]): Promise<ReadonlyMap<string, bigint>>
  openRequests(): Promise<OpenCounts>
}
