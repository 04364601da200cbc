import { trainingApi } from '../client/client.ts'
import { type ApiRun, type ApiRunWithCurve, type RunsApi, runsApi } from '../client/runs.ts'
import type { Config } from '../core/config.ts'
import { type ErrorCode, IsoflopError } from '../core/errors.ts'
import {
  cancelledRun,
  type Outcome,
  outcomeOf,
  outcomeOfLoss,
  type Trainer,
  type TrainingRequest,
} from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { courseSpace } from '../cs336/space.ts'
import { anyCodec } from '../space/any.ts'
import type { Space } from '../space/space.ts'
import { expectSpace } from './served-space.ts'

/** How often the client tries again, from 0.2 s on: soon given up at the start, patient (two minutes) once runs are paid for. */
const retries = { opening: 3, asking: 10 }

/** How long the server is asked to wait for the end of a run before it says how far it is, s: at first, and then again and again. */
const patience = { first: 1, later: 5 }
/** How often a run that failed is asked for again before the campaign ends with its words. */
const mostTries = 3

/** A run that waits or runs on the server. */
export interface RunThere {
  readonly id: string
  /** Of its tokens: servers do not tell. */
  readonly share: null
  /** Nats per token, where it is known. */
  readonly loss: number | null
}

export interface ApiTrainer<C extends Config = TrainingConfig> extends Trainer<C> {
  /** What waits and runs on a server that tells, in the order in which it was asked for. */
  running(): RunThere[]
}

/**
 * A trainer that asks a server of the training API, `capacity` runs at a time; default one. Of a server that has the second version it asks for runs
 * and looks at them: they go on when this process has ended, and the same questions find them again. A server of the contract alone is
 * asked for losses and waited for.
 * @throws IsoflopError BAD_OPTION for an address that is none; SPACE_DIFFERS where its runs are not those of the space; its methods throw what `TrainingApi` and `RunsApi` say.
 */
export function apiTrainer<C extends Config = TrainingConfig>(
  url: string,
  apiKey: string,
  capacity = 1,
  space: Space<C> = courseSpace<C>(),
): ApiTrainer<C> {
  const address = addressOf(url)
  const opening = trainingApi<C>({ url: address, apiKey, retries: retries.opening })
  const asking = trainingApi<C>({ url: address, apiKey, retries: retries.asking })
  const runs = runsApi<C>({ url: address, apiKey, retries: retries.asking })
  const looking = runsApi<C>({ url: address, apiKey, retries: retries.opening })
  const shown = new Map<string, RunThere>()
  let begun = false
  let hasRuns: Promise<boolean> | undefined
  let cancels = true

  /** Makes a run known while it goes on. */
  const watched = async (config: C, request: TrainingRequest): Promise<Outcome> => {
    const id = anyCodec.folderName(config)
    const tell = (run: Told) => {
      shown.set(id, { id, share: null, loss: run.latest?.loss ?? null })
      tellProgress(run, request)
    }
    try {
      return await outcomeByRuns(runs, config, request, tell)
    } finally {
      shown.delete(id)
    }
  }

  return {
    name: address,
    isPaid: true,
    capacity,
    /** A server of the contract alone does not. */
    get cancels() {
      return cancels
    },
    async train(config, request = {}) {
      begun = true
      hasRuns ??= runs.about().then((about) => expectSpace(space, about, address))
      hasRuns.catch(() => {
        hasRuns = undefined
      })
      cancels = await hasRuns
      if (cancels) return watched(config, request)
      return request.cancel?.aborted
        ? cancelledRun(anyCodec.folderName(config))
        : outcomeOfLoss(() => asking.loss(config))
    },
    running: () => [...shown.values()],
    async previous() {
      expectSpace(space, await looking.about(), address) // before anything of another space is read
      return opening.previousRuns()
    },
    spentFlops: async () => Number(await (begun ? asking : opening).totalFlopsUsed()),
  }
}

type Told = ApiRun<Config> & Partial<ApiRunWithCurve<Config>>

function tellProgress({ state, ahead, curve = [] }: Told, { onProgress }: TrainingRequest): void {
  if (state === 'waiting') onProgress?.({ kind: 'waiting', ...(ahead !== null && { ahead }) })
  if (state === 'running') onProgress?.({ kind: 'running', curve })
}

