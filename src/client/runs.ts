import { aboutAnswer, codedError, idOfConfig, runAnswer, runsAnswer, runWithCurve, type WireState } from '../api/v2.ts'
import type { Config } from '../core/config.ts'
import { type ErrorCode, errorTable, IsoflopError } from '../core/errors.ts'
import type { CurvePoint } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiSpace } from '../cs336/space.ts'
import { anyCodec } from '../space/any.ts'
import { readEvents } from './event-stream.ts'
import { addressAt, answerTo, type Reply } from './http.ts'

export interface RunsOptions {
  /** Where the server is, for example `http://localhost:8000`. */
  readonly url: string
  readonly apiKey: string
  /** How long to wait for an answer, ms, beside what the server was asked to wait; 60,000 by default. */
  readonly timeoutMs?: number
  /** How often to try again after a lost connection or a 5xx; 5 by default. */
  readonly retries?: number
  /** The first pause before trying again, ms, doubling each time; 200 by default. */
  readonly backoffMs?: number
}

/** A run as the server tells it. */
export interface ApiRun<C extends Config = TrainingConfig> {
  readonly id: string
  readonly config: C
  readonly state: WireState
  /** Nats per token, of one that has finished. */
  readonly loss: number | null
  readonly flopsCharged: number
  /** Of one that waits: how many come before it, where that is known. */
  readonly ahead: number | null
  /** Of one that runs: where it is, where that is known. */
  readonly latest: CurvePoint | null
  /** Why it failed. */
  readonly error: { readonly code: string; readonly message: string } | null
  /** ISO 8601. */
  readonly askedAt: string | null
  readonly startedAt: string | null
  readonly endedAt: string | null
  /** Grows with each change of a run of the key. */
  readonly number: number
}

export interface ApiRunWithCurve<C extends Config = TrainingConfig> extends ApiRun<C> {
  readonly curve: readonly CurvePoint[]
}

/** What happens to the runs of a key. */
export interface ApiEvent<C extends Config = TrainingConfig> {
  /** `run`: its state has changed; `progress`: it is further. */
  readonly kind: 'run' | 'progress'
  readonly run: ApiRun<C>
}

export interface Waiting {
  /** The server answers when the run has ended, or after so many seconds, 30 at most; at once by default. */
  readonly wait?: number
  readonly signal?: AbortSignal
}

/** What a server says of itself. */
export interface ApiAbout {
  readonly version: string
  /** Whose runs may be asked for: `fingerprint` is `runsFingerprint` of its space. `trainFlops` is null where the server does not say it. */
  readonly space: { readonly name: string; readonly fingerprint: string; readonly trainFlops: readonly number[] | null }
}

/** Of a server that says nothing of its space. */
const courseThere = { name: apiSpace.name, fingerprint: apiSpace.runsFingerprint, train_flops: null }

/** Runs on a server of the second version of the API: nobody has to wait for them, and they survive whoever asked. */
export interface RunsApi<C extends Config = TrainingConfig> {
  /** Whether the server has the second version; one of the contract alone has not. Errors: API_UNREACHABLE. */
  isThere(): Promise<boolean>
  /** What the server says of itself; null where it has not the second version. Errors: API_UNREACHABLE. */
  about(): Promise<ApiAbout | null>
  /**
   * Asks for a run. Equal configurations are one run: asking again is free. What failed or was cancelled begins anew.
   * Errors: BUDGET_EXCEEDED, CONFIG_INVALID, KEY_INVALID, API_REFUSED, API_UNREACHABLE. The same for the others.
   */
  ask(config: C, waiting?: Waiting): Promise<ApiRun<C>>
  /** A run that was asked for. Errors: RUN_UNKNOWN. */
  run(config: C, waiting?: Waiting): Promise<ApiRunWithCurve<C>>
  /** Runs in the order of their last changes, `limit` at most (100), behind an earlier `last`. */
  list(filter?: {
    readonly states?: readonly WireState[]
    readonly after?: number
    readonly limit?: number
  }): Promise<{ readonly runs: readonly ApiRun<C>[]; readonly last: number; readonly more: boolean }>
  /** Cancels what waits or runs. Errors: RUN_UNKNOWN, RUN_ENDED, QUERY_OPEN. */
  cancel(config: C): Promise<ApiRun<C>>
  /**
   * What happens from now on, or has happened behind a number, until the signal is aborted. Lost connections are made again, and nothing is
   * missed meanwhile.
   * @example for await (const { run } of runs.events()) console.log(run.id, run.state, run.latest?.loss)
   */
  events(options?: { readonly after?: number; readonly signal?: AbortSignal }): AsyncGenerator<ApiEvent<C>>
}

/**
 * Opens a client for runs.
 * @example const { loss } = await runsApi({ url: 'http://localhost:8000', apiKey }).ask(config, { wait: 30 })
 */
