import { randomBytes } from 'node:crypto'
import { IsoflopError } from '../core/errors.ts'
import { keyHashOf } from './key-hash.ts'
import type { KeyRecord, NewKeyRecord, Store } from './store/store.ts'

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
  const { key, now, ...about } = options
  if (key === undefined) return (await addDrawnKeys(store, [about], now))[0]
  checkKey(key)
  const known = await lookUpKey(store, key)
  if (known) return asItWas(known.record, key)
  const hash = await (await keyHashOf(store)).chosen(key)
  const record = { ...about, id: newId(), hash, createdAt: now }
  try {
    await store.addKey(record)
  } catch (error) {
    const other = await store.findKey(hash) // another server may have added it in between
    if (other === null) throw error
    return asItWas(other, key)
  }
  return { id: record.id, key, was: 'unknown' }
}

/**
 * Draws keys and adds all of them or none: 200 take some ten milliseconds. `beforehand` is told them before any of them counts, so that
 * none is lost where they cannot be written down. They are made a millisecond apart: lists keep the order. Errors: those of the store.
 */
export async function addDrawnKeys(
  store: Store,
  owners: readonly Pick<NewKeyRecord, 'label' | 'budget' | 'instructor'>[],
  now: number,
  beforehand: (made: readonly NewKey[]) => void = () => {},
): Promise<NewKey[]> {
  const { drawn } = await keyHashOf(store)
  const made = owners.map((): NewKey => ({ id: newId(), key: newSecret(), was: 'unknown' }))
  beforehand(made)
  await store.addKeys(made.map(({ id, key }, k) => ({ ...owners[k], id, hash: drawn(key), createdAt: now + k })))
  return made
}

/** Draws another key for an owner: the one before works no more, unless that is taken back. Null where there is no such id. Errors: those of the store. */
export async function replaceKey(store: Store, id: string, now: number): Promise<string | null> {
  const key = newSecret()
  return (await store.rekey(id, (await keyHashOf(store)).drawn(key), now)) ? key : null
}

const asItWas = ({ id, revoked }: KeyRecord, key: string): NewKey => ({ id, key, was: revoked ? 'revoked' : 'known' })

/** Characters of a key that is drawn here. */
const drawnLength = 24

/** 24 characters, of which the first is no sign: a word that begins with - is an option to a command. */
const newSecret = () => randomBytes(18).toString('base64url').replace(/^[-_]/, 'k')

const newId = () => `k${randomBytes(5).toString('hex')}`

/** The record of a key, revoked or not, and the hash that it was found by; null where there is none. Slow: see `gate.ts` for requests. */
export async function lookUpKey(store: Store, key: string): Promise<{ record: KeyRecord; hash: string } | null> {
  const { drawn, chosen } = await keyHashOf(store)
  if (key.length === drawnLength) {
    const hash = drawn(key)
    const record = await store.findKey(hash)
    if (record) return { record, hash }
  }
  const hash = await chosen(key) // older versions stored that of drawn ones, too
  const record = await store.findKey(hash)
  return record && { record, hash }
}

export const findKey = async (store: Store, key: string): Promise<KeyRecord | null> =>
  (await lookUpKey(store, key))?.record ?? null
