import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { IsoflopError } from '../core/errors.ts'

/** A browser that came by a link. */
export interface Session {
  /** What a write has to bring beside the cookie, which a form of another site cannot. */
  readonly csrf: string
}

/** Who may see the pages: whoever has a link makes a session of it, once, and is known by a cookie from then on. */
export interface Sessions {
  /** The secret of the next link. */
  readonly token: string
  /** Makes a session of a link's secret; the cookie's value. Errors: SESSION_INVALID. */
  begin(token: string): string
  /** The session of a cookie's value; null where there is none. */
  find(cookie: string | undefined): Session | null
}

/** A browser keeps so many sessions alive: the oldest ends where there are more. */
const mostSessions = 1000

const secret = (): string => randomBytes(24).toString('base64url')
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * Sessions of links that work once, a new link being told to `onUsed`; with `token` of a link that works as often as people come, for whoever shows a page
 * to others.
 */
export function createSessions({ token: fixed, onUsed = () => {} }: SessionOptions = {}): Sessions {
  const sessions = new Map<string, Session>()
  let token = fixed ?? secret()
  return {
    get token() {
      return token
    },
    begin(given) {
      if (!timingSafeEqual(digest(given), digest(token))) throw linkUsed()
      if (fixed === undefined) {
        token = secret()
        onUsed(token)
      }
      const cookie = secret()
      sessions.set(cookie, { csrf: secret() })
      if (sessions.size > mostSessions) sessions.delete(sessions.keys().next().value!)
      return cookie
    },
    find: (cookie) => (cookie === undefined ? null : (sessions.get(cookie) ?? null)),
  }
}

export interface SessionOptions {
  readonly token?: string
  /** Told of the next link once one was used. */
  readonly onUsed?: (token: string) => void
}

const linkUsed = (): IsoflopError =>
  new IsoflopError(
    'SESSION_INVALID',
    'This link was used before, or is of another start.',
    'The terminal that shows the page has printed a new one.',
  )

export const noSession = (): IsoflopError =>
  new IsoflopError('SESSION_INVALID', 'This browser has no session.', 'Open the link that the terminal has printed.')