/** What a run comes to on a server, told meanwhile. Whoever does not wait any more leaves it there. */
async function outcomeByRuns(
  runs: RunsApi<Config>,
  config: Config,
  { signal, cancel }: TrainingRequest,
  tell: (run: Told) => void,
): Promise<Outcome> {
  const enough = [signal, cancel].filter((one) => one !== undefined)
  try {
    if (cancel?.aborted) return await outcomeOfCancelling(runs, config)
    for (let tries = 1; ; tries++) {
      const run = await ended(runs, config, AbortSignal.any(enough), tell)
      const isBroken = run.state === 'failed' && !refusals.has(run.error?.code as ErrorCode)
      if (!isBroken || tries === mostTries) return outcomeOfRun(run)
    }
  } catch (error) {
    if (signal?.aborted) return { kind: 'interrupted', error: left() }
    if (cancel?.aborted) return outcomeOfCancelling(runs, config)
    if (error instanceof IsoflopError && error.code === 'BUDGET_EXCEEDED') return { kind: 'exhausted', error }
    if (error instanceof IsoflopError && refusals.has(error.code)) return { kind: 'refused', error }
    throw error
  }
}

/** Cancels a run, which gives back what it was to cost; what it has come to meanwhile counts. */
async function outcomeOfCancelling(runs: RunsApi<Config>, config: Config): Promise<Outcome> {
  const never = cancelledRun(anyCodec.folderName(config))
  try {
    await runs.cancel(config)
    return never
  } catch (error) {
    const { code } = error as IsoflopError
    if (code === 'RUN_UNKNOWN') return never
    if (code !== 'RUN_ENDED') throw error
    const run = await runs.run(config)
    return run.state === 'finished' || run.state === 'diverged' ? outcomeOfRun(run) : never
  }
}

/** Asks for a run and waits for its end. One that the server has forgotten, because its key was reset, is asked for again. */
async function ended(
  runs: RunsApi<Config>,
  config: Config,
  signal: AbortSignal,
  tell: (run: Told) => void,
): Promise<ApiRun<Config>> {
  const waiting = { wait: patience.later, signal }
  for (let run: Told = await runs.ask(config, { ...waiting, wait: patience.first }); ; ) {
    if (run.state !== 'waiting' && run.state !== 'running') return run
    tell(run)
    signal.throwIfAborted()
    run = await runs.run(config, waiting).catch((error) => {
      if (error instanceof IsoflopError && error.code === 'RUN_UNKNOWN') return runs.ask(config, waiting)
      throw error
    })
  }
}

/** What concerns one configuration alone. */
const refusals: ReadonlySet<ErrorCode> = new Set(['CONFIG_INVALID', 'NOT_RECORDED', 'API_REFUSED'])

/** Errors: what the server says of a run that broke off. */
function outcomeOfRun({ id, state, loss, error }: ApiRun<Config>): Outcome {
  switch (state) {
    case 'finished':
      return outcomeOf(loss ?? Number.NaN)
    case 'diverged':
      return { kind: 'diverged' }
    case 'cancelled':
      return cancelledRun(id)
    default: {
      const code = error?.code as ErrorCode
      const told = new IsoflopError(
        refusals.has(code) ? code : 'TRAINING_FAILED',
        error?.message ?? `The run ${id} failed.`,
        'Whoever runs the server sees why in its log.',
      )
      if (refusals.has(code)) return { kind: 'refused', error: told }
      throw told
    }
  }
}

const left = (): IsoflopError =>
  new IsoflopError(
    'RUN_INTERRUPTED',
    'Nobody waits for this run any more; it goes on at the server.',
    'The same campaign finds it there again.',
  )

/** The address as it is kept in the record: no password, no query, no slash at the end. Errors: BAD_OPTION. */
function addressOf(text: string): string {
  if (!URL.canParse(text)) throw badAddress('cannot be read as one')
  const url = new URL(text)
  if (!['http:', 'https:'].includes(url.protocol)) throw badAddress(`begins with "${url.protocol}"`)
  if (url.username || url.password || url.search || url.hash) throw badAddress('has a user, a password or a query')
  return `${url.origin}${url.pathname}`.replace(/\/$/, '')
}

/** The address is not repeated: it may have a password or a key in it. */
const badAddress = (what: string): IsoflopError =>
  new IsoflopError(
    'BAD_OPTION',
    `The address of --api ${what}, expected an http or https address without user and query.`,
    'For example: --api http://localhost:8000; the key goes into $ISOFLOP_API_KEY.',
  )
