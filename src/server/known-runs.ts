import type { Config } from '../core/config.ts'
import { anyCodec } from '../space/any.ts'
import type { Progresses } from './progress.ts'
import { isOpen, type RequestFilter, type StoredRequest } from './store/requests.ts'
import type { Store } from './store/store.ts'

/**
 * All runs of a key: what it has asked for, and its queries of GET /loss that are under way on any server. Of these the store has a reservation and no more, so that
 * they cost nothing to be seen; they come behind what has a number of its own, and where they come to nothing nobody remembers them.
 */
export interface KnownRuns {
  /** Null where the key never asked for this. */
  one(keyId: string, config: Config): Promise<StoredRequest | null>
  /** As `Store.requests`; behind the last of them come all queries under way. */
  page(keyId: string, filter: RequestFilter): Promise<{ readonly runs: StoredRequest[]; readonly more: boolean }>
  queries(keyId: string): Promise<StoredRequest[]>
}

export function createKnownRuns(
  store: Pick<Store, 'request' | 'requests' | 'queries'>,
  progresses: Pick<Progresses, 'latest'>,
): KnownRuns {
  /** Whether one waits for its turn is known to the server that has it alone. */
  const queries = async (keyId: string): Promise<StoredRequest[]> =>
    (await store.queries(keyId)).map((query) => {
      const isWaiting = progresses.latest(keyId, query.config)?.kind === 'waiting'
      return isWaiting ? { ...query, state: 'waiting' } : query
    })
  const isSettled = ({ state }: StoredRequest) => isOpen(state) || state === 'finished'

  return {
    queries,
    async one(keyId, config) {
      const request = await store.request(keyId, config)
      if (request !== null && isSettled(request)) return request
      const name = anyCodec.identity(config)
      const query = (await queries(keyId)).find((one) => anyCodec.identity(one.config) === name)
      // One that was settled in between is a request by now.
      return query ?? (await store.request(keyId, config))
    },
    async page(keyId, { limit, ...filter }) {
      const found = await store.requests(keyId, { ...filter, limit: limit + 1 })
      if (found.length > limit) return { runs: found.slice(0, limit), more: true }
      const { states } = filter
      const under = (await queries(keyId)).filter(({ state }) => states === undefined || states.includes(state))
      const names = new Set(under.map(({ config }) => anyCodec.identity(config)))
      const others = found.filter(({ config }) => !names.has(anyCodec.identity(config)))
      return { runs: [...others, ...under], more: false }
    },
  }
}
