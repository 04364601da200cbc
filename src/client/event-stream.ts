import { setTimeout as sleep } from 'node:timers/promises'
import { IsoflopError } from '../core/errors.ts'

/** An event of a stream. */
export interface StreamEvent {
  readonly event: string
  readonly data: string
  /** What to come back with; null where the event is worth nothing later. */
  readonly id: string | null
}

export interface StreamOptions {
  readonly address: (after: number | undefined) => URL
  readonly after?: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** How often to try again in a row. */
  readonly retries: number
  readonly backoffMs: number
  readonly signal?: AbortSignal | undefined
  /** Throws what a refusal means. */
  readonly expectStream: (response: Response) => Promise<void>
}

/** After so long without a word a stream is dead: servers send a sign of life every 15 s. */
const silenceMs = 60_000
/** Characters of the longest event. */
const longestEvent = 1 << 20

/**
 * The events of a server, over as many connections as it takes: each begins behind the last event that had an id. Ends when the signal is aborted.
 * Errors: API_UNREACHABLE after so many tries without an event, and what `expectStream` throws.
 */
export async function* readEvents(options: StreamOptions): AsyncGenerator<StreamEvent> {
  const { address, headers, retries, backoffMs, signal, expectStream } = options
  let { after } = options
  for (let failures = 0; signal?.aborted !== true; failures++) {
    try {
      for await (const event of connection(address(after), headers, signal, expectStream)) {
        failures = -1
        if (event.id !== null && /^\d+$/.test(event.id)) after = Number(event.id)
        yield event
      }
    } catch (error) {
      if (signal?.aborted) return
      if (error instanceof IsoflopError || failures >= retries)
        throw error instanceof IsoflopError ? error : lost(error)
    }
    await sleep(Math.min(backoffMs * 2 ** Math.max(failures, 0), 60_000), undefined, { signal }).catch(() => {})
  }
}

async function* connection(
  address: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
  expectStream: StreamOptions['expectStream'],
): AsyncGenerator<StreamEvent> {
  const silence = new AbortController()
  const either = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal
  let timer = setTimeout(() => silence.abort(), silenceMs)
  try {
    const response = await fetch(address, { headers, signal: either })
    if (response.status >= 500) throw new Error(`status ${response.status}`)
    await expectStream(response)
    const decoder = new TextDecoder()
    let text = ''
    for await (const part of response.body ?? []) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), silenceMs)
      text += decoder.decode(part, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      if (text.length > longestEvent) throw new Error('an event has more than a million characters')
      for (const block of blocks) {
        const event = eventOf(block)
        if (event !== null) yield event
      }
    }
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}

/** The event of a block; null for a sign of life. */
function eventOf(block: string): StreamEvent | null {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at), line.slice(at + 1).trimStart()] as const
    }),
  )
  const data = fields.get('data')
  return data === undefined ? null : { event: fields.get('event') ?? 'message', data, id: fields.get('id') ?? null }
}

const lost = (cause: unknown): IsoflopError =>
  new IsoflopError(
    'API_UNREACHABLE',
    `The stream of events cannot be had: ${(cause as Error).message}.`,
    'Check that the server runs and the address is right.',
    { cause },
  )
