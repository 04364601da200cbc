import { setTimeout as sleep } from 'node:timers/promises'
import { IsoflopError } from '../core/errors.ts'

/** How a server is asked: its address, and patience. */
export interface HttpOptions {
  readonly url: string
  /** How long to wait for an answer, ms. */
  readonly timeoutMs: number
  /** How often to try again after a lost connection or a 5xx. */
  readonly retries: number
  /** The first pause before trying again, ms, doubling each time. */
  readonly backoffMs: number
}

/** One request. */
export interface Question {
  readonly path: string
  readonly query?: object
  readonly init?: RequestInit
  /** Whether a server that leaves the question open works on it: then it is asked again as long as it does. */
  readonly isAlive?: () => Promise<boolean>
  /** Aborted when nobody waits for the answer any more: then this rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** Where a path of a server is. */
export function addressAt(url: string, path: string, query: object = {}): URL {
  const address = new URL(path, url.endsWith('/') ? url : `${url}/`)
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, String(value))
  return address
}

/** Asks until there is an answer, 4xx too. Errors: API_UNREACHABLE after the last try. */
export async function answerTo(options: HttpOptions, question: Question): Promise<Reply> {
  const { url, timeoutMs, retries, backoffMs } = options
  const { path, query, init = {}, isAlive, signal } = question
  const address = addressAt(url, path, query)
  for (let failures = 0, waits = 0; ; ) {
    const limit = AbortSignal.timeout(timeoutMs)
    const attempt = await attemptOnce(address, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit })
    signal?.throwIfAborted()
    if (attempt.kind === 'answer') return attempt
    if (attempt.kind === 'silence' && isAlive && (await isAlive())) continue
    if (attempt.kind === 'busy' && waits < mostWaits) {
      await sleep(attempt.retryAfterMs ?? pauseMs(backoffMs, waits), undefined, { signal })
      waits++
      continue
    }
    const reason = attempt.kind === 'busy' ? 'status 429' : attempt.reason
    if (failures >= retries) throw unreachable(address, failures + 1, reason)
    await sleep(pauseMs(backoffMs, failures), undefined, { signal })
    failures++
  }
}

/** The longest pause, ms: an hour where the server names one, a minute where the client chooses. */
const longest = { asked: 3_600_000, chosen: 60_000 }
/** Answers of 429 in a row before they count as failures. */
const mostWaits = 1000

const pauseMs = (firstMs: number, times: number): number => Math.min(firstMs * 2 ** times, longest.chosen)

const unreachable = (address: URL, tries: number, reason: string): IsoflopError =>
  new IsoflopError(
    'API_UNREACHABLE',
    `${address.origin} did not answer ${address.pathname} in ${tries} tries: ${reason}.`,
    'Check that the server runs and the address is right; the runs answered so far are kept.',
  )

/** An answer of the server. */
export interface Reply {
  readonly kind: 'answer'
  readonly status: number
  readonly text: string
}

export type Attempt =
  | Reply
  | { readonly kind: 'failure'; readonly reason: string }
  /** Nothing came in time. */
  | { readonly kind: 'silence'; readonly reason: string }
  | { readonly kind: 'busy'; readonly retryAfterMs: number | null }

/** One try: an answer of the server, 4xx too, or why there was none. */
export async function attemptOnce(address: URL, init: RequestInit): Promise<Attempt> {
  try {
    const response = await fetch(address, init)
    const text = await textOf(response)
    if (response.status === 429) return { kind: 'busy', retryAfterMs: retryAfterMs(response.headers) }
    if (response.status >= 500) return { kind: 'failure', reason: `status ${response.status}` }
    return { kind: 'answer', status: response.status, text }
  } catch (error) {
    const { message, cause } = error as Error
    const kind = isTimeout(error) || isTimeout(cause) ? 'silence' : 'failure'
    return { kind, reason: cause instanceof Error ? cause.message || String(cause) : message }
  }
}

/** Bytes of the longest answer: a hundred thousand runs have 16 MB. */
const longestAnswer = 2 ** 26

/** The body, as far as it has an end: one that has none, or that unpacks to gigabytes, must not fill the memory. */
async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body ?? []) {
    size += part.length
    if (size > longestAnswer) throw new Error('its answer has more than 64 MiB')
    parts.push(part)
  }
  return new TextDecoder().decode(Buffer.concat(parts))
}

/** Our own time-out, or that of Node's fetch, which waits five minutes for an answer to begin. */
const isTimeout = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'TimeoutError' || error.name === 'HeadersTimeoutError')

/** What Retry-After asks for: seconds, or a date, taken against the server's own clock. Null where it says nothing. */
function retryAfterMs(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim() ?? ''
  const ms = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.parse(headers.get('date') ?? '')
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longest.asked) : null
}