export function runsApi<C extends Config = TrainingConfig>(options: RunsOptions): RunsApi<C> {
  const { url, apiKey, timeoutMs = 60_000, retries = 5, backoffMs = 200 } = options
  const http = { url, timeoutMs: timeoutMs + 1000 * longestWait, retries, backoffMs }
  const headers = { 'x-api-key': apiKey }

  const answer = async (path: string, query: object = {}, init: RequestInit = {}, signal?: AbortSignal) => {
    const question = { path, query, init: { ...init, headers: { ...headers, ...init.headers } }, signal }
    return bodyOf(await answerTo(http, question), path, apiKey)
  }
  const about = async (): Promise<ApiAbout | null> => {
    const reply = await answerTo(http, { path: 'v2' })
    const { data } = aboutAnswer.safeParse(jsonOf(reply))
    if (reply.status !== 200 || data === undefined) return null
    const { name, fingerprint, train_flops: trainFlops } = data.space ?? courseThere
    return { version: data.version, space: { name, fingerprint, trainFlops } }
  }
  const waits = ({ wait }: Waiting) => (wait === undefined ? {} : { wait: Math.min(Math.ceil(wait), longestWait) })
  const pathOf = (config: C) => `v2/runs/${idOfConfig(config)}`

  return {
    isThere: async () => (await about()) !== null,
    about,
    async ask(config, waiting = {}) {
      const body = JSON.stringify(anyCodec.record(config))
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      return runOf<C>(runAnswer.safeParse(await answer('v2/runs', waits(waiting), init, waiting.signal)), 'v2/runs')
    },
    async run(config, waiting = {}) {
      const path = pathOf(config)
      const given = runWithCurve.safeParse(await answer(path, waits(waiting), {}, waiting.signal))
      return { ...runOf<C>(given, path), curve: given.data?.curve ?? [] }
    },
    async list({ states, after, limit } = {}) {
      const query = {
        ...(states && { state: states.join(',') }),
        ...(after !== undefined && { after }),
        ...(limit && { limit }),
      }
      const given = runsAnswer.safeParse(await answer('v2/runs', query))
      if (!given.success) throw strange('v2/runs', given.error.issues[0]?.message)
      const { runs, ...rest } = given.data
      return { ...rest, runs: runs.map((run) => shownRun<C>(run)) }
    },
    async cancel(config) {
      const path = pathOf(config)
      try {
        return runOf<C>(runAnswer.safeParse(await answer(path, {}, { method: 'DELETE' })), path)
      } catch (error) {
        if (!(error instanceof IsoflopError) || error.code !== 'RUN_ENDED') throw error
        const given = runOf<C>(runWithCurve.safeParse(await answer(path)), path)
        if (given.state !== 'cancelled') throw error
        return given // by an earlier try, whose answer was lost
      }
    },
    async *events({ after, signal } = {}) {
      const address = (from: number | undefined) =>
        addressAt(url, 'v2/events', from === undefined ? {} : { after: from })
      for await (const { event, data } of readEvents({
        address,
        after,
        headers,
        retries,
        backoffMs,
        signal,
        expectStream,
      })) {
        if (event !== 'run' && event !== 'progress') continue
        yield { kind: event, run: runOf<C>(runAnswer.safeParse(parsed(data)), 'v2/events') }
      }
    },
  }

  /** Errors: what the server refuses with. */
  async function expectStream(response: Response): Promise<void> {
    if (response.status < 400) return
    bodyOf({ kind: 'answer', status: response.status, text: await response.text() }, 'v2/events', apiKey)
  }
}

const longestWait = 30

type Parsed = ReturnType<typeof runAnswer.safeParse>

function runOf<C extends Config>(given: Parsed, path: string): ApiRun<C> {
  if (!given.success) throw strange(path, given.error.issues[0]?.message)
  return shownRun<C>(given.data)
}

function shownRun<C extends Config>(run: NonNullable<Parsed['data']>): ApiRun<C> {
  const config = anyCodec.configOf(run) as C | null
  if (config === null) throw strange('a run', run.id)
  const { id, state, loss, ahead, latest, error, number } = run
  return {
    ...{ id, config, state, loss, ahead, latest, error, number, flopsCharged: run.flops_charged },
    ...{ askedAt: run.asked_at, startedAt: run.started_at, endedAt: run.ended_at },
  }
}

/** The parsed body of an accepted request; a refusal is an error with the server's code and message. */
function bodyOf(reply: Reply, path: string, apiKey: string): unknown {
  const body = jsonOf(reply)
  if (reply.status < 400) return body ?? strangeText(path, reply)
  const told = codedError.safeParse(body)
  const code = told.success && told.data.code in errorTable ? (told.data.code as ErrorCode) : 'API_REFUSED'
  const message = told.success ? told.data.message : reply.text.slice(0, 200)
  // The message may repeat the key, which does not belong into logs.
  const shown = apiKey.length < 8 ? message : message.replaceAll(apiKey, '***')
  throw new IsoflopError(
    code,
    `The API refused (${reply.status}): ${shown.replace(/\.?$/, '.')}`,
    'Change what was refused; GET /docs of the server says what it takes.',
  )
}

const jsonOf = ({ text }: Reply): unknown => parsed(text)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const strangeText = (path: string, { text }: Reply): never => {
  throw strange(path, text)
}

const strange = (path: string, came: unknown): IsoflopError =>
  new IsoflopError(
    'API_REFUSED',
    `The API answered ${path} with something that its second version does not have: ${String(came).slice(0, 100)}.`,
    'Check that the address is that of a training API.',
  )
