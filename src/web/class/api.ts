import { signal } from '@preact/signals'
import { say } from '../words/words.ts'

/** Why the sign-in is shown: nobody was signed in, or was until now. */
export const signedOut = signal<'never' | 'ended' | 'left' | null>('never')

/** Whether the server answers. */
export const isReached = signal(true)

/** What changes something brings along. */
let csrf = ''
export const keepToken = (token: string): void => {
  csrf = token
}

/** What a server says against something, for whoever asked for it. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What was answered before, by path: the server says where nothing is new. */
const known = new Map<string, { readonly tag: string; readonly answer: unknown }>()

/**
 * Asks the server for somebody who is signed in. Throws a Refusal; where nobody is signed in any more the sign-in is shown as well.
 */
export async function ask<Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
  const before = method === 'GET' ? known.get(path) : undefined
  const answer = await fetch(`/web${path}`, {
    method,
    headers: {
      'x-csrf-token': csrf,
      ...(before && { 'if-none-match': before.tag }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch(() => {
    isReached.value = false
    throw new Refusal(0, say.class.noAnswer)
  })
  isReached.value = true
  if (answer.status === 304 && before !== undefined) return before.answer as Answer
  if (answer.status === 204) return undefined as Answer
  const given = (await answer.json().catch(() => ({}))) as { message?: string; advice?: string }
  if (!answer.ok) {
    if (answer.status === 401 && signedOut.value === null) {
      known.clear()
      signedOut.value = 'ended'
    }
    throw new Refusal(answer.status, [given.message ?? `HTTP ${answer.status}`, given.advice ?? ''].join(' ').trim())
  }
  const tag = answer.headers.get('etag')
  if (tag !== null) known.set(path, { tag, answer: given })
  return given as Answer
}
