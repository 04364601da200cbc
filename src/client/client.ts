import { previousRunsAnswer, submissionBodyOf } from '../api/contract.ts'
import type { Config } from '../core/config.ts'
import { type ErrorCode, IsoflopError } from '../core/errors.ts'
import { exactInteger } from '../core/exact-integer.ts'
import type { TrainedRun } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { anyCodec } from '../space/any.ts'
import { addressAt, answerTo, attemptOnce, type Reply } from './http.ts'
import { openRecord } from './record.ts'

export interface ClientOptions {
  /** Where the API is, for example `http://localhost:8000`. */
  readonly url: string
  readonly apiKey: string
  /**
   * How long to wait for an answer, ms; 60,000 by default. A real training takes longer: as long as the server answers other
   * questions, the client asks for the loss again, and by that joins the training that runs.
   */
  readonly timeoutMs?: number
  /**
   * How often to try again after a lost connection or a 5xx; 5 by default. Refusals are never tried again; 429 is no failure:
   * the client waits as long as the server's Retry-After says, and asks again.
   */
  readonly retries?: number
  /** The first pause before trying again, ms, doubling each time; 200 by default. */
  readonly backoffMs?: number
  /** A JSONL file that keeps every answer; what it holds is not asked again. One of another API is refused (RECORD_DIFFERS). */
  readonly record?: string
}

/** A client of any server of the contract: the course's, isoflop's, or another. */
export interface TrainingApi<C extends Config = TrainingConfig> {
  /**
   * The loss of a configuration, from the record if it is there.
   * @throws IsoflopError CONFIG_INVALID (a value outside its range), BUDGET_EXCEEDED (nothing was charged), KEY_INVALID,
   * TRAINING_DIVERGED, API_REFUSED (any other refusal, or an answer outside the contract), API_UNREACHABLE after the last try, OUTPUT_FAILED
   * where the record cannot be written.
   */
  loss(config: C): Promise<number>
  /** FLOPs that the key has used; 0n for a key without runs. */
  totalFlopsUsed(): Promise<bigint>
  /** Every run of the key that the server knows. */
  previousRuns(): Promise<TrainedRun<C>[]>
  /** Sends the predicted configuration for the target's FLOPs, 1e19 in the course, of which train_flops is ignored, and its loss. */
  submit(config: C, predictedLoss: number): Promise<void>
}

/**
 * Opens a client.
 * @example const loss = await trainingApi({ url: 'http://localhost:8000', apiKey }).loss(config)
 */
export function trainingApi<C extends Config = TrainingConfig>(options: ClientOptions): TrainingApi<C> {
  const { url, apiKey, timeoutMs = 60_000, retries = 5, backoffMs = 200 } = options
  const record = options.record === undefined ? null : openRecord(options.record, anyCodec, { api: placeOf(url) })

  /** Whether the server answers a small question, so that one which it leaves open is being worked on. */
  const isAlive = async (): Promise<boolean> => {
    const signal = AbortSignal.timeout(timeoutMs)
    return (await attemptOnce(addressAt(url, 'total_flops_used', { api_key: apiKey }), { signal })).kind === 'answer'
  }

  const request = (path: string, query: object, init?: RequestInit): Promise<Reply> =>
    answerTo(
      { url, timeoutMs, retries, backoffMs },
      { path, query: { ...query, api_key: apiKey }, ...(init && { init }), ...(path === 'loss' && { isAlive }) },
    )
  const accepted = (reply: Reply, path: string) => bodyOf(reply, path, apiKey)

  return {
    async loss(config) {
      const known = record?.get(anyCodec.identity(config))
      if (known !== undefined) return known
      const answer = accepted(await request('loss', anyCodec.record(config)), '/loss') as { loss?: unknown } | null
      const loss = answer?.loss
      if (typeof loss !== 'number' || !Number.isFinite(loss)) throw strange('/loss', loss)
      record?.add(config, loss)
      return loss
    },
    async totalFlopsUsed() {
      const reply = await request('total_flops_used', {})
      if (isWithoutRuns(reply)) return 0n
      accepted(reply, '/total_flops_used')
      const total = exactInteger(reply.text)
      if (total === null || total < 0n) throw strange('/total_flops_used', reply.text)
      return total
    },
    async previousRuns() {
      const reply = await request('previous_runs', {})
      if (isWithoutRuns(reply)) return []
      const answer = previousRunsAnswer.safeParse(accepted(reply, '/previous_runs'))
      if (!answer.success) throw strange('/previous_runs', answer.error.issues[0]?.message)
      return answer.data.previous_runs.map(({ loss, ...wire }) => {
        const config = anyCodec.configOf(wire)
        if (config === null) throw strange('/previous_runs', JSON.stringify(wire))
        return { config: config as C, loss }
      })
    },
    async submit(config, predictedLoss) {
      const body = JSON.stringify(submissionBodyOf(config, predictedLoss))
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      accepted(await request('submission', {}, init), '/submission')
    },
  }
}

