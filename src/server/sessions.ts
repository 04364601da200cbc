import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { Gate } from './gate.ts'
import type { KeyRecord, Store } from './store/store.ts'

/**
 * A browser that somebody signed in with a key. Its cookie is a random number with a seal, made with a secret of the database: it works on every server of
 * that and after a restart, and what was made up is told without asking the database. That has a hash of it, so that a stolen one makes no cookie. A
 * session ends by signing out, with its key when that is revoked or replaced, and after a day.
 */
export interface Sessions {
  /** What the cookie is called: another database has another one, as cookies do not tell ports apart. */
  name(): Promise<string>
  /** Signs in. Errors: those of `Gate.authenticate`, and of the store. */
  begin(key: string, address: string): Promise<Session & { readonly cookie: string }>
  /** The session of a cookie; null where it is none of this database, or has ended. Errors: STORE_UNAVAILABLE. */
  find(cookie: string | undefined): Promise<Session | null>
  /** Signs out, on every server of the database: a copy of the cookie is worth nothing. */
  end(cookie: string | undefined): Promise<void>
}

export interface Session {
  readonly key: KeyRecord
  /** What a write brings beside the cookie, which other sites cannot read. */
  readonly csrf: string
}

/** A session ends after so long, ms: a day of work. */
export const sessionMs = 24 * 3_600_000

/** Browsers that a key may be signed in with; of more the first ones are signed out. */
const mostSessions = 50

const numberBytes = 24
/** Characters of a cookie: the number, and a seal of 32 bytes. */
const cookiePattern = /^[\w-]{32}[\w-]{43}$/

interface Secret {
  readonly name: string
  readonly seal: Buffer
  readonly csrf: Buffer
}

export function createSessions(store: Store, gate: Gate, clock: Clock): Sessions {
  let known: Promise<Secret> | null = null
  const secretOf = (): Promise<Secret> => {
    known ??= store.remember('session-secret', randomBytes(32).toString('hex')).then(secretFrom)
    known.catch(() => {
      known = null // a store that is away now may be there later
    })
    return known
  }
  const isOurs = async (cookie: string | undefined): Promise<boolean> =>
    cookie !== undefined && cookiePattern.test(cookie) && isSealed(await secretOf(), cookie)

  return {
    async name() {
      return (await secretOf()).name
    },
    async begin(key, address) {
      const record = await gate.authenticate(key, address)
      const secret = await secretOf()
      const cookie = sealed(secret, randomBytes(numberBytes).toString('base64url'))
      const now = clock.now()
      const session = { hash: digest(cookie).toString('base64url'), keyId: record.id, now }
      await store.beginSession(session, { oldest: now - sessionMs, most: mostSessions })
      return { key: record, cookie, csrf: csrfOf(secret, cookie) }
    },
    async find(cookie) {
      if (!(await isOurs(cookie))) return null
      const session = await store.session(digest(cookie!).toString('base64url'))
      if (session === null || session.key.revoked || clock.now() - session.begunAt >= sessionMs) return null
      return { key: session.key, csrf: csrfOf(await secretOf(), cookie!) }
    },
    async end(cookie) {
      if (await isOurs(cookie)) await store.endSession(digest(cookie!).toString('base64url'))
    },
  }
}

/** Whether a token is that of a session, told in a time that says nothing of it. */
export const isTokenOf = ({ csrf }: Session, token: unknown): boolean =>
  typeof token === 'string' && timingSafeEqual(digest(token), digest(csrf))

const digest = (text: string): Buffer => hash('sha256', text, 'buffer')

function secretFrom(text: string): Secret {
  const part = (name: string) => createHmac('sha256', text).update(name).digest()
  return { name: `isoflop-${part('name').toString('hex').slice(0, 8)}`, seal: part('seal'), csrf: part('csrf') }
}

const csrfOf = ({ csrf }: Secret, cookie: string): string =>
  createHmac('sha256', csrf).update(cookie).digest('base64url')

const sealed = ({ seal }: Secret, number: string): string =>
  `${number}${createHmac('sha256', seal).update(number).digest('base64url')}`

const isSealed = (secret: Secret, cookie: string): boolean =>
  timingSafeEqual(digest(cookie), digest(sealed(secret, cookie.slice(0, 32))))
