import { addKey } from '../../src/server/keys.ts'
import { query, type Serving } from './serving.ts'

/** What a browser does that has a page of the server open: it keeps the cookie, and sends the page's token with what changes something. */
export interface Browser {
  readonly cookie: string
  readonly csrf: string
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    // biome-ignore lint/suspicious/noExplicitAny: a test looks into bodies of every shape
  ): Promise<{ status: number; text: string; bytes: Buffer; body: any; headers: Headers }>
}

/** Signs in with a key. */
export async function signedIn({ url }: Pick<Serving, 'url'>, key: string): Promise<Browser> {
  const answer = await fetch(`${url}/web/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ key }),
  })
  if (answer.status !== 204) throw new Error(`${answer.status} ${await answer.text()}`)
  const cookie = answer.headers.get('set-cookie')!.split(';')[0]
  const { csrf } = (await (await fetch(`${url}/web/me`, { headers: { cookie } })).json()) as { csrf: string }
  return browserWith(url, cookie, csrf)
}

export function browserWith(url: string, cookie: string, csrf: string): Browser {
  return {
    cookie,
    csrf,
    async ask(method, path, body, headers = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...{ cookie, origin: url, 'x-csrf-token': csrf },
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const bytes = Buffer.from(await response.arrayBuffer())
      const text = new TextDecoder().decode(bytes)
      const isJson = response.headers.get('content-type')?.includes('json') && text !== ''
      const { status, headers: told } = response
      return { status, text, bytes, body: isJson ? JSON.parse(text) : null, headers: told }
    },
  }
}

/** An instructor's key. */
export const instructorKey = async ({ store }: Pick<Serving, 'store'>): Promise<string> =>
  (await addKey(store, { label: 'Staff', budget: 0n, now: 0, instructor: true })).key

/** A query of the page, changed. */
export const lossPath = (change: Partial<Record<keyof typeof query, string | number>> = {}): string =>
  `/web/loss?${new URLSearchParams(Object.entries({ ...query, ...change }).map(([name, value]): [string, string] => [name, String(value)]))}`
