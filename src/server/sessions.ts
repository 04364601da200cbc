import { createCipheriv, createDecipheriv, createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { Gate } from './gate.ts'
import type { KeyRecord, Store } from './store/store.ts'

/**
 * A browser that somebody signed in with a key. Its cookie is the key itself, sealed with a secret of the database: it works on every server of that and after
 * a restart, ends with the key, at once, when that is revoked or replaced, and a stolen database makes none.
 */
export interface Sessions {
  /** What the cookie is called: another database has another one, as cookies do not tell ports apart. */
  name(): Promise<string>
  /** Signs in. Errors: those of `Gate.authenticate`. */
  begin(key: string, address: string): Promise<Session & { readonly cookie: string }>
  /** The session of a cookie; null where it is none of this database, has ended, or its key works no more. Errors: KEY_TRIES, STORE_UNAVAILABLE. */
  find(cookie: string | undefined, address: string): Promise<Session | null>
}

export interface Session {
  readonly key: KeyRecord
  /** What a write brings beside the cookie, which other sites cannot read. */
  readonly csrf: string
}

/** A session ends after so long, ms: a day of work. */
export const sessionMs = 24 * 3_600_000

const cipher = 'aes-256-gcm'
const [nonceBytes, tagBytes] = [12, 16]
/** Characters of the longest cookie that is looked into: that of the longest key is half as long. */
const longestCookie = 800

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
  return {
    async name() {
      return (await secretOf()).name
    },
    async begin(key, address) {
      const record = await gate.authenticate(key, address)
      const secret = await secretOf()
      const cookie = sealed(secret.seal, JSON.stringify([key, clock.now()]))
      return { key: record, cookie, csrf: csrfOf(secret, cookie) }
    },
    async find(cookie, address) {
      if (cookie === undefined || cookie.length > longestCookie) return null
      const secret = await secretOf()
      const opened = unsealed(secret.seal, cookie)
      if (opened === null) return null
      const [key, begun] = JSON.parse(opened) as [string, number]
      if (clock.now() - begun >= sessionMs) return null
      try {
        return { key: await gate.authenticate(key, address), csrf: csrfOf(secret, cookie) }
      } catch (error) {
        if ((error as { code?: string }).code === 'KEY_INVALID') return null
        throw error
      }
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

function sealed(secret: Buffer, text: string): string {
  const nonce = randomBytes(nonceBytes)
  const sealing = createCipheriv(cipher, secret, nonce)
  const body = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()])
  return Buffer.concat([nonce, sealing.getAuthTag(), body]).toString('base64url')
}

/** What was sealed; null for what was not, here, with this secret. */
function unsealed(secret: Buffer, cookie: string): string | null {
  const bytes = Buffer.from(cookie, 'base64url')
  if (bytes.length <= nonceBytes + tagBytes) return null
  const opening = createDecipheriv(cipher, secret, bytes.subarray(0, nonceBytes))
  opening.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
  try {
    return Buffer.concat([opening.update(bytes.subarray(nonceBytes + tagBytes)), opening.final()]).toString('utf8')
  } catch {
    return null
  }
}
