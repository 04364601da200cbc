import type { KeyRecord } from './key-record.ts'

/** Browsers that are signed in. A session is known by the hash of what its cookie holds, so that the database makes no cookie. */
export interface SessionStore {
  /** Begins one at a time, ms since 1970; those that began before `oldest` end, and the first of the key's beyond so many. */
  beginSession(
    session: { readonly hash: string; readonly keyId: string; readonly now: number },
    limits: { readonly oldest: number; readonly most: number },
  ): Promise<void>
  /** Whose it is, and when it began; null where there is none. It has ended where its key was revoked or replaced. */
  session(hash: string): Promise<{ readonly key: KeyRecord; readonly begunAt: number } | null>
  endSession(hash: string): Promise<void>
}
