import { signal } from '@preact/signals'

/** What the page may do. */
export interface Session {
  readonly csrf: string
  readonly canWrite: boolean
}

/** Null while it is not known, `none` where the link was used before. */
export const session = signal<Session | 'none' | null>(null)

/**
 * Makes a session of the link's secret, which stands behind its #, where no server and no log sees it, and takes it out of the address; or goes on with the
 * session that the browser has.
 */
export async function openSession(): Promise<void> {
  const token = location.hash.slice(1)
  if (token !== '') {
    history.replaceState(null, '', location.pathname + location.search)
    await fetch('/session', { method: 'POST', headers: json, body: JSON.stringify({ token }) })
  }
  await lookForSession()
}

/** Whether there still is a session; throws where nobody answers. */
export async function lookForSession(): Promise<void> {
  const answer = await fetch('/session')
  session.value = answer.ok ? ((await answer.json()) as Session) : 'none'
}

const json = { 'content-type': 'application/json' }

/** Sends what changes something. Throws what the server says. */
export async function send(path: string, body: unknown): Promise<void> {
  const { value } = session
  const csrf = value !== null && value !== 'none' ? value.csrf : ''
  const answer = await fetch(`/api/${path}`, {
    method: 'POST',
    headers: { ...json, 'x-csrf-token': csrf },
    body: JSON.stringify(body),
  })
  if (answer.ok) return
  const { message, advice } = (await answer.json()) as { message: string; advice?: string }
  throw new Error(`${message} ${advice ?? ''}`.trim())
}
