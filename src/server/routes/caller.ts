import type { FastifyRequest } from 'fastify'
import { messages } from '../../api/contract.ts'
import { IsoflopError } from '../../core/errors.ts'
import { authenticate } from '../keys.ts'
import type { KeyRecord, Store } from '../store/store.ts'

type Asking = FastifyRequest<{ Querystring: { api_key?: string | undefined } }>

/** Who asked, of the requests whose key is known. */
const callers = new WeakMap<FastifyRequest, KeyRecord>()

/**
 * Finds out whose request it is before anything of it is parsed, so that nobody without a key makes the server work: the key in
 * the query (`api_key`), else in the header X-API-Key. To be put on a route as `onRequest`; the handler then asks `callerOf`.
 * @throws IsoflopError KEY_INVALID where there is none, or one that the store does not know or that was revoked.
 */
export const keyFirst = (store: Store) => async (request: FastifyRequest) => {
  callers.set(request, await authenticated(store, keyOf(request as Asking)))
}

/** Whose request it is, on a route with `keyFirst`. */
export function callerOf(request: FastifyRequest): KeyRecord {
  const caller = callers.get(request)
  if (caller === undefined) throw new Error('a route asks for its caller and has no keyFirst')
  return caller
}

function keyOf({ query, headers }: Asking): string | undefined {
  const header = headers['x-api-key']
  const given: unknown = query.api_key ?? header
  return typeof given === 'string' ? given : undefined
}

async function authenticated(store: Store, key: string | undefined): Promise<KeyRecord> {
  const record = key === undefined ? null : await authenticate(store, key)
  if (record) return record
  throw new IsoflopError(
    'KEY_INVALID',
    key === undefined ? messages.missingKey : messages.invalidKey(key),
    'Use the key that the server printed, or ask who runs it for one.',
  )
}
