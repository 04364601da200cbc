import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { integerAsWritten } from '../core/exact-integer.ts'
import { type Outcome, type Progress, waitedElsewhere } from '../core/trainer.ts'
import { anyCodec } from '../space/any.ts'
import type { Changes } from './changes.ts'
import type { KnownRuns } from './known-runs.ts'
import type { Progresses } from './progress.ts'
import { type Asked, isOpen, mostForgotten, type RequestFailure, type TakenRequest } from './store/requests.ts'
import type { Store } from './store/store.ts'
import type { Tickets } from './tickets.ts'

/** Requests that nobody has to wait for: taken, made and ended, also those that another server has left. */
export interface Requests {
  /** Asks for a configuration; its run is made from now on. `name` is what the asker calls it. */
  ask(keyId: string, config: Config, name: string | null): Promise<Asked>
  /** Cancels what waits or runs, wherever it does: other servers see it when they renew their reservations. */
  cancel(keyId: string, config: Config): ReturnType<Store['cancel']>
  /** Goes on with what others have left. */
  adopt(taken: readonly TakenRequest[]): void
  /** Leaves what was cancelled while the server that had it died: workers would make it for nobody. */
  tidy(): Promise<void>
  /** How many this process makes. */
  readonly made: number
  /** From now on what breaks off is left to others. */
  stop(): void
}

/** How many open requests a key may have. */
export const mostOpen = 256

interface RequestOptions {
  readonly store: Store
  readonly backend: Backend<Config>
  readonly clock: Clock
  readonly tickets: Tickets
  readonly progresses: Progresses
  readonly changes: Pick<Changes, 'made'>
  readonly known: Pick<KnownRuns, 'one'>
  /** What may be told of an error to whoever asked. */
  readonly shown: (error: Error) => RequestFailure
}

/** How long to wait before a database that is away is asked again to keep what a run came to, ms: doubling. */
const patience = { first: 100, last: 5_000 }

/**
 * A run and what is kept of it have one fence, the ticket of its reservation: whoever has it settles or ends the request, once; when another server took
 * the request over, or its key cancelled it, the ticket is gone and what this process makes of it counts for nothing.
 */
export function createRequests(options: RequestOptions): Requests {
  const { store, backend, clock, tickets, progresses, changes, known, shown } = options
  const running = new Map<bigint, { readonly name: string; readonly leaving: AbortController }>()
  let isStopping = false

  /** Tries again for as long as the database is away and the request is ours: what a run came to has cost something. */
  const insist = async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    for (let wait = patience.first; ; wait = Math.min(2 * wait, patience.last))
      try {
        return await work()
      } catch (error) {
        if (!isStoreAway(error) || isStopping || signal.aborted) throw error
        await sleep(wait, undefined, { ref: false })
      }
  }

  const keep = (ticket: bigint, outcome: Outcome): Promise<unknown> => {
    const now = clock.now()
    switch (outcome.kind) {
      case 'finished':
        return store.settle(ticket, outcome.loss, now)
      case 'diverged':
        return store.end(ticket, 'diverged', null, now)
      default:
        return store.end(ticket, 'failed', shown(outcome.error), now)
    }
  }

  /** What a run comes to, also where it breaks off; null where others have to make it. */
  const outcomeOf = async (keyId: string, config: Config, request: Making): Promise<Outcome | null> => {
    try {
      const outcome = await backend.train(config, { asker: keyId, ...request })
      return outcome.kind === 'interrupted' && request.signal.aborted ? null : outcome
    } catch (error) {
      const isStopped = error instanceof IsoflopError && error.code === 'TRAINING_STOPPED'
      return isStopped || isStopping ? null : { kind: 'lost', error: error as IsoflopError }
    }
  }

  /** Why a ticket is gone: another server goes on with the request, or nobody does. */
  const lost = async (keyId: string, config: Config): Promise<string | undefined> => {
    const request = await store.request(keyId, config).catch(() => null)
    return request !== null && isOpen(request.state) ? waitedElsewhere : undefined
  }

  /** Makes a run and keeps what it came to. Never rejects. */
  const make = async ({ keyId, config, ticket }: TakenRequest): Promise<void> => {
    const leaving = new AbortController()
    const { signal } = leaving
    running.set(ticket, { name: nameOf(keyId, config), leaving })
    tickets.hold(ticket, () => void lost(keyId, config).then((reason) => leaving.abort(reason)))
    const progress = progresses.of(keyId, config)
    let hasBegun = false
    const begin = async () => {
      hasBegun = true
      await insist(() => store.begin(ticket, clock.now()), signal)
      changes.made(keyId)
    }
    const onProgress = (told: Progress) => {
      progress.tell(told)
      if (told.kind === 'running' && !hasBegun) begin().catch(ignore)
    }
    try {
      const outcome = await outcomeOf(keyId, config, { signal, onProgress })
      await progress.keep()
      if (outcome !== null) await insist(() => keep(ticket, outcome), signal)
    } catch (error) {
      if (!isStopping && !signal.aborted) shown(error as Error)
    } finally {
      running.delete(ticket)
      tickets.drop(ticket)
      progress.end()
      changes.made(keyId)
    }
  }

  return {
    get made() {
      return running.size
    },
    async ask(keyId, config, name) {
      const wish = { config, cost: integerAsWritten(config.trainFlops), name, most: mostOpen }
      const asked = await store.ask(keyId, wish, clock.now())
      if (asked.kind === 'opened' && asked.ticket !== null) void make({ keyId, config, ticket: asked.ticket })
      if (asked.kind === 'opened') changes.made(keyId)
      return asked
    },
    async cancel(keyId, config) {
      const cancelled = await store.cancel(keyId, config, clock.now())
      const name = nameOf(keyId, config)
      if (cancelled?.kind === 'cancelled')
        for (const one of running.values()) if (one.name === name) one.leaving.abort()
      changes.made(keyId)
      return cancelled
    },
    adopt(taken) {
      for (const one of taken) {
        void make(one)
        changes.made(one.keyId)
      }
    },
    async tidy() {
      const asked = (await backend.asked?.()) ?? []
      for (const keyId of new Set(asked.map(({ asker }) => asker))) {
        const cancelled = await store.requests(keyId, { states: ['cancelled'], after: 0n, limit: mostForgotten })
        const names = new Set(cancelled.map(({ config }) => nameOf(keyId, config)))
        for (const { config, leave } of asked.filter(({ asker }) => asker === keyId))
          if (names.has(nameOf(keyId, config)) && (await known.one(keyId, config))?.state === 'cancelled') await leave()
      }
    },
    stop() {
      isStopping = true
    },
  }
}

/** What a backend is given with a configuration. */
interface Making {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

const nameOf = (keyId: string, config: Config) => `${keyId} ${anyCodec.identity(config)}`
const ignore = () => {}
const isStoreAway = (error: unknown) => error instanceof IsoflopError && error.code === 'STORE_UNAVAILABLE'
