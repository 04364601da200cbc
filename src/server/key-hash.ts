import { createHash, createHmac, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { damagedDatabase } from './store/common.ts'
import type { Store } from './store/store.ts'

/** What is stored of a key, and found by. */
export interface KeyHash {
  /** Of a key that somebody chose: 17 ms of a processor and 8 MiB for each. */
  chosen(key: string): Promise<string>
  /** Of a key that was drawn here: microseconds. Its 144 random bits are found from no hash, so that a slow one would keep nobody out. */
  drawn(key: string): string
}

/**
 * The cost of a guess against a stolen database. All 8-digit keys are tried in 20 days of one processor, where SHA-256 took seconds; a
 * random key of 16 characters is out of reach. Twice the cost would take a server beyond 50 ms for a request without a key.
 */
const cost = { N: 2 ** 13, r: 8, p: 1 }

const mark = 'scrypt:'
/** What older versions stored: SHA-256. */
const oldForm = /^[0-9a-f]{64}$/

/** Hashes at a time: Node has four threads for them, which files need too. */
const atATime = 2

/**
 * The hash of a store's keys, with a salt that only this store has. Hashes that an older version left there are brought up to date
 * first: they become the slow hash of what they were, so that no key is needed for it and every key goes on working.
 */
export function keyHashOf(store: Store): Promise<KeyHash> {
  const known = hashes.get(store)
  if (known) return known
  const made = makeHash(store)
  hashes.set(store, made)
  made.catch(() => hashes.delete(store)) // a store that is away now may be there later
  return made
}

const hashes = new WeakMap<Store, Promise<KeyHash>>()

async function makeHash(store: Store): Promise<KeyHash> {
  const salt = await saltOf(store)
  const slowly = inTurns(atATime, async (text: string) => `${mark}${(await scryptOf(text, salt)).toString('hex')}`)
  const old = (await store.hashes()).filter((hash) => oldForm.test(hash))
  await Promise.all(old.map(async (hash) => store.replaceHash(hash, await slowly(hash))))
  return {
    chosen: (key) => slowly(sha256(key)),
    drawn: (key) => `drawn:${createHmac('sha256', salt).update(key).digest('hex')}`,
  }
}

/** The salt, with its checksum: with a bit of it flipped every key would be told to be wrong. */
async function saltOf(store: Store): Promise<string> {
  const salt = randomBytes(32).toString('hex')
  const kept = await store.remember('key-salt', checked(salt))
  const [first] = kept.split('.')
  if (kept !== checked(first)) throw damagedDatabase("the salt of its keys' hashes has another checksum")
  return first
}

const checked = (salt: string): string => `${salt}.${sha256(salt).slice(0, 8)}`

/** A fingerprint that is quick: older versions stored it. */
const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex')

const scryptOf = (text: string, salt: string) =>
  promisify<string, string, number, typeof cost, Buffer>(scrypt)(text, salt, 32, cost)

/** Does work for few at a time; the others wait in the order in which they came. */
function inTurns<Given, Made>(places: number, work: (given: Given) => Promise<Made>): (given: Given) => Promise<Made> {
  let free = places
  const waiting: (() => void)[] = []
  return async (given) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work(given)
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
