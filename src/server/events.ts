import { idOfConfig, type WireRun } from '../api/v2.ts'
import { IsoflopError } from '../core/errors.ts'
import { Bell } from './bell.ts'
import type { Changes } from './changes.ts'
import type { KnownRuns } from './known-runs.ts'
import type { ShownRuns } from './shown-run.ts'
import { isOpen, type StoredRequest } from './store/requests.ts'
import type { Store } from './store/store.ts'
import { createStreamPlaces } from './stream-places.ts'

/**
 * Server-sent events of a key: of its runs, and that something else of it has changed. The store is what happened: every change of a run gives it a higher number, which is the event's id, so that
 * whoever knows the last one learns what came after it from any server, also after a restart. How far a run is comes between them without an id,
 * because it is worth nothing later.
 */
export interface Events {
  /** Opens a stream; `goesOn` says whether its reader may see more. Errors: STREAMS_TOO_MANY. */
  open(keyId: string, after: bigint | null, goesOn: () => Promise<boolean>): EventStream
  /** How many are open. */
  readonly streams: number
}

export interface EventStream {
  readonly slices: AsyncGenerator<string>
  /** To be called when whoever reads is gone; ends the slices. */
  close(): void
}

/** Streams that a key may have open on one server: a page and a campaign on each of two machines. */
export const mostStreams = 4
/** Changes that are read at once. */
const page = 100
/** Runs whose progress is told at most: as many as a key may have open. */
const mostOpen = 256

/** How often what runs is looked at, after what silence a sign of life is sent, and after how long a client that reads nothing is cut, ms. */
export interface EventTimes {
  readonly progressEvery: number
  readonly beatEvery: number
  readonly unreadFor: number
}

export const usualEventTimes: EventTimes = { progressEvery: 2_000, beatEvery: 15_000, unreadFor: 60_000 }

interface EventParts {
  readonly store: Pick<Store, 'requests' | 'changes'>
  readonly known: Pick<KnownRuns, 'one' | 'queries'>
  readonly changes: Pick<Changes, 'watch'>
  readonly shown: ShownRuns
  readonly times?: EventTimes | undefined
}

export function createEvents({ store, known, changes, shown, times = usualEventTimes }: EventParts): Events {
  const places = createStreamPlaces(mostStreams)

  return {
    get streams() {
      return places.taken
    },
    open(keyId, after, goesOn) {
      const giveBack = places.take(keyId)
      const bell = new Bell()
      const state = { isOver: false }
      const unwatch = changes.watch(keyId, (change) => {
        if (change !== 'changed') state.isOver = true
        bell.ring()
      })
      return {
        slices: slicesOf(keyId, after, goesOn, state, bell),
        close() {
          giveBack()
          state.isOver = true
          unwatch()
          bell.ring()
        },
      }
    },
  }

  async function* slicesOf(
    keyId: string,
    after: bigint | null,
    goesOn: () => Promise<boolean>,
    state: { isOver: boolean },
    bell: Bell,
  ) {
    const told = new Map<string, string>()
    let queries: readonly StoredRequest[] = []
    let number = after ?? (await numberOf(keyId))
    let silence = 0
    yield frame('start', number, {})
    while (!state.isOver) {
      const slice = await whereThere(async () => {
        if (!(await goesOn())) state.isOver = true
        if (state.isOver) return ''
        const last = await numberOf(keyId)
        const changed = await store.requests(keyId, { after: number, limit: page })
        const frames = await Promise.all(changed.map((one) => changeFrame(keyId, one)))
        number = changed.at(-1)?.number ?? number
        if (changed.length === page) return frames.join('')
        const others = last > number ? [frame('key', last, {})] : []
        if (last > number) number = last
        const before = queries
        queries = await known.queries(keyId)
        const going = await progressFrames(keyId, told, queries)
        return [...frames, ...others, ...going, ...(await goneFrames(keyId, before, queries))].join('')
      })
      silence = slice === '' ? silence + times.progressEvery : 0
      if (slice !== '') yield slice
      else if (silence >= times.beatEvery) {
        silence = 0
        yield ': beat\n\n'
      }
      if (!slice.includes('event: run')) await bell.rest(times.progressEvery)
    }
  }

  async function numberOf(keyId: string): Promise<bigint> {
    return (await store.changes([keyId])).get(keyId) ?? 0n
  }

  async function changeFrame(keyId: string, request: StoredRequest): Promise<string> {
    return frame('run', request.number, await shown.run(keyId, request))
  }

  /** What runs and is further than it was told last, and queries that are new. */
  async function progressFrames(
    keyId: string,
    told: Map<string, string>,
    queries: readonly StoredRequest[],
  ): Promise<string[]> {
    const running = await store.requests(keyId, { states: ['running'], after: 0n, limit: mostOpen })
    const runs = await Promise.all(running.map((one) => shown.run(keyId, one)))
    const asked = await Promise.all(queries.map((one) => shown.run(keyId, one)))
    const going = [...runs.filter(({ latest }) => latest !== null), ...asked]
    const news = going.filter((run) => told.get(run.id) !== textOf(run))
    for (const run of news) told.set(run.id, textOf(run))
    return news.map((run) => frame('progress', null, run))
  }

  /** Of queries that are under way no more, what has become of them; one that came to nothing is gone. */
  async function goneFrames(
    keyId: string,
    before: readonly StoredRequest[],
    now: readonly StoredRequest[],
  ): Promise<string[]> {
    const still = new Set(now.map(({ config }) => idOfConfig(config)))
    const over = before.filter(({ config }) => !still.has(idOfConfig(config)))
    return Promise.all(
      over.map(async ({ config }) => {
        const there = await known.one(keyId, config)
        if (there === null) return frame('gone', null, { id: idOfConfig(config) })
        // One that is finished was told, or is in the next slice.
        return isTold(there) ? '' : frame('progress', null, await shown.run(keyId, there))
      }),
    )
  }
}

const textOf = ({ state, latest }: WireRun): string => JSON.stringify([state, latest])

const isTold = ({ state }: StoredRequest): boolean => isOpen(state) || state === 'finished'

/** What work gives; nothing where the store is away: it will be there again. */
export async function whereThere(work: () => Promise<string>): Promise<string> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof IsoflopError && error.code === 'STORE_UNAVAILABLE') return ''
    throw error
  }
}

export const frame = (event: string, id: bigint | string | null, data: object): string =>
  writtenFrame(event, id, JSON.stringify(data))

/** The same of data that are JSON already, in one line. */
export const writtenFrame = (event: string, id: bigint | string | null, json: string): string =>
  `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${json}\n\n`