/** An address as a record has it: no user, no query, no slash at the end. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(/\/$/, '')}`
}

/** The contract answers 422 where a key has no runs yet; a key that is wrong too, with a message that says so. */
const isWithoutRuns = (reply: Reply): boolean => reply.status === 422 && !speaksOfKey(messageOf(reply))

/** The parsed body of an accepted request; a refusal is an error with the server's message. */
function bodyOf(reply: Reply, path: string, apiKey: string): unknown {
  if (reply.status >= 400) throw refusal(reply, path, apiKey)
  try {
    return JSON.parse(reply.text)
  } catch {
    throw strange(path, reply.text)
  }
}

function refusal(reply: Reply, path: string, apiKey: string): IsoflopError {
  const message = messageOf(reply)
  const code = refusalCode(reply, path)
  // The contract's message repeats the key, which does not belong into logs.
  const shown = apiKey.length < 8 ? message : message.replaceAll(apiKey, '***')
  return new IsoflopError(code, `The API refused (${reply.status}): ${shown.replace(/\.?$/, '.')}`, refusalAdvice[code])
}

type RefusalCode = Extract<
  ErrorCode,
  'KEY_INVALID' | 'BUDGET_EXCEEDED' | 'CONFIG_INVALID' | 'TRAINING_DIVERGED' | 'API_REFUSED'
>

const refusalAdvice: Readonly<Record<RefusalCode, string>> = {
  KEY_INVALID: 'Check the key, or ask who runs the API for one.',
  BUDGET_EXCEEDED: 'The budget is used up for this query; choose a smaller one.',
  CONFIG_INVALID: 'Change what was refused.',
  TRAINING_DIVERGED: 'Choose a smaller learning rate.',
  API_REFUSED: 'Change what was refused; check that the address is that of a training API.',
}

/** What a refusal is about. The contract gives statuses to keys and ranges; of the budget it says only that it is refused. */
function refusalCode(reply: Reply, path: string): RefusalCode {
  const message = messageOf(reply)
  if (reply.status === 401 || speaksOfKey(message)) return 'KEY_INVALID'
  if (path !== '/submission' && (reply.status === 403 || /budget/i.test(message))) return 'BUDGET_EXCEEDED'
  if (reply.status === 404 && path === '/loss' && hasMessage(reply)) return 'CONFIG_INVALID'
  if (reply.status === 422 && path === '/loss' && /diverged/i.test(message)) return 'TRAINING_DIVERGED'
  return 'API_REFUSED'
}

const speaksOfKey = (message: string): boolean =>
  /\bkey\b/i.test(message) && /invalid|unknown|revoked|expired|unauthori[sz]ed|no api key/i.test(message)

/** The server's word: its message, or what came instead of one. */
const messageOf = (reply: Reply): string => givenMessage(reply.text) ?? reply.text.slice(0, 200)

const hasMessage = ({ text }: Reply): boolean => givenMessage(text) !== null

function givenMessage(text: string): string | null {
  try {
    const message = (JSON.parse(text) as { message?: unknown } | null)?.message
    return typeof message === 'string' ? message : null
  } catch {
    return null
  }
}

const strange = (what: string, came: unknown): IsoflopError =>
  new IsoflopError(
    'API_REFUSED',
    `The API answered ${what} with something that the contract does not have: ${String(came).slice(0, 100)}.`,
    'Check that the address is that of a training API.',
  )
