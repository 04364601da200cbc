import { randomBytes } from 'node:crypto'
import { IsoflopError } from '../core/errors.ts'
import { keyHashOf } from './key-hash.ts'
import type { KeyRecord, Store } from './store/store.ts'

/** A key is shown once, when it is made; the store has only its hash. */
export interface NewKey {
  /** Short public name, which says nothing of the key. */
  readonly id: string
  readonly key: string
  /** What it was before: such a key is left as it is, whatever was asked for. */
  readonly was: 'unknown' | 'known' | 'revoked'
}

/** Characters of the longest key, and of the shortest that cannot be guessed by asking a server: of random ones, 10^24. */
export const keyLength = { longest: 200, strong: 16 } as const

/** Whether a key may be guessed by whoever can ask often enough, such as the course's eight digits. */
export const isWeak = (key: string): boolean => key.length < keyLength.strong

/** What a query and a header carry unchanged. Errors: BAD_OPTION, which does not repeat the key. */
export function checkKey(key: string): void {
  if (/^[!-~]+$/.test(key) && key.length <= keyLength.longest) return
  const came =
    key === '' ? 'an empty text' : `${key.length} characters${/^[!-~]*$/.test(key) ? '' : ', not all of them such'}`
  throw new IsoflopError(
    'BAD_OPTION',
    `A key has 1 to ${keyLength.longest} letters, digits and signs of ASCII and no blanks; this one has ${came}.`,
    'Leave it out, and a random one is made.',
  )
}

interface KeyOptions {
  readonly label: string
  readonly budget: bigint
  readonly now: number
  readonly key?: string | undefined
  readonly instructor?: boolean
}

/**
 * Makes a key, or stores a given one. One that is there already stays as it is.
 * Errors: BAD_OPTION for a key that cannot be one, and those of the store.
 */
export async function addKey(store: Store, options: KeyOptions): Promise<NewKey> {
  const { label, budget, now, key = newSecret(), instructor = false } = options
  checkKey(key)
  const hash = await (await keyHashOf(store))(key)
  const known = await store.findKey(hash)
  if (known) return asItWas(known, key)
  const id = newId()
  try {
    await store.addKey({ id, hash, label, budget, createdAt: now, instructor })
  } catch (error) {
    const other = await store.findKey(hash) // another server may have added it in between
    if (other === null) throw error
    return asItWas(other, key)
  }
  return { id, key, was: 'unknown' }
}

const asItWas = ({ id, revoked }: KeyRecord, key: string): NewKey => ({ id, key, was: revoked ? 'revoked' : 'known' })

/** 24 characters, of which the first is no sign: a word that begins with - is an option to a command. */
const newSecret = () => randomBytes(18).toString('base64url').replace(/^[-_]/, 'k')

const newId = () => `k${randomBytes(5).toString('hex')}`

/** The record of a key, revoked or not; null where there is none. Slow: see `gate.ts` for requests. */
export const findKey = async (store: Store, key: string): Promise<KeyRecord | null> =>
  store.findKey(await (await keyHashOf(store))(key))
