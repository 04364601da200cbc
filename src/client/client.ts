import { setTimeout as sleep } from 'node:timers/promises'
import { configOfWire, previousRunsAnswer, type SubmissionBody, wireOfConfig } from '../api/contract.ts'
import { configIdentity, type TrainingConfig } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { openRecord } from './record.ts'

/** A run that the API answered. */
export interface AnsweredRun {
  readonly config: TrainingConfig
  readonly loss: number
}

export interface ClientOptions {
  /** Where the API is, for example `http://localhost:8000`. */
  readonly url: string
  readonly apiKey: string
  /** How long to wait for an answer, ms; 60,000 by default. A real training takes longer. */
  readonly timeoutMs?: number
  /** How often to try again after a lost connection or a 5xx; 5 by default. Refusals are never tried again. */
  readonly retries?: number
  /** The first pause before trying again, ms, doubling each time; 200 by default. */
  readonly backoffMs?: number
  /** A JSONL file that keeps every answer; what it holds is not asked again. */
  readonly record?: string
}

/** A client of any server of the contract: the course's, isoflop's, or another. */
export interface TrainingApi {
  /**
   * The loss of a configuration, from the record if it is there.
   * @throws IsoflopError API_REFUSED (a bad key or value, or the budget), API_UNREACHABLE after the last try.
   */
  loss(config: TrainingConfig): Promise<number>
  /** FLOPs that the key has used; 0n for a key without runs. */
  totalFlopsUsed(): Promise<bigint>
  /** Every run of the key that the server knows. */
  previousRuns(): Promise<AnsweredRun[]>
  /** Sends the predicted configuration for 1e19 FLOPs, of which train_flops is ignored, and its loss. */
  submit(config: TrainingConfig, predictedLoss: number): Promise<void>
}

/**
 * Opens a client.
 * @example const loss = await trainingApi({ url: 'http://localhost:8000', apiKey }).loss(config)
 */
export function trainingApi(options: ClientOptions): TrainingApi {
  const { url, apiKey, timeoutMs = 60_000, retries = 5, backoffMs = 200 } = options
  const record = options.record === undefined ? null : openRecord(options.record)

  const request = async (path: string, query: object, init: RequestInit = {}): Promise<Reply> => {
    const address = new URL(path, url.endsWith('/') ? url : `${url}/`)
    for (const [name, value] of Object.entries({ ...query, api_key: apiKey }))
      address.searchParams.set(name, String(value))
    for (let attempt = 0; ; attempt++) {
      const reply = await attemptOnce(address, { ...init, signal: AbortSignal.timeout(timeoutMs) })
      if (reply.kind === 'answer') return reply
      if (attempt >= retries)
        throw new IsoflopError(
          'API_UNREACHABLE',
          `${address.origin} did not answer ${address.pathname} in ${attempt + 1} tries: ${reply.reason}.`,
          'Check that the server runs and the address is right; the runs answered so far are kept.',
        )
      await sleep(backoffMs * 2 ** attempt)
    }
  }

  return {
    async loss(config) {
      const known = record?.get(configIdentity(config))
      if (known !== undefined) return known
      const { loss } = accepted(await request('loss', wireOfConfig(config))) as { loss: number }
      if (typeof loss !== 'number' || !Number.isFinite(loss)) throw strange('/loss', loss)
      record?.add(config, loss)
      return loss
    },
    async totalFlopsUsed() {
      const reply = await request('total_flops_used', {})
      // The contract has no number for a key without runs, but an error. A key that is wrong fails at the first query.
      if (reply.status === 422 && !/invalid api key/i.test(reply.text)) return 0n
      accepted(reply)
      if (!/^\d+$/.test(reply.text.trim())) throw strange('/total_flops_used', reply.text)
      return BigInt(reply.text.trim()) // every digit: totals pass 2^53
    },
    async previousRuns() {
      const answer = previousRunsAnswer.safeParse(accepted(await request('previous_runs', {})))
      if (!answer.success) throw strange('/previous_runs', answer.error.issues[0]?.message)
      return answer.data.previous_runs.map(({ loss, ...wire }) => ({ config: configOfWire(wire), loss }))
    },
    async submit(config, predictedLoss) {
      const { train_flops: _, ...wire } = wireOfConfig(config)
      const body: SubmissionBody = { ...wire, predicted_loss: predictedLoss }
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      accepted(await request('submission', {}, init))
    },
  }
}

interface Reply {
  readonly kind: 'answer'
  readonly status: number
  readonly text: string
}

/** One try: an answer of the server, 4xx too, or why there was none. */
async function attemptOnce(address: URL, init: RequestInit): Promise<Reply | { kind: 'failure'; reason: string }> {
  try {
    const response = await fetch(address, init)
    const text = await response.text()
    if (response.status >= 500) return { kind: 'failure', reason: `status ${response.status}` }
    return { kind: 'answer', status: response.status, text }
  } catch (error) {
    const { message, cause } = error as Error
    return { kind: 'failure', reason: cause instanceof Error ? cause.message || String(cause) : message }
  }
}

/** The parsed body of an accepted request; a refusal is an error with the server's message. */
function accepted({ status, text }: Reply): unknown {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw strange('the request', text)
  }
  if (status < 400) return body
  const message = (body as { message?: unknown } | null)?.message
  throw new IsoflopError(
    'API_REFUSED',
    `The API refused (${status}): ${typeof message === 'string' ? message : text.slice(0, 200)}.`,
    status === 403 ? 'The budget is used up for this query; choose a smaller one.' : 'Change what was refused.',
  )
}

const strange = (what: string, came: unknown): IsoflopError =>
  new IsoflopError(
    'API_REFUSED',
    `The API answered ${what} with something that the contract does not have: ${String(came).slice(0, 100)}.`,
    'Check that the address is that of a training API.',
  )
