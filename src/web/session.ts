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
export const send = async (path: string, body: unknown): Promise<void> => void (await answerOf('POST', path, body))

/** Asks for something that is told as JSON. Throws what the server says. */
export const ask = async <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> =>
  (await (await answerOf(method, path, body)).json()) as T

/** Asks for a text. Throws what the server says. */
export const askText = async (path: string, body: unknown): Promise<string> =>
  (await answerOf('POST', path, body)).text()

/** Gives a file to the host; what it is called there. Throws what the server says. */
export async function upload(file: File): Promise<string> {
  const answer = await fetched('POST', `files?name=${encodeURIComponent(file.name)}`, {
    headers: { 'content-type': 'application/octet-stream' },
    body: file,
  })
  return ((await answer.json()) as { name: string }).name
}

const answerOf = (method: 'GET' | 'POST', path: string, body: unknown): Promise<Response> =>
  fetched(method, path, method === 'GET' ? {} : { headers: json, body: JSON.stringify(body) })

async function fetched(method: 'GET' | 'POST', path: string, init: RequestInit): Promise<Response> {
  const { value } = session
  const csrf = value !== null && value !== 'none' ? value.csrf : ''
  const answer = await fetch(`/api/${path}`, { ...init, method, headers: { ...init.headers, 'x-csrf-token': csrf } })
  if (answer.ok) return answer
  const { message, advice } = (await answer.json()) as { message: string; advice?: string }
  throw new Error(`${message} ${advice ?? ''}`.trim())
}
