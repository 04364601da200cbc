import { hash as digestOf, randomBytes } from 'node:crypto'
import { messages } from '../api/contract.ts'
import type { Clock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import { isWeak, keyLength, lookUpKey } from './keys.ts'
import type { KeyRecord, Store } from './store/store.ts'
import { createWrongKeys, type Patience } from './wrong-keys.ts'

/** Finds out whose key a request has. */
export interface Gate {
  /**
   * The record of a key.
   * @throws IsoflopError KEY_INVALID where there is none, or one that was revoked or is too weak; KEY_TRIES where too many wrong ones
   * came from this address; STORE_UNAVAILABLE.
   */
  authenticate(key: string | undefined, address: string): Promise<KeyRecord>
  /** Wrong keys so far, and keys that were not looked at because too many wrong ones came before. */
  readonly wrong: number
  readonly refused: number
}

interface GateOptions {
  readonly store: Store
  readonly clock: Clock
  /** Whether keys may be so short that they can be guessed; yes unless given. */
  readonly weakKeys?: boolean | undefined
  readonly patience?: Patience | undefined
}

/** Keys whose hash is remembered, so that it is computed once; those that were not asked with for longest are forgotten. */
const mostKnown = 10_000

/**
 * The hash of a key that somebody chose is slow, so that it is computed once for each key that exists, and kept in memory under a digest that means nothing
 * to another process. Keys that do not exist are slowed down by address, those that are known are not: a neighbour's guesses behind
 * the same address keep nobody out who was there before.
 */
export function createGate({ store, clock, weakKeys = true, patience }: GateOptions): Gate {
  const secret = randomBytes(32).toString('base64')
  const known = new Map<string, string>()
  const looking = new Map<string, Promise<KeyRecord | null>>()
  const wrongKeys = createWrongKeys(clock, patience)

  const lookUp = async (key: string, digest: string): Promise<KeyRecord | null> => {
    const found = await lookUpKey(store, key)
    if (found) remember(digest, found.hash)
    return found?.record ?? null
  }
  const remember = (digest: string, hash: string) => {
    known.delete(digest)
    known.set(digest, hash)
    if (known.size > mostKnown) for (const oldest of known.keys()) return known.delete(oldest)
  }

  /** A key that was not seen before; equal ones at once are looked up once. */
  const unseen = (key: string, digest: string, address: string): Promise<KeyRecord | null> => {
    const begun = looking.get(digest)
    if (begun) return begun
    const look = wrongKeys.attempt(address, () => lookUp(key, digest), tooMany).finally(() => looking.delete(digest))
    looking.set(digest, look)
    return look
  }

  const find = async (key: string, address: string): Promise<KeyRecord | null> => {
    const digest = digestOf('sha256', secret + key, 'base64') // never shown: an HMAC made a repeat cost 92 microseconds instead of 70
    const hash = known.get(digest)
    if (hash === undefined) return unseen(key, digest, address)
    remember(digest, hash)
    return store.findKey(hash)
  }

  return {
    get wrong() {
      return wrongKeys.wrong
    },
    get refused() {
      return wrongKeys.refused
    },
    async authenticate(key, address) {
      if (key === undefined) throw invalid(messages.missingKey)
      if (key === '' || key.length > keyLength.longest) throw invalid(messages.invalidKey(key))
      if (!weakKeys && isWeak(key)) throw invalid(messages.weakKey(keyLength.strong))
      const record = await find(key, address)
      if (record === null || record.revoked) throw invalid(messages.invalidKey(key))
      return record
    },
  }
}

const invalid = (message: string) =>
  new IsoflopError('KEY_INVALID', message, 'Use the key that the server printed, or ask who runs it for one.')

/** Says also when to come again, which the answer has as Retry-After. */
export class TooManyWrongKeys extends IsoflopError {
  readonly seconds: number

  constructor(seconds: number) {
    super('KEY_TRIES', messages.wrongKeys(seconds), 'Wait, and look whether the key is right.')
    this.seconds = seconds
  }
}

const tooMany = (seconds: number) => new TooManyWrongKeys(seconds)
