import { createHash, randomBytes } from 'node:crypto'
import type { KeyRecord, Store } from './store/store.ts'

/** A key is shown once, when it is made; the store has only its hash. */
export interface NewKey {
  readonly id: string
  readonly key: string
}

/** What is stored of a key. Keys are long random texts, so a plain hash cannot be searched backward. */
export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex')

/** The short public name of a key, from its hash. */
const idOf = (hash: string): string => `k${hash.slice(0, 8)}`

/** Makes a key, or stores a given one. Adding a key that exists changes nothing. */
export async function addKey(
  store: Store,
  options: { readonly label: string; readonly budget: bigint; readonly now: number; readonly key?: string | undefined },
): Promise<NewKey> {
  const key = options.key ?? randomBytes(18).toString('base64url')
  const hash = hashKey(key)
  const id = idOf(hash)
  if ((await store.findKey(hash)) !== null) return { id, key }
  try {
    await store.addKey({ id, hash, label: options.label, budget: options.budget, createdAt: options.now })
  } catch (error) {
    // Another server may have added it in between.
    if ((await store.findKey(hash)) === null) throw error
  }
  return { id, key }
}

/** The key's record, or null when it is unknown or revoked. */
export async function authenticate(store: Store, key: string): Promise<KeyRecord | null> {
  const record = await store.findKey(hashKey(key))
  return record === null || record.revoked ? null : record
}
