import type { FastifyRequest } from 'fastify'
import { messages } from '../../api/contract.ts'
import { IsoflopError } from '../../core/errors.ts'
import { authenticate } from '../keys.ts'
import type { KeyRecord, Store } from '../store/store.ts'

/**
 * Whose request it is: the key in the query (`api_key`), else in the header X-API-Key.
 * @throws IsoflopError KEY_INVALID where there is none, or one that the store does not know or that was revoked.
 */
export async function callerOf(
  store: Store,
  { query, headers }: FastifyRequest<{ Querystring: { api_key?: string | undefined } }>,
): Promise<KeyRecord> {
  const header = headers['x-api-key']
  const key = query.api_key ?? (typeof header === 'string' ? header : undefined)
  const record = key === undefined ? null : await authenticate(store, key)
  if (record) return record
  throw new IsoflopError(
    'KEY_INVALID',
    key === undefined ? messages.missingKey : messages.invalidKey(key),
    'Use the key that the server printed, or ask who runs it for one.',
  )
}
